"""The schema and the door to it, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from cases.database import Database
from cases.place_tables import GapRow
from cases.tables import HANDMADE, Base, EntryRow, IncidentRow
from cases.troubles import DatabaseUnusable
from domain.errors import CaseStoreUnavailable, ConfigurationError
from domain.health import FaultKind
from tests.builders import NOON, closed_revision, make_incident
from tests.cases.conftest import Desk

FILL = import_module("cases.migrations.versions.0007_holders").FILL


def test_migrations_make_the_schema_of_the_tables(database: Database) -> None:
    with database.connection() as connection:
        opts = {"compare_type": True, "include_object": _is_of_the_tables}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def _is_of_the_tables(_thing: object, name: str, *_rest: object) -> bool:
    return not name.startswith(HANDMADE)


def test_upgrading_again_changes_nothing(database: Database) -> None:
    database.upgrade()
    with database.connection() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0012"


def test_what_is_asked_of_incidents_is_filled_in_for_older_ones(empty_url: str) -> None:
    """0007 takes it from their documents."""
    incidents = [closed_revision(make_incident("inc_ended")), make_incident("inc_open")]
    database = Database(empty_url)
    try:
        database.upgrade()
        with database.session() as session:
            for incident in incidents:
                values = {"document": incident, "opening": incident}
                session.add(IncidentRow(id=incident.id, revision=incident.revision, **values))
        with database.session() as session:
            session.execute(text(FILL[database.dialect]))
        with database.reading() as session:
            for incident in incidents:
                row = session.get_one(IncidentRow, incident.id)
                assert (row.camera_id, row.rule_id, row.zone_id) == incident.key
                assert row.ended_at == incident.closed_at
                assert (row.epoch, row.book, row.superseded_by) == (0, None, None)
    finally:
        database.close()


def test_programs_that_start_at_once_all_find_the_schema(empty_url: str) -> None:
    databases = [Database(empty_url) for _ in range(4)]
    try:
        with ThreadPoolExecutor(len(databases)) as pool:
            list(pool.map(Database.upgrade, databases))
        with databases[0].connection() as connection:
            rows = connection.execute(text("SELECT version_num FROM alembic_version")).all()
        assert rows == [("0012",)]
    finally:
        for database in databases:
            database.close()


def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    in_town = datetime(2026, 11, 23, 12, 0, tzinfo=timezone(timedelta(hours=8)))
    with database.session() as session:
        session.add(_gap(in_town))
    with database.reading() as session:
        kept = session.scalars(select(GapRow)).one().from_at
    assert kept == in_town
    assert kept.tzinfo is UTC


def test_a_naive_time_is_refused(database: Database) -> None:
    naive = datetime(2026, 11, 23, 12, 0)  # noqa: DTZ001
    with pytest.raises(StatementError, match="expected a time with its zone"):
        with database.session() as session:
            session.add(_gap(naive))


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.session() as session:
            session.add(_gap(NOON))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as session:
        assert session.scalars(select(GapRow)).all() == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE entries SET actor_id = 'x'", "DELETE FROM entries"],
)
def test_the_history_cannot_be_rewritten(desk: Desk, database: Database, statement: str) -> None:
    case = desk.take()
    before = desk.book.entries(case.no)
    with pytest.raises(DBAPIError, match="entries is append-only"):
        with database.session() as session:
            session.execute(text(statement))
    assert desk.book.entries(case.no) == before


def test_entries_may_be_read_while_somebody_writes(desk: Desk, database: Database) -> None:
    case = desk.take()
    with database.session() as writer:
        writer.execute(text("UPDATE cases SET score = 0"))
        with database.reading() as reader:
            query = select(EntryRow).where(EntryRow.case_no == case.no)
            assert len(reader.scalars(query).all()) == 2
        assert desk.book.case(case.no).score == 0.82


def test_sqlite_is_set_to_keep_what_it_committed(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'cases.sqlite3'}")
    database.upgrade()
    with database.connection() as connection:
        values = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.close()
    full, on, ten_seconds = 2, 1, 10_000
    assert values == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": on,
        "busy_timeout": ten_seconds,
    }


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    database = Database("postgresql://patrol:s3cret@127.0.0.1:1/town")
    with pytest.raises(CaseStoreUnavailable, match="does not answer") as caught:
        database.upgrade()
    database.close()
    assert "s3cret" not in str(caught.value)
    assert "patrol:***@127.0.0.1:1/town" in str(caught.value)
    assert "s3cret" not in repr(database)


@pytest.mark.parametrize(
    "password", ["s3@cret", "s3/cret", "s3:cret", "s3%cret", "s3%40cret", "s3 cret"]
)
def test_a_password_may_stand_in_the_address_as_it_is(password: str) -> None:
    database = Database(f"postgresql://patrol:{password}@127.0.0.1:1/patrol?passwrd=s3cret")
    assert database.masked_url.endswith("patrol:***@127.0.0.1:1/patrol?passwrd=***")
    with pytest.raises((CaseStoreUnavailable, ConfigurationError)) as refused:
        database.upgrade()
    database.close()
    assert "cret" not in str(refused.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cases.sqlite3"
    path.write_text("这不是数据库" * 100)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(DatabaseUnusable, match=r"cases\.sqlite3.*restore a backup"):
        database.upgrade()
    with pytest.raises(CaseStoreUnavailable, match=r"cases\.sqlite3.*file is not a database"):
        with database.reading() as session:
            session.execute(text("SELECT * FROM cases"))
    database.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigurationError, match=r"cannot make .*taken"):
        Database(f"sqlite:///{tmp_path}/taken/cases.sqlite3")


def test_a_mistake_of_ours_is_not_the_databases(database: Database) -> None:
    twice = text("INSERT INTO case_numbers VALUES ('20261123', 1), ('20261123', 2)")
    with pytest.raises(IntegrityError):
        with database.session() as session:
            session.execute(twice)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite://", "expected a file for SQLite"),
        ("sqlite:///:memory:", "expected a file for SQLite"),
        ("mysql://root:s3cret@host/db", "expected sqlite:///FILE or postgresql://"),
        ("not a url s3cret", "expected sqlite:///FILE or postgresql://"),
    ],
)
def test_an_unfit_url_is_refused_with_what_was_expected(url: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        Database(url)
    assert "s3cret" not in str(caught.value)


def _gap(at: datetime) -> GapRow:
    return GapRow(camera_id="gate-1", from_at=at, to_at=at, cause=FaultKind.ENDED, detail="")
