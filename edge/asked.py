"""Looks that people asked for: the camera comes next, and whoever asked hears what was seen."""

import threading
from collections.abc import Callable

from domain.answers import LookSeen

Hear = Callable[[LookSeen], None]


class LooksAsked:
    """Those of one camera. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Hear] = []

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for a look."""
        return bool(self._waiting)

    def ask(self, hear: Hear) -> None:
        """From now on the next look is somebody's; `hear` is called in the looker's thread."""
        with self._lock:
            self._waiting.append(hear)

    def give_up(self, hear: Hear) -> None:
        """It came too late for whoever asked."""
        with self._lock:
            if hear in self._waiting:
                self._waiting.remove(hear)

    def tell(self, seen: LookSeen) -> None:
        """A look is done; all who waited hear of it."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for hear in waiting:
            hear(seen)
