"""Attention: second looks at what rules suspect, decoded out of the camera's ring on demand."""

import queue
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from domain.errors import ModelError, StreamError
from edge.eyes import Eyes
from edge.post import CameraPost
from edge.steadfast import steadfast
from streams.dense import dense_frames
from streams.frame import Frame
from streams.ring import PacketRing
from vision.patrol import SecondLookWish
from vision.second_look.closer import APART_S
from vision.second_look.taking import SPAN, CloserSight, SecondLookSettings, take_second_look
from vision.second_look.verdict import CROPS_HZ, SecondLook

STOP_POLL_S = 0.2
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A wish of a camera's patrol, and the frame of the look that left it in doubt."""

    post: CameraPost
    wish: SecondLookWish
    frame: Frame

    @property
    def at_s(self) -> float:
        """When the picture in doubt was captured (`Frame.captured_s`)."""
        return self.frame.captured_s - (self.frame.captured_at - self.wish.at).total_seconds()


class Attention(threading.Thread):
    """Takes questions, one at a time, and keeps the answers until a looker fetches them: patrols
    are asked by one thread at a time."""

    def __init__(self, settings: SecondLookSettings, eyes: Eyes) -> None:
        """`eyes` look closer, once a looker has opened them."""
        super().__init__(name="attention", daemon=True)
        self._settings = settings
        self._eyes = eyes
        self._questions: queue.Queue[Question] = queue.Queue(maxsize=1)
        self._answers: deque[tuple[Question, SecondLook]] = deque()
        self._fetching = threading.Lock()
        self._stopping = threading.Event()

    def ask(self, question: Question) -> bool:
        """Whether the question was taken: not while another waits. One that was not taken is
        asked again by its rule."""
        try:
            self._questions.put_nowait(question)
        except queue.Full:
            return False
        return True

    def answers(self) -> list[tuple[Question, SecondLook]]:
        """What was answered since the last call, by whichever looker."""
        with self._fetching:
            return [self._answers.popleft() for _ in range(len(self._answers))]

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        if self.is_alive():
            self.join(timeout_s)

    def run(self) -> None:
        while not self._stopping.is_set():
            took_s = self.take_one(timeout_s=STOP_POLL_S)
            self._stopping.wait(took_s * (1 / self._settings.busy_share - 1))

    def take_one(self, timeout_s: float) -> float:
        """Answer the question that waits, or that comes in time; how many seconds that took."""
        try:
            question = self._questions.get(timeout=timeout_s)
        except queue.Empty:
            return 0.0
        began_s = time.monotonic()
        with steadfast("second look"):
            self._answers.append((question, self._seen(question)))
        return time.monotonic() - began_s

    def _seen(self, question: Question) -> SecondLook:
        post, wish = question.post, question.wish
        frames = self._frames(post, post.reader.ring, question.at_s, SPAN.total_seconds(), CROPS_HZ)
        seen = self._taken(question, frames)
        log.info(
            "second look",
            camera=post.camera_id,
            rule=wish.rule_id,
            frames=seen.frames,
            flame=_rounded(seen.flame_evidence),
            smoke=_rounded(seen.smoke_evidence),
            closer=_rounded(None if seen.closer is None else seen.closer.best),
        )
        return seen

    def _taken(self, question: Question, frames: Sequence[Frame]) -> SecondLook:
        """Judge what was decoded. A detector that fails costs its own evidence alone."""
        sees = self._eyes.opened
        pictures = self._settings.closer_pictures
        sight = None if sees is None else CloserSight(sees, pictures)
        try:
            return take_second_look(question.wish, frames, sight, sharper=self._sharper(question))
        except ModelError as error:
            log.error("no closer look", camera=question.post.camera_id, error=str(error))
            return take_second_look(question.wish, frames)

    def _sharper(self, question: Question) -> list[Frame]:
        """The main stream's pictures of the last moment, where looks are taken from another."""
        feeds = question.post.reader
        if feeds.ring is feeds.main.ring or not self._settings.closer_pictures:
            return []
        span_s = APART_S * self._settings.closer_pictures
        return self._frames(question.post, feeds.main.ring, question.at_s, span_s, 1 / APART_S)

    def _frames(
        self, post: CameraPost, ring: PacketRing, until_s: float, span_s: float, per_s: float
    ) -> list[Frame]:
        """The pictures of a span, some of each second; none where that costs too much."""
        from_s = until_s - span_s
        packets = ring.between(from_s, until_s)
        longest_s = self._settings.decode_at_most_s
        if packets and packets[-1].captured_s - packets[0].captured_s > longest_s:
            packets = []
        try:
            return dense_frames(packets, camera_id=post.camera_id, from_s=from_s, per_s=per_s)
        except StreamError as error:
            log.warning("no second look", camera=post.camera_id, error=str(error))
            return []


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
