"""The looker: takes the picture that is owed first, lets the detector see it, asks the rules."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from domain.clock import Clock, Moment
from domain.errors import ModelError
from domain.health import MissCause
from edge.attention import Attention, Question
from edge.eyes import Eyes
from edge.post import CameraPost
from edge.roster import Roster
from edge.steadfast import steadfast
from evidence.snapshot import thumbnail
from models.detections import Detections
from models.detector import Detector
from streams.frame import Frame, Image
from vision.incidents import IncidentMessage
from vision.look import Look
from vision.look_step import Diagnosis

IDLE_WAIT_S = 0.05
ONE_BY_ONE = 4
"""So many owed posts are taken in hand where pictures are looked at one by one: to ask who is
next costs some, and the last of them waits for the others."""
THUMBNAIL_WIDTH = 480

OnNews = Callable[[CameraPost, Frame | None, Sequence[IncidentMessage]], None]
OnPicture = Callable[[str, bytes, datetime], None]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A post in a looker's hands, and its picture."""

    post: CameraPost
    frame: Frame
    early: bool = False
    """Whether activity called for the look, and not the promise."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What was taken, as it is looked at: its small picture, and what diagnosis says of that."""

    taken: Taken
    image: Image
    diagnosis: Diagnosis
    known: Detections | None = None
    """What is in it, if the detector need not see it: what it saw shortly before, or nothing."""
    first: bool = False
    """Whether the first look suspected nothing in it."""


class Looker(threading.Thread):
    """Looks at what the roster says is owed. Several lookers share one detector, so that one
    decodes while another detects; what they judge and tell is done by one at a time."""

    def __init__(
        self,
        roster: Roster,
        eyes: Eyes,
        *,
        judging: AbstractContextManager[object],
        batch: int,
        attention: Attention,
        clock: Clock,
        on_news: OnNews,
        on_picture: OnPicture,
    ) -> None:
        """`judging` is held while patrols are asked and their news told: one for all lookers.
        `batch`: so many owed posts are taken in hand at once, at most."""
        super().__init__(name="looker", daemon=True)
        self._roster = roster
        self._eyes = eyes
        self._judging = judging
        self._batch = batch
        self._attention = attention
        self._clock = clock
        self._on_news = on_news
        self._on_picture = on_picture
        self._stopping = threading.Event()
        self.on_turn: Callable[[], None] = lambda: None

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        self.join(timeout_s)

    def run(self) -> None:
        while not self._stopping.is_set():
            looked = False
            with steadfast("look"):
                looked = self._round(self._clock.moment())
                self.on_turn()
            if not looked:  # or it failed, and would fail again at once
                self._stopping.wait(IDLE_WAIT_S)

    def _round(self, now: Moment) -> bool:
        """Tick, and look at one batch; whether there was anything to look at."""
        if self._roster.takes_tick(now):
            self._tick(now)
        self._hear()
        detector = self._eyes.detector(now)
        at_once = 1 if detector is None else detector.at_once
        taken = self._take(now, self._batch if at_once > 1 else min(self._batch, ONE_BY_ONE))
        if taken:
            try:
                for start in range(0, len(taken), at_once):
                    together = taken[start : start + at_once]
                    with self._roster.busy(*(each.post for each in together)):
                        self._look(together, detector)
                    self.on_turn()  # on a machine without rest a whole round may take very long
            finally:
                for each in taken:
                    self._roster.release(each.post)
        return bool(taken)

    def _tick(self, now: Moment) -> None:
        """Close what cannot be seen any more, count what was not looked at."""
        with self._judging:
            for post in self._roster.posts:
                with steadfast("tick", camera=post.camera_id):
                    post.keep_hours(now)
                    post.miss_if_late(now)
                    if news := post.patrol.tick(now.at, now.s):
                        self._on_news(post, None, news)

    def _hear(self) -> None:
        """Hand second looks to the patrols that asked for them."""
        for question, seen in self._attention.answers():
            post = question.post
            with steadfast("second look", camera=post.camera_id), self._judging:
                post.kept.keep_second(question.wish, seen)
                if news := post.step.hear(question.wish, seen):
                    self._on_news(post, question.frame, news)

    def _take(self, now: Moment, claims: int) -> list[Taken]:
        """The newest pictures of suspicious cameras, whether keyframes or not, and at most so many
        `claims` of those that are owed; if there is room, those that activity calls for."""
        taken: list[Taken] = []
        owed = self._roster.owed(now)
        for post in self._roster.suspicious(now, owed):
            self._take_one(post, taken, follow=True)
        most = len(taken) + claims
        before = len(taken)
        for post in owed:
            if len(taken) == most:
                break
            # Whoever asks to look now does not mean the last keyframe.
            self._take_one(post, taken, follow=post.asked.waiting)
        self._roster.looked_in_time(len(taken) - before)
        if len(taken) < most:
            for post in self._roster.stirred(now, owed)[: most - len(taken)]:
                if self._take_one(post, taken, early=True):
                    self._roster.looked_early(post, now)
        return taken

    def _take_one(
        self,
        post: CameraPost,
        taken: list[Taken],
        *,
        follow: bool = False,
        early: bool = False,
    ) -> bool:
        """Add the post's newest picture to what is taken; whether there was a new one."""
        if not self._roster.claim(post):
            return False
        frame: Frame | None = None
        with steadfast("take", camera=post.camera_id), self._roster.busy(post):
            if post.pause is None:  # it may just have been paused
                frame = post.reader.take(follow=follow)
        if frame is None:
            self._roster.release(post)
            return False
        taken.append(Taken(post, frame, early))
        self.on_turn()  # a camera of rare keyframes may have cost seconds
        return True

    def _look(self, taken: Sequence[Taken], detector: Detector | None) -> None:
        """Show and diagnose the pictures, then let the detector see those that can be judged and
        show something new. What fails for one camera costs the others nothing."""
        fresh: list[Shown] = []
        for each in taken:
            with _alone(each):
                shown = self._show(each, detector)
                if shown.known is not None:
                    with self._judging:
                        self._judge(shown, shown.known, detector)
                elif not shown.diagnosis.blinds:
                    fresh.append(shown)
        if not fresh:
            return
        with _alone(*(shown.taken for shown in fresh)):
            seen = self._detect(detector, [shown.image for shown in fresh])
            for index, shown in enumerate(fresh):
                with _alone(shown.taken), self._judging:
                    self._judge(shown, seen[index] if seen else None, detector)

    def _show(self, taken: Taken, detector: Detector | None) -> Shown:
        """Scale the picture, show and diagnose it, and remember what is in it, if that is known.
        Whoever asked to look now, and packets that tell of activity, want it seen."""
        post, frame = taken.post, taken.frame
        image = frame.scaled(_look_wh(detector, frame))
        diagnosis = self._diagnose(taken, image)
        if diagnosis.blinds or detector is None:
            return Shown(taken, image, diagnosis)
        wanted = taken.early or post.asked.waiting
        with self._judging:
            known = post.step.recall_seen(
                image, frame.captured_at, frame.size_wh, frame.captured_s, wanted=wanted
            )
            may_look_first = known is None and post.step.may_look_first(
                frame.captured_at, frame.captured_s, wanted=wanted
            )
        if may_look_first and self._finds_nothing_first(post, image):
            return Shown(taken, image, diagnosis, Detections.empty(), first=True)
        return Shown(taken, image, diagnosis, known)

    def _finds_nothing_first(self, post: CameraPost, image: Image) -> bool:
        """Whether the first look suspects nothing; where it cannot look, the detector does."""
        if self._eyes.first_look is None:
            return False
        try:
            return not post.step.suspects(self._eyes.first_look.look(image))
        except ModelError as error:
            log.error("the first look failed", error=str(error))
            return False

    def _detect(
        self, detector: Detector | None, images: Sequence[Image]
    ) -> Sequence[Detections] | None:
        """What is in the pictures, or None when nothing can look at them today."""
        if detector is None:
            return None
        try:
            return detector.detect(images)
        except ModelError as error:
            log.error("the detector failed", error=str(error))
            return None

    def _diagnose(self, taken: Taken, image: Image) -> Diagnosis:
        """Show the picture and diagnose it: a black or frozen one is shown but not judged. In one
        that is only bad a fire may still be seen."""
        post, frame = taken.post, taken.frame
        if post.wants_to_be_shown(frame.captured):
            self._on_picture(post.camera_id, thumbnail(image, THUMBNAIL_WIDTH), frame.captured_at)
        diagnosis = post.step.diagnose(image, frame.captured_at, frame.captured_s)
        post.note_picture(diagnosis, frame.captured)
        if diagnosis.fault is not None and diagnosis.blinds:
            post.kept.keep_blinded(frame.captured_at, diagnosis)
            post.skip(frame, diagnosis.fault.value, early=taken.early)
        return diagnosis

    def _judge(
        self, shown: Shown, detections: Detections | None, detector: Detector | None
    ) -> None:
        taken = shown.taken
        post, frame = taken.post, taken.frame
        if detections is None or detector is None:
            post.skip(frame, MissCause.NO_DETECTOR.value, early=taken.early)
            return
        at, size_wh = frame.captured_at, frame.size_wh
        same = shown.known is not None and not shown.first
        look = Look(
            post.camera_id,
            at,
            detections,
            size_wh,
            shown.image,
            frame.captured_s,
            unchanged=same,
            first=shown.first,
        )
        post.kept.keep(look, shown.diagnosis)
        if news := post.step.judge(look, detector.ref):
            self._on_news(post, frame, news)
        wish = post.step.wish
        if wish is not None and self._attention.ask(Question(post, wish, frame)):
            post.step.asked(wish)
        runs_on = str(detector.runs_on)
        post.looked(look, frame, runs_on, early=taken.early)


@contextmanager
def _alone(*taken: Taken) -> Iterator[None]:
    """What is done for some cameras. If it fails, their looks count as skipped: who still waited
    would be owed most for ever, and cost others their turn."""
    try:
        yield
    except Exception:
        log.exception("look failed", camera=", ".join(each.post.camera_id for each in taken))
        for each in taken:
            each.post.skip(each.frame, MissCause.FAILED.value, early=each.early)


def _look_wh(detector: Detector | None, frame: Frame) -> tuple[int, int]:
    """The size a frame is looked at in: the network's own, or that of the wall without one."""
    if detector is not None:
        return detector.fit_wh(frame.size_wh)
    width, height = frame.size_wh
    return THUMBNAIL_WIDTH, max(2, round(height * THUMBNAIL_WIDTH / width))
