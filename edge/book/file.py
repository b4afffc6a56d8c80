"""The file of a worker's book: one SQLite connection, and what to do when the disk fails it.

A commit that is `durable` has reached the disk when it returns (WAL, synchronous=FULL); any other
survives a kill of the process and is safe from a power cut with the next durable one.

When the disk refuses (full, read-only, taken away) the book goes on in memory, as a copy of what
the disk last held, and is written back as soon as the disk takes it. Until then a kill would lose
what happened since: the book on disk and the one in memory part, so the one in memory is given
another id, and whoever numbers things by the book's id can tell the two apart. A file that is
damaged is set aside, never removed, and a new book is begun.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import structlog

from domain.checkpoint import reached
from domain.clock import Clock
from domain.errors import BookTaken
from domain.ids import new_id
from edge.book.schema import ADDED, TABLES, VERSION

BUSY_TIMEOUT_S = 2.0
"""Somebody who looks into the book with a tool of his own is waited for so long."""
RETRY_DISK_EVERY_S = 5.0
WAL_MAX_BYTES = 16 * 2**20
"""The log is cut back to this when it has been copied into the book."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_MISTAKES = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""Errors of ours: no other disk would help."""

T = TypeVar("T")
Act = Callable[[sqlite3.Connection], T]
"""What is done in a transaction. It may be done twice: on the disk, which fails, and in memory."""

log = structlog.get_logger(__name__)


class BookFile:
    """Thread-safe. One process owns a book: BookTaken if another one has it."""

    def __init__(self, path: Path, clock: Clock, *, retry_disk_every_s: float) -> None:
        self._path = path
        self._clock = clock
        self._retry_every_s = retry_disk_every_s
        self._retry_at_s = 0.0
        self._lock = threading.RLock()
        self._closed = False
        self._in_memory = False
        self._unread = False
        self._inode: int | None = None
        self.generation = 0
        """Grows when the book's content may be another than before."""
        self._owner = _own(path)
        self._connection = self._open()

    @property
    def in_memory(self) -> bool:
        """Whether the disk refuses."""
        return self._in_memory

    @property
    def closed(self) -> bool:
        return self._closed

    def read(self, act: Act[T]) -> T:
        """What `act` finds. It must not write."""
        with self._lock:
            try:
                return act(self._connection)
            except sqlite3.Error as error:
                if self._in_memory or self._closed or isinstance(error, _MISTAKES):
                    raise
                self._leave_disk(error)
                return act(self._connection)

    def write(self, act: Act[T], *, durable: bool = True) -> T:
        """Do `act` in one transaction, all of it or nothing."""
        with self._lock:
            self._return_to_disk()
            try:
                self._check_place()
                return self._transact(act, durable)
            except (sqlite3.Error, OSError) as error:
                if self._in_memory or self._closed or isinstance(error, _MISTAKES):
                    raise
                self._leave_disk(error)
                return self._transact(act, durable)

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._retry_at_s = 0.0
            self._return_to_disk()
            if self._in_memory:
                log.error("the book could not be written, what was in memory alone is lost")
            self._closed = True
            self._connection.close()
            if self._owner is not None:
                os.close(self._owner)

    def _transact(self, act: Act[T], durable: bool) -> T:
        connection = self._connection
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = act(connection)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.rollback()
            raise
        if durable:
            reached("book.committed")
        return result

    # ---- the disk

    def _open(self) -> sqlite3.Connection:
        try:
            connection = self._open_disk()
        except (sqlite3.Error, OSError) as error:
            return self._open_in_memory(error)
        self._inode = _inode(self._path)
        return connection

    def _open_disk(self) -> sqlite3.Connection:
        """The book on disk, begun anew if there is none or if it is damaged."""
        try:
            return _opened(self._path, self._clock)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._set_aside(error)
            return _opened(self._path, self._clock)

    def _set_aside(self, why: Exception) -> None:
        """Keep a file that cannot be used beside the new one. Raises OSError."""
        aside = f"{self._path}.{new_id('aside', self._clock.now())}"
        log.error("the book is damaged: set aside, begun anew", aside=aside, why=str(why))
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                os.replace(f"{self._path}{suffix}", f"{aside}{suffix}")

    def _check_place(self) -> None:
        """A file that was removed under us takes all that is written with it. Raises OSError."""
        if not self._in_memory and _inode(self._path) != self._inode:
            raise FileNotFoundError(f"{self._path} was removed or replaced")

    # ---- memory

    def _open_in_memory(self, why: Exception) -> sqlite3.Connection:
        """The book of a disk that refuses to be written: what can be read of it, in memory."""
        self._in_memory = True
        log.error("the book is in memory alone: the disk refuses it", why=str(why))
        try:
            memory = _copied(_only_read(self._path))
        except sqlite3.Error as error:
            self._unread = self._path.exists()
            if self._unread:
                log.error("the book on the disk cannot be read either", why=str(error))
            memory = _blank(":memory:")
        _rename(memory, self._clock)
        return memory

    def _leave_disk(self, why: Exception) -> None:
        log.error("the book is in memory alone: the disk refuses it", why=str(why))
        disk = self._connection
        try:
            memory = _copied(disk)
        except sqlite3.Error as error:
            log.error("the book is damaged: begun anew", why=str(error))
            self._unread = True
            memory = _blank(":memory:")
            with suppress(sqlite3.Error):
                disk.close()
        _rename(memory, self._clock)
        self._connection, self._in_memory = memory, True
        self._retry_at_s = time.monotonic() + self._retry_every_s
        self.generation += 1

    def _return_to_disk(self) -> None:
        """Write the book back if it is time to try."""
        if not self._in_memory or time.monotonic() < self._retry_at_s:
            return
        self._retry_at_s = time.monotonic() + self._retry_every_s
        try:
            if self._unread:
                self._set_aside(OSError("it could not be read"))
                self._unread = False
            disk = self._open_disk()
            try:
                self._connection.backup(disk)
                _prepare(disk)
            except BaseException:
                disk.close()
                raise
            self._inode = _inode(self._path)
        except (sqlite3.Error, OSError) as error:
            log.warning("the book is still in memory alone", why=str(error))
            return
        memory, self._connection, self._in_memory = self._connection, disk, False
        memory.close()
        log.info("the book is on disk again")


def _opened(path: Path, clock: Clock) -> sqlite3.Connection:
    """A connection to the file, its tables made if it is new. Raises sqlite3.Error."""
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection)
        if _check(connection, new_too=True) == 0:
            _make_tables(connection)
            _rename(connection, clock)
        connection.executescript(ADDED)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, *, new_too: bool = False) -> int:
    """The version of a book that is whole; 0 for a new one. Raises sqlite3.DatabaseError."""
    [(verdict,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
    [(version,)] = connection.execute("PRAGMA user_version").fetchall()
    if verdict != "ok":
        raise _damage(str(verdict))
    if version > VERSION or (version == 0 and not new_too):
        raise _damage(f"expected a book of version {VERSION}, got {version} (is it newer?)")
    return int(version)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.execute(f"PRAGMA journal_size_limit={WAL_MAX_BYTES}").fetchall()


def _make_tables(connection: sqlite3.Connection) -> None:
    script = f"BEGIN IMMEDIATE;{TABLES};{ADDED};PRAGMA user_version={VERSION};COMMIT;"
    connection.executescript(script)


def _blank(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    _make_tables(connection)
    return connection


def _only_read(path: Path) -> sqlite3.Connection:
    """The file of a disk that takes nothing: alone with it, SQLite needs no file beside it."""
    connection = sqlite3.connect(
        f"file:{path}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
    return connection


def _copied(disk: sqlite3.Connection) -> sqlite3.Connection:
    """What `disk` holds, in memory; `disk` is closed. Raises sqlite3.Error, and leaves it open."""
    memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        disk.backup(memory)
        _check(memory)
        memory.executescript(ADDED)
    except sqlite3.Error:
        memory.close()
        raise
    with suppress(sqlite3.Error):
        disk.close()
    return memory


def _rename(connection: sqlite3.Connection, clock: Clock) -> None:
    """Give the book a new id; what was granted to the old one is not granted to it."""
    connection.execute("BEGIN IMMEDIATE")
    book = new_id("book", clock.now())
    connection.execute("INSERT OR REPLACE INTO facts VALUES ('book', ?)", (book,))
    connection.execute("DELETE FROM holdings")
    connection.execute("COMMIT")


def _damage(what: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(what)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED


def _inode(path: Path) -> int:
    return os.stat(path).st_ino


def _own(path: Path) -> int | None:
    """A descriptor whose lock marks the book as taken until it is closed; None if the disk takes
    not even that."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        log.error("the book cannot be locked, another worker would not notice", why=str(error))
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise BookTaken(f"expected a worker of its own, but another process has {path}") from error
    return lock
