"""News for the pages of this process, read from the outbox, whichever process wrote it.

One thread reads while anybody subscribes. It is stirred by this process's own commits and looks by
itself twice a second for those of others: one way for both databases, which asks nothing of what
stands between (LISTEN would not pass every pooler of PostgreSQL).
"""

import threading
import time
from collections.abc import Callable

import structlog

from cases.changes import ChangeFeed, Subscription
from cases.outbox import KEPT_FOR, Outbox
from domain.closing import Closing
from domain.errors import CaseStoreUnavailable

POLL_S = 0.5
"""How soon another process's change is heard of."""
CLOSE_WITHIN_S = 5.0
"""Nobody waits longer for a database that does not answer."""
READ_AT_ONCE = 500

_log = structlog.get_logger(__name__)


class News(Closing):
    """Thread-safe."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._feed = ChangeFeed()
        self._lock = threading.Lock()
        self._stirred = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._cursor: int | None = None
        """None: nobody knows from where to read."""
        self._read_at_s = 0.0

    def subscribe(self, wake: Callable[[], None] | None = None) -> Subscription:
        """Changes from now on. While the database does not answer the reader is told, once it does
        again, that it may have missed some."""
        with self._lock:
            if self._cursor is None:
                self._begin()
            reader = self._feed.subscribe(wake)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._read, name="news", daemon=True)
                self._thread.start()
        return reader

    def stir(self) -> None:
        """Something was committed here; never blocks."""
        self._stirred.set()

    def close(self) -> None:
        """Read no more, once what is being read has been: the database may be closed after it."""
        with self._lock:
            self._closed, thread = True, self._thread
        self._stirred.set()
        if thread is not None:
            thread.join(CLOSE_WITHIN_S)

    def _begin(self) -> None:
        try:
            self._cursor = self._outbox.newest()
        except CaseStoreUnavailable as error:
            _log.warning("no news for now", error=str(error))
        self._read_at_s = time.monotonic()

    def _read(self) -> None:
        while self._is_wanted():
            try:
                self._pass_on()
            except CaseStoreUnavailable as error:
                _log.warning("no news for now", error=str(error))
            except Exception:  # a page that hears nothing must not look alive
                _log.exception("news failed")
                self._feed.miss()
            self._stirred.wait(POLL_S)
            self._stirred.clear()

    def _is_wanted(self) -> bool:
        with self._lock:
            wanted = self._feed.has_readers and not self._closed
            if not wanted:
                self._thread, self._cursor = None, None
            return wanted

    def _pass_on(self) -> None:
        """Hand on all that is new."""
        silent_s = time.monotonic() - self._read_at_s
        if self._cursor is None or silent_s > KEPT_FOR.total_seconds() / 2:
            self._cursor = self._outbox.newest()
            self._feed.miss()
        while told := self._outbox.after(self._cursor, READ_AT_ONCE):
            self._cursor = told[-1].seq
            self._feed.publish(one.change for one in told)
            if len(told) < READ_AT_ONCE:
                break
        self._read_at_s = time.monotonic()
