"""Whether the database would take a case now, and by which name it does not."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from cases import fitness
from cases.database import Database
from domain.errors import CaseStoreUnavailable
from domain.trouble import Trouble
from tests.lacking import lacking
from tests.postgres import PostgresServer
from tests.small_disk import small_disk


def trouble_of(database: Database) -> Trouble:
    with pytest.raises(CaseStoreUnavailable, match="cannot be written") as caught:
        database.check_writable()
    return caught.value.trouble


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness, "PROBE_WAIT_S", 0.05)
    monkeypatch.setattr(fitness, "_LOCK_MS", 50)


def test_a_locked_or_moved_file_is_told_by_name(tmp_path: Path, quick: None) -> None:
    path = tmp_path / "cases.sqlite3"
    with closing(Database(f"sqlite:///{path}")) as database:
        database.upgrade()
        database.check_writable()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert trouble_of(database) is Trouble.DATABASE_LOCKED
            other.execute("ROLLBACK")
        database.check_writable()
        path.rename(tmp_path / "away.sqlite3")  # an open connection would not notice
        assert trouble_of(database) is Trouble.DATABASE_GONE
        assert not path.exists()


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"no database at all" * 100, Trouble.DATABASE_BROKEN),
        (b"", Trouble.DATABASE_REFUSES),  # without tables
    ],
)
def test_another_file_in_its_place(tmp_path: Path, content: bytes, trouble: Trouble) -> None:
    path = tmp_path / "cases.sqlite3"
    path.write_bytes(content)
    with closing(Database(f"sqlite:///{path}")) as database:
        assert trouble_of(database) is trouble


def test_a_file_on_a_read_only_disk(tmp_path: Path, quick: None) -> None:
    with small_disk(tmp_path / "disk", 16 * 1024) as disk:
        with closing(Database(f"sqlite:///{disk / 'cases.sqlite3'}")) as database:
            database.upgrade()
            database.check_writable()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with closing(Database(f"sqlite:///{disk / 'cases.sqlite3'}")) as database:
            assert trouble_of(database) is Trouble.DATABASE_READ_ONLY


def test_postgresql_is_told_by_its_own_words(postgres: PostgresServer | str, quick: None) -> None:
    if isinstance(postgres, str):
        lacking(f"no PostgreSQL: {postgres}")
    postgres_url = postgres.create_database()
    with closing(Database(postgres_url)) as database:
        database.upgrade()
        database.check_writable()
        with database.session() as other:
            other.execute(text("LOCK TABLE cases IN EXCLUSIVE MODE"))
            assert trouble_of(database) is Trouble.DATABASE_LOCKED
        database.check_writable()
        with database.session() as other:
            other.execute(text("SET TRANSACTION READ ONLY"))
            with pytest.raises(CaseStoreUnavailable) as caught, database._translated():
                other.execute(text("DELETE FROM cases"))
        assert caught.value.trouble is Trouble.DATABASE_READ_ONLY  # an outage, and no mistake
    options = f"{postgres_url}&options=-c%20default_transaction_read_only%3Don"
    with closing(Database(options)) as replica:
        assert trouble_of(replica) is Trouble.DATABASE_READ_ONLY
    with closing(Database("postgresql://u:s3cret@127.0.0.1:1/town")) as nobody:
        assert trouble_of(nobody) is Trouble.DATABASE_AWAY
