"""What the bench hears on the bus while it runs: looks, gaps, health, incidents, evidence."""

import threading
from collections import defaultdict
from datetime import datetime

from domain.health import CameraStatus
from domain.messages import CameraHealthChanged, CoverageGapEnded, LooksDone, Message


class Ears:
    """A handler of the bus's messages; read from other threads under its lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._intervals: defaultdict[str, list[float]] = defaultdict(list)
        self._late: list[dict[str, int]] = []
        self._looks = 0
        self._gaps = 0
        self._looked: set[str] = set()
        self._runs_on = ""
        self.seeing_since: dict[str, datetime] = {}
        self.reconnects: dict[str, int] = {}

    def hear(self, message: Message) -> None:
        with self._lock:
            if isinstance(message, LooksDone):
                self._hear_looks(message)
            elif isinstance(message, CoverageGapEnded):
                self._gaps += 1
            elif isinstance(message, CameraHealthChanged):
                health = message.health
                self.reconnects[health.camera_id] = health.reconnects
                if health.status is CameraStatus.SEEING:
                    self.seeing_since.setdefault(health.camera_id, health.since)

    def _hear_looks(self, message: LooksDone) -> None:
        for page in message.cameras:
            self._looks += page.looks
            self._intervals[page.camera_id] += page.intervals_s
            self._late.append(page.skipped)
            self._runs_on = page.runs_on or self._runs_on
            if page.last_look_at is not None:
                self._looked.add(page.camera_id)

    @property
    def looked(self) -> int:
        """Cameras that were looked at at least once."""
        with self._lock:
            return len(self._looked)

    def begin(self) -> None:
        """The steady phase begins: forget what was counted."""
        with self._lock:
            self._intervals.clear()
            self._late.clear()
            self._looks = self._gaps = 0

    def counts(self) -> tuple[dict[str, list[float]], list[dict[str, int]], int, int, str]:
        """Intervals of each camera, late looks by cause, looks, gaps, and what computes."""
        with self._lock:
            copied = {camera: list(values) for camera, values in self._intervals.items()}
            return copied, list(self._late), self._looks, self._gaps, self._runs_on
