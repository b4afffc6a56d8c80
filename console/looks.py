"""Which cameras have a newer picture: asked of the board once for all open walls."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock

import structlog

from domain.clock import Clock
from domain.errors import BusUnavailable
from events_bridge.look_board import LookBoard

_log = structlog.get_logger(__name__)


class LookTimes:
    """The times of the last looks, at most `fresh_s` old. Thread-safe."""

    def __init__(self, board: LookBoard, clock: Clock, fresh_s: float) -> None:
        self._board = board
        self._clock = clock
        self._fresh_s = fresh_s
        self._lock = Lock()
        self._known: dict[str, datetime] = {}
        self._asked_s: float | None = None

    def times(self, camera_ids: Sequence[str]) -> Mapping[str, datetime]:
        """When the picture of each camera was taken; cameras without one are left out."""
        with self._lock:
            now_s = self._clock.moment().s
            if self._asked_s is None or now_s - self._asked_s >= self._fresh_s:
                self._ask(camera_ids)
                self._asked_s = now_s
            return dict(self._known)

    def _ask(self, camera_ids: Sequence[str]) -> None:
        try:
            self._known = self._board.times(camera_ids)
        except BusUnavailable as error:
            # What is known stays on show and grows old before everybody's eyes.
            _log.warning("the look board is away", error=str(error))
