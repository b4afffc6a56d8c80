"""What keeps a program from its database at the start, in words that say what to do.

At work, an error of the database is a pause: somebody waits and tries again. At the start most are
somebody's to cure, and the drivers' own words do not say how.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.script.revision import ResolutionError, RevisionError
from alembic.util.exc import CommandError
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import CaseStoreUnavailable, ConfigurationError


class DatabaseUnusable(ConfigurationError):
    """Waiting does not help: the file, the login or the program has to be changed."""


class DatabaseTooNew(DatabaseUnusable):
    """A newer version of the program has changed it."""


_FOR_GOOD = (
    (
        r"file is not a database|file is encrypted",
        "is no SQLite database: name another file (database.url), or restore a backup",
    ),
    (r"malformed", "is damaged: restore a backup"),
    (
        r"readonly database|read-only transaction",
        "cannot be written: let this user write the file and its folder, or name another "
        "(database.url)",
    ),
    (
        r"unable to open database file",
        "cannot be opened: expected a file in a folder that this user may write",
    ),
    (
        r"already exists|no such column|does not exist.*\balembic|UndefinedColumn",
        "holds tables of another program: name a database of its own (database.url)",
    ),
    (
        r"password authentication failed|no password supplied|authentication failed|"
        r"role \S+ does not exist|peer authentication|Ident authentication",
        "does not accept this user or password: look at database.url",
    ),
    (r"database \S+ does not exist", "does not exist on its server: create it (createdb)"),
    (r"no pg_hba\.conf entry", "is on a server that lets nobody in from here (pg_hba.conf)"),
    (
        r"permission denied|must be owner",
        "does not let this user make tables: make it the owner of the database",
    ),
    (r"invalid (connection|URI|integer|dsn|port|sslmode)", "has an address with an unknown part"),
    (r"server does not support SSL|SSL.*required", "wants another sslmode in database.url"),
)
_FOR_NOW = (
    (
        r"database (table )?is locked",
        "is locked by another program for longer than this one waits: end that one "
        "(a backup, a shell), and start again",
    ),
    (r"disk is full|No space left", "has no room left on its disk"),
    (r"disk I/O error", "cannot be read or written: its disk fails"),
    (
        r"translate host name|resolve host|Name or service not known|No address associated",
        "does not answer: nobody knows its host by this name; look at database.url",
    ),
    (
        r"[Cc]onnection refused|No such file or directory|is the server running",
        "does not answer: no server listens there; start it, or look at database.url",
    ),
    (r"starting up|shutting down|in recovery", "is not ready yet: its server starts or stops"),
    (r"too many (connections|clients)|connection slots", "has no connection left for this program"),
    (r"timeout|timed out", "does not answer in time: is its host reachable?"),
)


@contextmanager
def told_in_words(url: str) -> Iterator[None]:
    """Within it, what the database, its driver or its migrations raise becomes one sentence about
    `url`, which must not hold a password.

    Raises:
        DatabaseTooNew: a newer program has changed it.
        DatabaseUnusable: somebody has to change something.
        CaseStoreUnavailable: it may work later.
    """
    try:
        yield
    except (CommandError, RevisionError, ResolutionError) as error:
        raise _of_migrations(url, error) from error
    except (
        SQLAlchemyError,
        sqlite3.Error,
        OSError,
        ValueError,
        TypeError,
        CaseStoreUnavailable,
    ) as error:
        raise _of_database(url, error) from error


def _of_migrations(url: str, error: Exception) -> ConfigurationError:
    found = re.search(r"identified by '([^']*)'", str(error))
    if found is None:
        return DatabaseUnusable(f"database {url} cannot be brought up to date: {error}")
    return DatabaseTooNew(
        f"database {url} was made by a newer version of this program (revision {found[1]}): "
        "upgrade the program, or restore a backup from before"
    )


def _of_database(url: str, error: Exception) -> ConfigurationError | CaseStoreUnavailable:
    cause = " ".join(str(getattr(error, "orig", None) or error).split())
    for words, kinds in ((DatabaseUnusable, _FOR_GOOD), (CaseStoreUnavailable, _FOR_NOW)):
        for pattern, cure in kinds:
            if re.search(pattern, cause, re.DOTALL):
                return words(f"database {url} {cure} ({cause})")
    if isinstance(error, CaseStoreUnavailable):
        return error
    return DatabaseUnusable(f"database {url} cannot be used: {cause}")
