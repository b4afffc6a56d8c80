"""The center tells workers what dispatchers found to be false, camera by camera.

It tells the whole of it again and again and never what changed, so whatever is lost, by a worker,
by the bus or by a center that ends, is there the next time. Nothing waits for it: a rejection is
committed first, and told within seconds.
"""

import threading
from collections.abc import Sequence

import structlog

from cases.database import Database
from cases.rejected import rejected_places
from domain.clock import Clock
from domain.errors import BusUnavailable, CaseStoreUnavailable
from domain.rejected import RejectedPlaces
from events_bridge.rejected_board import RejectedBoard

TELL_EVERY_S = 5.0
TELL_ALL_EVERY = 60
"""Every so many times all is told, changed or not: a bus may have been begun anew."""

log = structlog.get_logger(__name__)


class RejectionTeller(threading.Thread):
    """Shows on the board what is rejected now."""

    def __init__(
        self, database: Database, board: RejectedBoard, clock: Clock, camera_ids: Sequence[str]
    ) -> None:
        super().__init__(name="rejections", daemon=True)
        self._database = database
        self._board = board
        self._clock = clock
        self._camera_ids = tuple(camera_ids)
        self._told: dict[str, RejectedPlaces] = {}
        self._turns = 0
        self._stopping = threading.Event()

    def tell(self) -> bool:
        """Tell of the cameras on which something else is rejected than was told. False: there is
        nobody to ask or to tell now."""
        try:
            if self._turns % TELL_ALL_EVERY == 0:
                self._told.clear()
            self._turns += 1
            now = rejected_places(self._database, self._clock.now())
            for camera_id in self._camera_ids:
                places = now.get(camera_id, RejectedPlaces(camera_id=camera_id))
                if self._told.get(camera_id) != places:
                    self._board.put(places)
                    self._told[camera_id] = places
        except (BusUnavailable, CaseStoreUnavailable) as error:
            log.warning("rejections not told", error=str(error))
            return False
        return True

    def run(self) -> None:
        while not self._stopping.wait(TELL_EVERY_S):
            self.tell()

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        if self.is_alive():
            self.join(timeout_s)
