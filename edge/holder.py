"""The holder: claims the worker's cameras from the center, and hears who holds them.

A worker does not depend on the answer. Without one it goes on under its book's own id, and takes
over what it is given when the answer comes.
"""

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from domain.clock import Clock
from domain.errors import BusUnavailable
from domain.holding import CameraGrant, Holding
from edge.book import Book
from edge.steadfast import steadfast
from events_bridge.holder_board import HolderBoard

ASK_EVERY_S = 0.2
"""How often the board is asked while an answer is waited for."""
PATIENT_FOR_S = 60.0
"""After so long without an answer the board is asked as seldom as with one."""
LOOK_EVERY_S = 15.0
"""How often the board is looked at afterwards: another worker may have claimed a camera."""

log = structlog.get_logger(__name__)

TakeOver = Callable[[CameraGrant], None]
"""Carries on what a grant brings; the book holds the camera under it already."""
LetGo = Callable[[CameraGrant], None]
"""Leaves a camera's incidents to another, whose grant it is."""


class Holder(threading.Thread):
    """Holds the cameras of one worker in the name of its book."""

    def __init__(
        self,
        book: Book,
        board: HolderBoard,
        *,
        worker_id: str,
        camera_ids: Sequence[str],
        clock: Clock,
        take_over: TakeOver,
        let_go: LetGo,
    ) -> None:
        super().__init__(name="holder", daemon=True)
        self._book = book
        self._board = board
        self._worker_id = worker_id
        self._camera_ids = tuple(camera_ids)
        self._clock = clock
        self._take_over = take_over
        self._let_go = let_go
        self._claimed_for = ""
        self._claimed_at = clock.moment()
        self._answered: set[str] = set()
        self._lost: dict[str, int] = {}
        self._stopping = threading.Event()

    @property
    def waits(self) -> bool:
        """Whether the center has not answered for some camera."""
        return len(self._answered) < len(self._camera_ids)

    def lost(self, camera_id: str) -> bool:
        """Whether another book was given the camera after this one."""
        return camera_id in self._lost

    def claim(self) -> None:
        """Claim all cameras in the name of the book as it is called now."""
        self._claimed_for, self._claimed_at = self._book.id, self._clock.moment()
        self._answered.clear()
        if self._camera_ids:
            self._book.claim(self._worker_id, self._camera_ids)

    def wait(self, timeout_s: float) -> bool:
        """Hear the answers, for so long at most; whether all came. Call before the thread runs."""
        ends_s = time.monotonic() + timeout_s
        while self.hear() and self.waits:
            if time.monotonic() >= ends_s or self._stopping.wait(ASK_EVERY_S):
                break
        return not self.waits

    def hear(self) -> bool:
        """Take in what the board says now. False: the bus is away."""
        if self._claimed_for != self._book.id:
            self.claim()
        try:
            grants = self._board.get(self._camera_ids)
        except BusUnavailable:
            return False
        for grant in grants.values():
            with steadfast("grant", camera=grant.camera_id):
                self._hear(grant)
        return True

    def run(self) -> None:
        while not self._stopping.wait(self._pause_s()):
            with steadfast("hold"):
                self.hear()

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        if self.is_alive():
            self.join(timeout_s)

    def _pause_s(self) -> float:
        if self._claimed_for != self._book.id:
            return 0.0
        is_new = self._clock.moment() - self._claimed_at < PATIENT_FOR_S
        return ASK_EVERY_S if self.waits and is_new else LOOK_EVERY_S

    def _hear(self, grant: CameraGrant) -> None:
        held = self._book.held(grant.camera_id)
        if grant.book != held.book:
            self._hear_of_another(grant, held)
            return
        if self._book.take(grant):
            log.info("camera held", camera=grant.camera_id, epoch=grant.epoch)
            self._take_over(grant)
        self._lost.pop(grant.camera_id, None)
        self._answered.add(grant.camera_id)

    def _hear_of_another(self, grant: CameraGrant, mine: Holding) -> None:
        """Another book's grant. An older one than ours is outdated; a newer one takes the camera
        from us, once, whether we had heard of our own or not."""
        if mine.epoch is None:
            own = next((one for one in grant.former if one.book == mine.book), None)
            if own is None or own.epoch is None:
                return  # our claim has not been answered yet
            self._book.hold(grant.camera_id, own.epoch)
            mine = own
        if mine.epoch is None or grant.epoch <= mine.epoch:
            return
        self._answered.add(grant.camera_id)
        if self._lost.get(grant.camera_id) == grant.epoch:
            return
        self._lost[grant.camera_id] = grant.epoch
        log.error(
            "another worker watches this camera too",
            camera=grant.camera_id,
            other=grant.worker_id,
            since=str(grant.granted_at),
        )
        self._let_go(grant)
