"""One center for one database, on PostgreSQL by its session."""

from contextlib import closing

import pytest
from sqlalchemy import text

from cases.database import Database
from cases.sole import DatabaseClaim
from domain.errors import CaseStoreUnavailable
from tests.postgres import PostgresServer


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_a_second_center_is_told_who_is_first(server: PostgresServer, empty_url: str) -> None:
    with closing(Database(empty_url)) as database, closing(Database(empty_url)) as other:
        with closing(DatabaseClaim(database)) as first, closing(DatabaseClaim(other)) as second:
            assert first.renew() is None
            assert first.renew() is None
            assert "session" in str(second.renew())
            first.close()
            assert second.renew() is None
            assert first.renew() is not None


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_a_claim_ends_with_its_connection_however_that_ends(
    server: PostgresServer, empty_url: str
) -> None:
    with closing(Database(empty_url)) as database, closing(DatabaseClaim(database)) as claim:
        assert claim.renew() is None
        with closing(Database(empty_url)) as other, closing(DatabaseClaim(other)) as second:
            end = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'patrol-center' AND datname = current_database()"
            )
            with other.session() as session:
                session.execute(text(end))
            assert second.renew() is None
            with pytest.raises(CaseStoreUnavailable, match="does not say who keeps its cases"):
                claim.renew()
            assert claim.renew() is not None


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_two_databases_of_one_server_have_a_center_each(
    server: PostgresServer, empty_url: str
) -> None:
    with closing(Database(empty_url)) as one, closing(Database(server.create_database())) as two:
        with closing(DatabaseClaim(one)) as first, closing(DatabaseClaim(two)) as second:
            assert first.renew() is None
            assert second.renew() is None
