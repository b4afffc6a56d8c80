"""The look step 巡看: the one way from a picture of a camera to its incidents.

A picture is diagnosed, a detector sees what is in it, unless it shows what it saw shortly before,
the rules judge that, and what they doubt is looked at a second time. The worker, `patrol eval`,
`patrol quiet` and the replay of rules all go this way; they differ only in where pictures,
detections and second looks come from. A worker lets one detector see the pictures of many cameras
between `recall_seen` and `judge`, and answers a wish later, with `hear`; who looks at one camera
alone has all of it in `look`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.health import FaultKind
from domain.incident import ModelRef
from models.detections import Detections, Heat
from streams.frame import Image
from vision.attention_speed import AttentionSettings, AttentionSpan
from vision.first_look import FirstLookSettings, FullLooks, LookFirst
from vision.incidents import IncidentMessage
from vision.look import Look
from vision.patrol import CameraPatrol, SecondLookWish
from vision.picture.diagnosis import PictureSettings, PictureWatch
from vision.picture.unchanged import Unchanged, UnchangedSettings
from vision.second_look.taking import SecondLookSettings
from vision.second_look.verdict import SecondLook

See = Callable[[Image], Detections]
"""What a detector sees in a small picture, (h, w, 3) uint8 BGR."""
LookTwice = Callable[[SecondLookWish], SecondLook | None]
"""Takes the second look that is wished for; None where there is nothing to take it of."""


@dataclass(frozen=True, slots=True)
class LookSettings:
    """How a camera is looked at; by default as by a worker that is told nothing else."""

    picture: PictureSettings = field(default_factory=PictureSettings)
    attention: AttentionSettings = field(default_factory=AttentionSettings)
    second_look: SecondLookSettings = field(default_factory=SecondLookSettings)
    unchanged: UnchangedSettings = field(default_factory=UnchangedSettings)
    first: FirstLookSettings = field(default_factory=FirstLookSettings)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What picture diagnosis says of one picture."""

    fault: FaultKind | None = None
    view_doubted: bool = False
    """Whether it shows another view than the one that zones were drawn in, for now."""
    view_moved: bool = False
    """Whether the view is another one for good."""

    @property
    def blinds(self) -> bool:
        """Whether the picture shows nothing that could be judged."""
        return self.fault is not None and self.fault.blinds

    @property
    def is_sound(self) -> bool:
        """Whether nothing is said against the picture."""
        return self.fault is None and not self.view_doubted and not self.view_moved


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one picture."""

    diagnosis: Diagnosis
    messages: tuple[IncidentMessage, ...]
    looked: bool
    """Whether it was judged: what blinds is not."""
    first: bool = False
    """Whether it was judged by a first look alone."""
    suspicious: bool = False
    """Whether some rule would soon know more, before any second look was heard."""
    wish: SecondLookWish | None = None
    """The second look that was wished for and due."""
    second: SecondLook | None = None
    """What it found, where it was taken."""


class LookStep:
    """Leads the pictures of one camera to its incidents. Not for several threads at once."""

    def __init__(
        self,
        patrol: CameraPatrol,
        settings: LookSettings | None = None,
        *,
        picture: PictureWatch | None = None,
    ) -> None:
        """`picture`: a watch that goes on from what an earlier run learned; else a fresh one."""
        settings = settings or LookSettings()
        self.patrol = patrol
        self.picture = picture or PictureWatch(settings.picture)
        self.attention = settings.attention
        self._span = AttentionSpan(self.attention)
        self._second_looks = settings.second_look
        self._unchanged = Unchanged(settings.unchanged)
        self._first = settings.first
        self._full_looks = FullLooks(settings.first)
        self._asked_at: datetime | None = None

    @property
    def closer_pictures(self) -> int:
        """In so many pictures of a second look the detector looks closer."""
        return self._second_looks.closer_pictures

    def attended(self, now_s: float) -> bool:
        """Whether the camera is to be looked at at attention speed, at a moment in seconds that
        nobody sets; call again whenever time has passed."""
        return self._span.holds(self.patrol.suspicious, now_s)

    def look(
        self,
        camera_id: str,
        image: Image,
        at: datetime,
        size_wh: tuple[int, int],
        *,
        see: See,
        look_twice: LookTwice,
        look_first: LookFirst | None = None,
    ) -> Step:
        """The whole step, for who looks at one camera alone on a virtual clock.

        Args:
            image: the small picture, (h, w, 3) uint8 BGR, always scaled in one way.
            at: when it was captured (aware, UTC).
            size_wh: the size of the picture that it was scaled from, in pixels.
        """
        diagnosis = self.diagnose(image, at)
        if diagnosis.blinds:
            return Step(diagnosis, tuple(self.patrol.tick(at)), looked=False)
        known = self.recall_seen(image, at, size_wh)
        first = known is None and self._finds_nothing_first(image, at, look_first)
        if known is not None:
            look = Look(camera_id, at, known, size_wh, image, unchanged=True)
        else:
            seen = Detections.empty() if first else see(image)
            look = Look(camera_id, at, seen, size_wh, image, first=first)
        return self.judged(diagnosis, look, look_twice)

    def _finds_nothing_first(self, image: Image, at: datetime, look: LookFirst | None) -> bool:
        return look is not None and self.may_look_first(at) and not self.suspects(look(image))

    def judged(self, diagnosis: Diagnosis, look: Look, look_twice: LookTwice) -> Step:
        """The step from its second half on: what was seen is judged, and looked at twice."""
        messages = self.judge(look)
        suspicious, wish = self.patrol.suspicious, self.wish
        second = None
        if wish is not None:
            self.asked(wish)
            second = look_twice(wish)
            messages += [] if second is None else self.hear(wish, second)
        return Step(diagnosis, tuple(messages), True, look.first, suspicious, wish, second)

    def diagnose(self, image: Image, at: datetime, now_s: float | None = None) -> Diagnosis:
        """Let the picture be diagnosed, and the rules know of the view. `image`: the small picture,
        (h, w, 3) uint8 BGR; `now_s` as `Look.now_s`."""
        fault = self.picture.look(image, at, now_s)
        diagnosis = Diagnosis(fault, self.picture.doubts_view, self.picture.moved)
        self.recall(diagnosis)
        if not diagnosis.is_sound:
            self._unchanged.forget()
            self._full_looks.forget()
        return diagnosis

    def recall_seen(
        self,
        image: Image,
        at: datetime,
        size_wh: tuple[int, int],
        now_s: float | None = None,
        *,
        wanted: bool = False,
    ) -> Detections | None:
        """What the detector saw shortly before in a picture that this one equals; None if it has
        to see this one. To be asked of each picture that was diagnosed and can be judged.

        Nothing is recalled while a rule suspects, doubts or tells of anything: then each look
        counts. `wanted`: nor when somebody wants this picture seen.
        """
        at_s = at.timestamp() if now_s is None else now_s
        doubted = wanted or not self.patrol.at_ease
        ignored = self.patrol.ignored_at(at)
        return self._unchanged.recall(image, size_wh, at_s, doubted=doubted, ignored=ignored)

    def may_look_first(
        self, at: datetime, now_s: float | None = None, *, wanted: bool = False
    ) -> bool:
        """Whether a first look may do for a picture that the detector has not to see for another
        reason; arguments as for `recall_seen`."""
        if wanted or not self.patrol.at_ease:
            return False
        at_s = at.timestamp() if now_s is None else now_s
        apart_s = self.patrol.full_looks_apart_s(at)
        return self._full_looks.suffices_first(at_s, apart_s=apart_s)

    def suspects(self, heat: Heat) -> bool:
        """Whether the detector has to see a picture of which the first look says this."""
        return self._first.suspects(heat)

    def recall(self, diagnosis: Diagnosis) -> None:
        """Let the rules know of the view as it was diagnosed before."""
        self.patrol.note_view(doubted=diagnosis.view_doubted, moved=diagnosis.view_moved)

    def judge(self, look: Look, model: ModelRef | None = None) -> list[IncidentMessage]:
        """Let the rules judge what was seen; `model` is told where it may change."""
        if model is not None:
            self.patrol.use_model(model)
        at_s = look.at.timestamp() if look.now_s is None else look.now_s
        self._full_looks.note(at_s, full=not look.first)
        if look.picture is not None and not look.unchanged and not look.first:
            self._unchanged.keep(look.picture, look.size_wh, at_s, look.detections)
        return self.patrol.look(look)

    @property
    def wish(self) -> SecondLookWish | None:
        """The second look that the newest look calls for; none while one was asked for shortly."""
        wish = self.patrol.wants_second_look
        if wish is None or not self._second_looks.enabled:
            return None
        asked_s = None if self._asked_at is None else (wish.at - self._asked_at).total_seconds()
        too_soon = asked_s is not None and 0 <= asked_s < self._second_looks.camera_every_s
        return None if too_soon else wish

    def asked(self, wish: SecondLookWish) -> None:
        """Say that somebody takes the second look. What nobody takes is wished for again."""
        self._asked_at = wish.at

    def hear(self, wish: SecondLookWish, seen: SecondLook) -> list[IncidentMessage]:
        """Take in what a second look found; what opens by it opens now."""
        return self.patrol.hear(wish, seen)
