"""The PostgreSQL of the tests: the bench's, which does not wait for the disk here."""

from lab.bench.postgres import PostgresMissing, PostgresServer, postgres_server

__all__ = ["PostgresMissing", "PostgresServer", "postgres_server"]
