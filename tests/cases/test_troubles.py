"""What keeps a program from its database, each in one sentence that says what to do."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from cases import database as database_module
from cases.database import Database
from cases.troubles import DatabaseTooNew, DatabaseUnusable, told_in_words
from domain.errors import CaseStoreUnavailable, ConfigurationError
from tests.postgres import PostgresServer


def upgrade(url: str) -> None:
    with closing(Database(url)) as database:
        database.upgrade()


def test_a_database_of_a_newer_program(empty_url: str) -> None:
    upgrade(empty_url)
    with closing(Database(empty_url)) as database, database.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew, match=r"newer version .*9999.*: upgrade the program, or"):
        upgrade(empty_url)


def test_tables_of_another_program(empty_url: str) -> None:
    with closing(Database(empty_url)) as database, database.session() as session:
        session.execute(text("CREATE TABLE cases (x integer)"))
    with pytest.raises(DatabaseUnusable, match="holds tables of another program"):
        upgrade(empty_url)


def no_database(path: Path) -> None:
    path.write_bytes(b"SQLite was here" * 400)


def damaged(path: Path) -> None:
    upgrade(f"sqlite:///{path}")
    data = path.read_bytes()
    path.write_bytes(data[:100] + b"\xff" * 3_996 + data[4_096:])


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (no_database, "is no SQLite database: name another file"),
        (damaged, "is damaged: restore a backup"),
        (a_folder, "cannot be opened: expected a file in a folder"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    make(tmp_path / "cases.sqlite3")
    with pytest.raises(DatabaseUnusable, match=words):
        upgrade(f"sqlite:///{tmp_path / 'cases.sqlite3'}")


def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    """In SQLite's own words: root, as whom tests may run, may write everything."""
    path = tmp_path / "cases.sqlite3"
    upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        with pytest.raises(DatabaseUnusable, match="cannot be written"), told_in_words("cases"):
            connection.execute("CREATE TABLE more (x)")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


def test_a_locked_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cases.sqlite3"
    upgrade(f"sqlite:///{path}")
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.1)
    with locked(path), pytest.raises(CaseStoreUnavailable, match="is locked by another program"):
        upgrade(f"sqlite:///{path}")
    upgrade(f"sqlite:///{path}")


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"database": "nowhere"}, "does not exist on its server: create it"),
        ({"username": "nobody"}, "does not accept this user or password"),
    ],
)
def test_a_server_that_lets_nobody_in(
    server: PostgresServer, empty_url: str, change: dict[str, str], words: str
) -> None:
    url = make_url(empty_url).set(**change)  # type: ignore[arg-type]
    with pytest.raises(DatabaseUnusable, match=words):
        upgrade(url.render_as_string(hide_password=False))


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_a_user_who_may_not_make_tables(server: PostgresServer, empty_url: str) -> None:
    with closing(Database(empty_url)) as database, database.session() as session:
        session.execute(text("DROP ROLE IF EXISTS reader"))
        session.execute(text("CREATE ROLE reader LOGIN"))
    url = make_url(empty_url).set(username="reader").render_as_string(hide_password=False)
    with pytest.raises(DatabaseUnusable, match="does not let this user make tables"):
        upgrade(url)


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "EUC_CN"])
def test_a_database_that_does_not_keep_text_as_utf8(server: PostgresServer, encoding: str) -> None:
    url = server.create_database(encoding)
    with pytest.raises(DatabaseUnusable, match=f"as {encoding}, expected UTF8: make one by"):
        upgrade(url)


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("postgresql://u:s3cret@127.0.0.1:1/town", CaseStoreUnavailable, "no server listens"),
        ("postgresql://u:s3cret@no.invalid/town", CaseStoreUnavailable, "host by this name"),
        ("postgresql://u:s3cret@127.0.0.1/town?town=1", ConfigurationError, "an unknown part"),
        ("postgresql://u:s3cret@127.0.0.1:99999/town", ConfigurationError, "an unknown part"),
        ("postgresql://u:s3cret@127.0.0.1:port/town", ConfigurationError, "database.url: expected"),
        ("sqlite:///town.db?timeout=soon", ConfigurationError, "database.url: "),
        ("sqlite:////proc/none/town.db", ConfigurationError, "cannot make /proc/none"),
    ],
)
def test_an_address_that_leads_nowhere(url: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        upgrade(url)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)
