"""The cameras' names and promises and the grid plans: they change seldom and are asked for all
the time."""

from collections.abc import Mapping
from threading import Lock

from cases.book import CaseBook
from domain.clock import Clock
from domain.place import CameraInfo, GridPlan

FRESH_S = 10.0


class Registry:
    """The installed cameras, at most `fresh_s` old. Thread-safe."""

    def __init__(self, book: CaseBook, clock: Clock, fresh_s: float = FRESH_S) -> None:
        self._book = book
        self._clock = clock
        self._fresh_s = fresh_s
        self._lock = Lock()
        self._known: dict[str, CameraInfo] = {}
        self._asked_s: float | None = None
        self._plans: dict[str, GridPlan] = {}

    def plan(self, version: str) -> GridPlan | None:
        """The plan of a version. A version never changes, so it is asked for once."""
        with self._lock:
            if version not in self._plans:
                plan = self._book.plan(version)
                if plan is None:
                    return None
                self._plans[version] = plan
            return self._plans[version]

    def cameras(self) -> Mapping[str, CameraInfo]:
        """Every installed camera by its id, in the book's order."""
        with self._lock:
            now_s = self._clock.moment().s
            if self._asked_s is None or now_s - self._asked_s >= self._fresh_s:
                self._known = {row.info.id: row.info for row in self._book.cameras()}
                self._asked_s = now_s
            return self._known
