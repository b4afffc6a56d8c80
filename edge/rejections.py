"""The memory of rejected places: what dispatchers found to be false is fetched, kept and told on.

A worker does not depend on it. While the bus is away it goes by what it kept; what is a week old
is forgotten without being told.
"""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import structlog

from domain.clock import Clock
from domain.errors import BusUnavailable
from domain.incident import IncidentKind
from domain.messages import IncidentClosed
from edge.post import CameraPost
from edge.state.rejected import RejectedMemory
from edge.steadfast import steadfast
from events_bridge.rejected_board import RejectedBoard
from streams.frame import Frame
from vision.incidents import IncidentMessage

ASK_EVERY_S = 15.0
"""How often the board is asked; a rejection is no matter of seconds."""
PORTRAIT_WIDTH = 640
"""Pictures are as wide as looks usually are: patches are compared with those of looks."""

log = structlog.get_logger(__name__)


class Rejections(threading.Thread):
    """Keeps the memories of one worker's cameras."""

    def __init__(
        self,
        worker_dir: Path,
        posts: Sequence[CameraPost],
        board: RejectedBoard,
        *,
        judging: AbstractContextManager[object],
        clock: Clock,
    ) -> None:
        """`judging` is held while patrols are told."""
        super().__init__(name="rejections", daemon=True)
        self._posts = {post.camera_id: post for post in posts}
        self._memories = {name: RejectedMemory(worker_dir, name) for name in self._posts}
        self._board = board
        self._judging = judging
        self._clock = clock
        self._told: dict[str, int] = {}
        """How many portraits each patrol was told of."""
        self._stopping = threading.Event()

    def recall(self) -> None:
        """Tell the patrols what an earlier run kept; call before anything is looked at."""
        for camera_id in self._posts:
            self._tell(camera_id, changed=True)

    def note(self, post: CameraPost, frame: Frame, news: Sequence[IncidentMessage]) -> None:
        """Keep how fires look that are told of. To be called while judging is held."""
        fires = [
            one.incident
            for one in news
            if one.incident.kind is IncidentKind.FIRE and not isinstance(one, IncidentClosed)
        ]
        if not fires:
            return
        width, height = frame.size_wh
        picture = frame.scaled((PORTRAIT_WIDTH, max(2, round(height * PORTRAIT_WIDTH / width))))
        for incident in fires:
            self._memories[post.camera_id].note(incident, picture, self._clock.now())

    def hear(self) -> bool:
        """Take in what the board says now. False: the bus is away."""
        try:
            told = self._board.get(list(self._posts))
        except BusUnavailable:
            told = {}
        for camera_id in self._posts:
            with steadfast("rejections", camera=camera_id), self._judging:
                places = told.get(camera_id)
                memory = self._memories[camera_id]
                changed = places is not None and memory.take(places, self._clock.now())
                self._tell(camera_id, changed=changed)
        return bool(told) or not self._posts

    def run(self) -> None:
        while True:
            with steadfast("rejections"):
                self.hear()
            if self._stopping.wait(ASK_EVERY_S):
                return

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        if self.is_alive():
            self.join(timeout_s)

    def _tell(self, camera_id: str, *, changed: bool) -> None:
        """Tell a patrol what it is to hold back, if that changed: by the board, by age, or since
        the thing was seen from one more side."""
        things = self._memories[camera_id].things(self._clock.now())
        portraits = sum(len(thing.portraits) for thing in things)
        if not changed and portraits == self._told.get(camera_id, 0):
            return
        self._told[camera_id] = portraits
        self._posts[camera_id].patrol.remind(things)
        if things:
            log.info("rejected places held back", camera=camera_id, things=len(things))
