"""Turns at writing: so many at once, so many more that wait, and nobody else.

Who waits holds a thread, and often a person's patience. A database that another program holds
locked would otherwise collect all threads there are, and reads, which wait for nothing, would find
none left.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import CaseStoreUnavailable
from domain.trouble import Trouble


class Turns:
    """Turns of `at_once` writers; `waiting` more may wait `wait_s` each. Thread-safe."""

    def __init__(self, at_once: int, waiting: int, wait_s: float) -> None:
        self._most = at_once + waiting
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._in_hand = 0
        self._turns = threading.BoundedSemaphore(at_once)

    @property
    def in_hand(self) -> int:
        """Writers that write or wait."""
        return self._in_hand

    @contextmanager
    def one(self) -> Iterator[None]:
        """One writer's turn, once it comes.

        Raises:
            CaseStoreUnavailable: too many wait already, or it did not come in time.
        """
        with self._place():
            if not self._turns.acquire(timeout=self._wait_s):
                raise _busy(f"a change waited {self._wait_s:g} s for those before it")
            try:
                yield
            finally:
                self._turns.release()

    @contextmanager
    def _place(self) -> Iterator[None]:
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            if self._in_hand + change > self._most:
                raise _busy(f"{self._most} changes wait for it already")
            self._in_hand += change


def _busy(why: str) -> CaseStoreUnavailable:
    message = f"the case database is busy: {why}; nothing was changed, try again"
    return CaseStoreUnavailable(message, trouble=Trouble.DATABASE_BUSY)
