"""Those who watch in this process, each with a queue of what changed."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from threading import Condition, Lock

import structlog

from cases.tables import CaseRow
from domain.change import CaseChange, ChangeKind
from domain.closing import Closing

WAITING_MAX = 1024
"""Changes that wait for one slow reader; beyond that the oldest go."""

_log = structlog.get_logger(__name__)


def change_of(case: CaseRow, what: ChangeKind, at: datetime) -> CaseChange:
    """The news of what was just done to a case."""
    return CaseChange(what=what, no=case.no, version=case.version, camera_id=case.camera_id, at=at)


class Subscription(Closing):
    """One reader's queue. Bounded: the newest win, and `missed` tells how many did not wait.

    Of several changes of one case and kind the newest waits, at its newest place. `wake` is
    called from the writing thread and must not block.
    """

    def __init__(self, feed: "ChangeFeed", wake: Callable[[], None] | None) -> None:
        self.missed = 0
        self._feed = feed
        self._wake = wake
        self._waiting: OrderedDict[tuple[str, ChangeKind], CaseChange] = OrderedDict()
        self._news = Condition()
        self._closed = False

    def take(self) -> list[CaseChange]:
        """All that waits; never blocks."""
        with self._news:
            return self._drain()

    def wait(self, timeout_s: float) -> list[CaseChange]:
        """All that waits, as soon as something does; empty after the time or once closed."""
        with self._news:
            self._news.wait_for(lambda: bool(self._waiting) or self._closed, timeout_s)
            return self._drain()

    def close(self) -> None:
        self._feed.forget(self)
        with self._news:
            self._closed = True
            self._news.notify_all()

    def put(self, change: CaseChange) -> None:
        with self._news:
            key = change.subject, change.what
            self._waiting.pop(key, None)
            self._waiting[key] = change
            if len(self._waiting) > WAITING_MAX:
                self._waiting.popitem(last=False)
                self.missed += 1
            self._news.notify_all()
        if self._wake is not None:
            self._rouse(self._wake)

    def miss(self) -> None:
        """Say that something may have changed that cannot be told any more."""
        with self._news:
            self.missed += 1
            self._news.notify_all()
        if self._wake is not None:
            self._rouse(self._wake)

    def _rouse(self, wake: Callable[[], None]) -> None:
        # A reader whose event loop is gone must not fail the writer, whose commit is done.
        try:
            wake()
        except RuntimeError as error:
            _log.warning("a reader of changes is gone", error=str(error))
            self.close()

    def _drain(self) -> list[CaseChange]:
        changes = list(self._waiting.values())
        self._waiting.clear()
        return changes


class ChangeFeed:
    """Hands changes to every subscription. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._readers: list[Subscription] = []

    def subscribe(self, wake: Callable[[], None] | None = None) -> Subscription:
        reader = Subscription(self, wake)
        with self._lock:
            self._readers.append(reader)
        return reader

    def forget(self, reader: Subscription) -> None:
        with self._lock:
            if reader in self._readers:
                self._readers.remove(reader)

    @property
    def has_readers(self) -> bool:
        return bool(self._readers)

    def miss(self) -> None:
        """Let every reader know that something may have passed it by."""
        with self._lock:
            readers = list(self._readers)
        for reader in readers:
            reader.miss()

    def publish(self, changes: Iterable[CaseChange]) -> None:
        told = list(changes)
        with self._lock:
            readers = list(self._readers)
        for reader in readers:
            for change in told:
                reader.put(change)
