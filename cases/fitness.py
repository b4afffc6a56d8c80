"""Whether the database would take a case now, asked over a connection of its own: the program's
may all be in use, and a file that was moved away still answers to those that hold it open."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from domain.errors import CaseStoreUnavailable
from domain.trouble import Trouble, trouble_of

PROBE_WAIT_S = 2.0
"""A writer that is in the way this long holds the database."""
_CONNECT_S = 2
_LOCK_MS = round(PROBE_WAIT_S * 1000)
_SQLSTATES = {
    "55P03": Trouble.DATABASE_LOCKED,  # lock_not_available
    "57014": Trouble.DATABASE_LOCKED,  # query_canceled, by statement_timeout
    "40P01": Trouble.DATABASE_LOCKED,  # deadlock_detected
    "25006": Trouble.DATABASE_READ_ONLY,
    "53100": Trouble.DATABASE_FULL,
    "3D000": Trouble.DATABASE_GONE,  # no such database
}
_SQLSTATE_CLASSES = {
    "28": Trouble.DATABASE_REFUSES,  # invalid authorization
    "53": Trouble.DATABASE_AWAY,  # insufficient resources
    "57": Trouble.DATABASE_AWAY,  # shut down
    "58": Trouble.DATABASE_BROKEN,  # system error
    "XX": Trouble.DATABASE_BROKEN,
}
_OF_THE_SCHEMA = frozenset({"42501", "42P01", "42703", "3F000", "25P02"})
"""No rights, no such table or column: every message would meet it."""


def trouble_in(error: BaseException) -> Trouble | None:
    """What an error of either database says of it; None if it is about what was asked of it."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return trouble_of(cause)
    state = getattr(cause, "sqlstate", None) or ""
    if state in _OF_THE_SCHEMA:
        return Trouble.DATABASE_REFUSES
    return _SQLSTATES.get(state) or _SQLSTATE_CLASSES.get(state[:2])


def of_sqlite(error: BaseException) -> bool:
    return isinstance(getattr(error, "orig", None) or error, sqlite3.Error)


def check_writable(url: URL) -> None:
    """Begin to write, and leave it.

    Raises:
        CaseStoreUnavailable: it cannot be written; `trouble` says why.
    """
    check = _check_sqlite if url.drivername.startswith("sqlite") else _check_postgres
    try:
        check(url)
    except (sqlite3.Error, DBAPIError) as error:
        cause = str(getattr(error, "orig", None) or error).strip()
        masked = url.render_as_string(hide_password=True)
        raise CaseStoreUnavailable(
            f"database {masked} cannot be written: {cause}",
            trouble=_of_its_place(url, trouble_in(error)),
        ) from error


def _of_its_place(url: URL, trouble: Trouble | None) -> Trouble:
    """SQLite cannot open its side files on a disk that is read-only, and says no more than that."""
    if trouble is Trouble.DATABASE_GONE and Path(str(url.database)).exists():
        return Trouble.DATABASE_READ_ONLY
    return trouble or Trouble.DATABASE_AWAY


def _check_sqlite(url: URL) -> None:
    file = Path(str(url.database)).absolute()
    place = f"file:{quote(str(file))}?mode=rw"  # never makes one that is not there
    with closing(sqlite3.connect(place, uri=True, timeout=PROBE_WAIT_S)) as connection:
        connection.isolation_level = None
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("SELECT 1 FROM cases LIMIT 1")
        connection.execute("ROLLBACK")


def _check_postgres(url: URL) -> None:
    options = f"-c lock_timeout={_LOCK_MS} -c statement_timeout={2 * _LOCK_MS}"
    limits = {"connect_timeout": _CONNECT_S, "options": options}
    engine = create_engine(url, poolclass=NullPool, connect_args=limits)
    with engine.connect() as connection:
        # The lock that every write takes: it stands aside for other writers, and for nothing else.
        connection.execute(text("LOCK TABLE cases IN ROW EXCLUSIVE MODE"))
        read_only = connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
        connection.rollback()
    if read_only:
        raise CaseStoreUnavailable(
            f"database {url.render_as_string(hide_password=True)} cannot be written: it is "
            "read-only",
            trouble=Trouble.DATABASE_READ_ONLY,
        )
