"""The claim on a database: one center keeps the cases of one database.

PostgreSQL holds it with a session (an advisory lock): it ends with the connection, however that
ends. A file of SQLite is claimed by the program that opens it, like any other file.
"""

from contextlib import suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from cases.database import Database
from domain.closing import Closing
from domain.errors import CaseStoreUnavailable

CENTER_LOCK = 7_114_510_117
"""PostgreSQL advisory lock of the center of a database."""
_SESSION = (
    # Else the server of a center whose machine lost its power keeps the lock for two hours.
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 3",
    "SET tcp_keepalives_count = 3",
    "SET idle_session_timeout = 0",
    "SET application_name = 'patrol-center'",
)
_TAKE = text("SELECT pg_try_advisory_lock(:key)")
_WHO = text(
    "SELECT coalesce(host(a.client_addr), 'this machine'), a.pid, a.backend_start "
    "FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
    "AND ((l.classid::bigint << 32) | l.objid::bigint) = :key "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class DatabaseClaim(Closing):
    """The claim of this process, on a connection of its own. For one thread at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def renew(self) -> str | None:
        """Take the claim, or see that it still holds: None. Who has it, if it is another.

        Raises:
            CaseStoreUnavailable: the database does not say.
        """
        if self._database.dialect != "postgresql":
            return None
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return None
            return self._take()
        except SQLAlchemyError as error:
            self.close()
            raise CaseStoreUnavailable(
                f"database {self._database.masked_url} does not say who keeps its cases: "
                f"{str(getattr(error, 'orig', error)).strip()}"
            ) from error

    def close(self) -> None:
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None

    def _take(self) -> str | None:
        connection = self._database.connection().execution_options(isolation_level="AUTOCOMMIT")
        self._connection = connection
        connection.detach()  # not one of the pool: it is never given back to others
        for setting in _SESSION:
            connection.execute(text(setting))
        if connection.execute(_TAKE, {"key": CENTER_LOCK}).scalar_one():
            return None
        who = connection.execute(_WHO, {"key": CENTER_LOCK}).first()
        self.close()
        where = (
            f"session {who[1]} from {who[0]} since {who[2]:%Y-%m-%d %H:%M}" if who else "another"
        )
        return f"{where}"
