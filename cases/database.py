"""The door to the database: SQLite by default, PostgreSQL by URL, one code path."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from cases.fitness import check_writable, of_sqlite, trouble_in
from cases.table_base import Base
from cases.troubles import DatabaseUnusable, told_in_words
from cases.turns import Turns
from domain.errors import CaseStoreUnavailable, ConfigurationError
from domain.masking import mask_secrets, with_plain_password
from domain.trouble import Trouble

BUSY_TIMEOUT_S = 10.0
"""SQLite has one writer at a time; the next one waits for so long."""
CONNECT_TIMEOUT_S = 5
POOL_SIZE = 5
POOL_OVERFLOW = 15
WRITERS_AT_ONCE = 8
"""On PostgreSQL. Writers have connections of their own, so that readers always find one."""
WRITERS_WAITING = 60
"""So many more may wait for their turn; the next one is told to try again."""
POOL_TIMEOUT_S = 10.0
"""A thread waits so long for a connection when all are in use."""
MIGRATION_LOCK = 7_114_510_116
"""PostgreSQL advisory lock that two programs starting at once queue for."""

_FAILURES = (DatabaseError, InterfaceError, PoolTimeout, sqlite3.DatabaseError)
_OUR_MISTAKES = (DataError, IntegrityError, InternalError, ProgrammingError, NotSupportedError)
"""Answers of the database that waiting does not change; they are raised as they are, unless they
tell of the database itself: PostgreSQL's "read-only transaction" is one of these."""
_WRITES = {"writes": True}
_log = structlog.get_logger(__name__)


class Database:
    """Sessions on one database. Thread-safe; `close` it at the end. `waiting` writers may wait
    for their turn.

    Raises:
        ConfigurationError: the URL is not one of SQLite (a file) or PostgreSQL.
    """

    def __init__(self, url: str, *, waiting: int = WRITERS_WAITING) -> None:
        self._url = _parse(url)
        # One after the other on SQLite, which lets only one write: who waits here waits in turn.
        at_once = WRITERS_AT_ONCE if file_of(url) is None else 1
        self._turns = Turns(at_once, waiting, BUSY_TIMEOUT_S)
        self._reading = _engine(self._url, POOL_SIZE, POOL_OVERFLOW)
        self._writing = _engine(self._url, at_once, 1).execution_options(**_WRITES)
        self._readers = sessionmaker(self._reading, expire_on_commit=False)
        self._writers = sessionmaker(self._writing, expire_on_commit=False)

    def __repr__(self) -> str:
        return f"Database({self.masked_url})"

    @property
    def masked_url(self) -> str:
        return mask_secrets(self._url.render_as_string(hide_password=True))

    @property
    def dialect(self) -> str:
        return self._reading.dialect.name

    def upgrade(self, revision: str = "head") -> None:
        """Bring the schema to the newest revision, or to a certain one. Safe when two programs
        start at once: the second waits, then finds nothing to do.

        Raises:
            DatabaseUnusable: somebody has to change something; DatabaseTooNew, the program.
            CaseStoreUnavailable: it may work later.
        """
        with told_in_words(self.masked_url):
            if self.dialect == "sqlite":
                _use_write_ahead_log(self._reading)
            with self._schema() as connection:
                if self.dialect == "postgresql":
                    lock = text("SELECT pg_advisory_xact_lock(:key)")
                    connection.execute(lock, {"key": MIGRATION_LOCK})
                config = Config()
                config.set_main_option("script_location", "cases:migrations")
                config.attributes["connection"] = connection
                command.upgrade(config, revision)
                _check_references(connection)
        _log.info("database is up to date", database=self.masked_url)

    @contextmanager
    def _schema(self) -> Iterator[Connection]:
        """A transaction that may make tables anew. SQLite would miss the old ones, to which others
        refer: it is told before the transaction, because within one it does not listen."""
        with self._writing.connect() as connection:
            if self.dialect == "sqlite":
                _check_foreign_keys(connection, "OFF")
            try:
                with connection.begin():
                    yield connection
            finally:
                if self.dialect == "sqlite":
                    _check_foreign_keys(connection, "ON")

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction that writes: committed at the end, rolled back on any error.

        Raises:
            CaseStoreUnavailable: the database does not answer, or too many write to it.
        """
        with self._turns.one(), self._translated(), self._writers.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads, from one snapshot on SQLite; it waits for no writer, nor
        for a connection that writers hold."""
        with self._translated(), self._readers() as session:
            yield session

    def check_writable(self) -> None:
        """CaseStoreUnavailable, with the trouble by name, if no case could be written now."""
        check_writable(self._url)

    def connection(self) -> Connection:
        """A bare connection, for tools that inspect the schema."""
        return self._reading.connect()

    def close(self) -> None:
        self._reading.dispose()
        self._writing.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            trouble = trouble_in(error)
            if trouble is None and (isinstance(error, _OUR_MISTAKES) or of_sqlite(error)):
                raise  # of a file nobody stands between: what it did not say of itself is of us
            cause = str(getattr(error, "orig", error)).strip()
            message = f"database {self.masked_url} does not answer: {cause}"
            raise CaseStoreUnavailable(message, trouble=trouble or Trouble.DATABASE_AWAY) from error


def insert_if_absent(session: Session, table: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is there. True: inserted. Of two writers at once one inserts,
    and the other one waits for its commit."""
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(table) if postgres else sqlite.insert(table)
    # Asked for its key, because drivers differ in what they count as a changed row.
    key = inspect(table).primary_key
    statement = insert.values(**values).on_conflict_do_nothing().returning(*key)
    return session.connection().execute(statement).first() is not None


def one_at_a_time(session: Session, name: str) -> None:
    """Until this transaction ends, any other that asks for the same name waits. SQLite has only
    one writing transaction anyway."""
    if session.get_bind().dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        session.execute(lock, {"name": name})


def file_of(url: str) -> Path | None:
    """The file of an SQLite database; None for any other. Raises ConfigurationError."""
    parsed = _parse(url)
    return Path(str(parsed.database)) if parsed.drivername.startswith("sqlite") else None


def check_address(url: str) -> None:
    """Raises ConfigurationError for an address that no database of ours could have."""
    _parse(url)


def _parse(text_url: str) -> URL:
    expected = "expected sqlite:///FILE or postgresql://USER@HOST/NAME"
    try:
        url = make_url(with_plain_password(text_url))
    except (ArgumentError, ValueError):
        raise ConfigurationError(f"database.url: {expected}") from None
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if not url.database or url.database == ":memory:":
            raise ConfigurationError("database.url: expected a file for SQLite, got none")
        return url
    raise ConfigurationError(f"database.url: {expected}, got {url.drivername}://…")


def _engine(url: URL, kept: int, more: int) -> Engine:
    """Connections to the database: so many are kept, and so many more are made when needed."""
    local = url.drivername.startswith("sqlite")
    if local:
        _make_folder(Path(str(url.database)).parent)
    limit = {"timeout": BUSY_TIMEOUT_S} if local else {"connect_timeout": CONNECT_TIMEOUT_S}
    try:
        engine = create_engine(
            url,
            connect_args=limit,
            pool_size=kept,
            max_overflow=more,
            pool_timeout=POOL_TIMEOUT_S,
            pool_pre_ping=True,
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"database.url: PostgreSQL needs the extra sentinel-patrol[postgres] ({error})"
        ) from error
    except (ArgumentError, TypeError, ValueError) as error:
        shown = mask_secrets(url.render_as_string(hide_password=True))
        raise ConfigurationError(f"database.url: {shown}: {error}") from error
    if local:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        # Before SQLAlchemy's own first questions, which fall over texts in no encoding.
        event.listen(engine, "connect", _check_encoding, insert=True)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"database.url: cannot make {folder}: {error}") from error


def _check_encoding(connection: Any, _record: Any) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"database {connection.info.dbname} keeps text as {encoding}, expected UTF8: make one "
            "by createdb --encoding UTF8 --template template0"
        )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin transactions by itself, and only before the first write: too late
    # for a read that a later write depends on. `_begin_sqlite` does it instead.
    connection.isolation_level = None
    # The bus drops a message once its handler has returned. With synchronous=NORMAL a power cut
    # may lose commits that had been reported done, and a case with them; FULL costs one fsync
    # a commit, and there are few commits a second.
    for pragma in ("foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _check_foreign_keys(connection: Connection, on_or_off: str) -> None:
    # Past SQLAlchemy, which would begin a transaction first.
    connection.connection.cursor().execute(f"PRAGMA foreign_keys={on_or_off}")


def _check_references(connection: Connection) -> None:
    """Refuse a schema in which rows refer to nothing. PostgreSQL has checked them all along."""
    if connection.dialect.name == "sqlite":
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if lost is not None:
            raise CaseStoreUnavailable(f"a row of {lost[0]} refers to nothing in {lost[2]}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_write_ahead_log(engine: Engine) -> None:
    """Readers do not wait for the writer. The mode stays with the file; changing it needs the
    file alone, and SQLite does not wait for that by itself."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        raw = engine.raw_connection()
        try:
            if raw.cursor().execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",):
                return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        finally:
            raw.close()
        time.sleep(0.05)
