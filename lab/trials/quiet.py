"""Many hours of footage in which nothing happens, made of little, to count false incidents.

A clip without incidents is varied (`lab.trials.variant`) and each variant is looped on a virtual
clock. Loops show the same pictures again, so what the detector sees in each, and at twice the size
around a box, is kept; diagnosis, rules, their pixels, attention and second looks run anew in every
round, and where a round is no multiple of the look interval, each round is looked at at other
moments.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.messages import IncidentOpened
from edge.state.kept_looks import KeptLook
from lab.trials.evaluate import STARTS_AT
from lab.trials.quiet_pictures import QuietPicture, Varied
from lab.trials.recording import RecordedLook, Recording
from lab.trials.truth import ClipTruth, Truth
from lab.trials.variant import ViewVariant, zones_seen_by
from models.detections import Detections, Heat
from models.detector import Detects
from streams.frame import Image
from vision.first_look import LookFirst
from vision.look import Look
from vision.look_step import LookSettings, LookStep, Step
from vision.patrol import CameraPatrol, SecondLookWish
from vision.second_look.closer import Closer
from vision.second_look.taking import CloserSight, take_second_look
from vision.second_look.verdict import CROPS_HZ, SPAN_S, SecondLook


@dataclass(frozen=True)
class QuietRun:
    """One variant of one clip, looped."""

    file: str
    variant: ViewVariant
    hours: float
    opened: tuple[IncidentOpened, ...]


class _Loop:
    """A clip's pictures over and over, and what the detector and the first look see in them."""

    def __init__(
        self,
        pictures: Sequence[QuietPicture],
        variant: ViewVariant,
        detector: Detects,
        look_first: LookFirst | None,
    ) -> None:
        self._pictures = pictures
        self._variant = variant
        self._images = [variant.seen(picture.small) for picture in pictures]
        self._detector = detector
        self._look_first = look_first
        self._seen: dict[int, Detections] = {}
        self._heat: dict[int, Heat] = {}
        self._closer: dict[object, Closer | None] = {}

    def number(self, at_s: float) -> int:
        return int(at_s * CROPS_HZ + 1e-6) % len(self._images)

    def picture(self, at_s: float) -> Image:
        return self._images[self.number(at_s)]

    def seen(self, at_s: float) -> Detections:
        number = self.number(at_s)
        if number not in self._seen:
            (self._seen[number],) = self._detector.detect([self._images[number]])
        return self._seen[number]

    def first(self, at_s: float) -> LookFirst | None:
        """The first look at the picture of a moment."""
        look, number = self._look_first, self.number(at_s)
        if look is None:
            return None

        def remembered(_image: Image) -> Heat:
            if number not in self._heat:
                self._heat[number] = look(self._images[number])
            return self._heat[number]

        return remembered

    def second_look(self, wish: SecondLookWish, at_s: float, pictures: int) -> SecondLook:
        """What a second look finds in the seconds before, around the box."""
        count = int(SPAN_S * CROPS_HZ) + 1
        times_s = [at_s - n / CROPS_HZ for n in range(count)]
        shown = [self._shown(t) for t in times_s if t >= 0]
        seen = take_second_look(wish, shown)
        key = self.number(at_s), len(shown), wish.box.xyxy
        if key not in self._closer:
            sharp = [one.sharp(self._variant) for one in shown]
            self._closer[key] = CloserSight(self._detector, pictures).look(wish, sharp)
        return replace(seen, closer=self._closer[key])

    def _shown(self, at_s: float) -> Varied:
        return Varied(self.picture(at_s), self._pictures[self.number(at_s)], _at(at_s))


def watch_quiet(
    clip: ClipTruth,
    truth: Truth,
    pictures: Sequence[QuietPicture],
    variant: ViewVariant,
    detector: Detects,
    *,
    hours: float,
    look_every_s: float,
    timezone: ZoneInfo,
    looking: LookSettings | None = None,
    look_first: LookFirst | None = None,
    recording: Recording | None = None,
) -> QuietRun:
    """Loop one variant of a clip before a fresh patrol; answers what it opened. `recording` is
    filled with what was seen."""
    loop = _Loop(pictures, variant, detector, look_first)
    rules, zones = zones_seen_by(variant, truth.rules_of(clip), clip.zones)
    patrol = CameraPatrol(
        "clip",
        rules,
        zones,
        timezone=timezone,
        model=detector.ref,
        notice=None,
    )
    step = LookStep(patrol, looking)
    opened: list[IncidentOpened] = []
    for at_s, attended in _looks_s(hours * 3600, look_every_s, step):
        done = _look(step, loop, at_s)
        opened += [one for one in done.messages if isinstance(one, IncidentOpened)]
        if recording is not None:
            _record(recording, done, loop, at_s, attended=attended)
    return QuietRun(clip.file, variant, hours, tuple(opened))


def _looks_s(seconds: float, look_every_s: float, step: LookStep) -> Iterator[tuple[float, bool]]:
    """When the camera is looked at: as promised, and faster while something is suspected; with
    each, whether it is one of those between."""
    steps = max(round(look_every_s / step.attention.look_every_s), 1)
    for number in range(int(seconds / look_every_s) * steps):
        at_s = number * look_every_s / steps
        attended = step.attended(at_s)
        if number % steps == 0 or attended:
            yield at_s, number % steps != 0


def _record(recording: Recording, done: Step, loop: _Loop, at_s: float, *, attended: bool) -> None:
    """Keep what was seen, without pictures."""
    at, look = _at(at_s), None
    if done.looked:
        height, width = loop.picture(at_s).shape[:2]
        seen = Detections.empty() if done.first else loop.seen(at_s)
        look = Look("clip", at, seen, (width, height), first=done.first)
    kept = KeptLook(at, done.diagnosis, look)
    recording.looks.append(RecordedLook(kept, attended, float(loop.picture(at_s).mean())))
    if done.wish is not None and done.second is not None:
        recording.looked_twice(done.wish, done.second)


def _look(step: LookStep, loop: _Loop, at_s: float) -> Step:
    picture = loop.picture(at_s)
    return step.look(
        "clip",
        picture,
        _at(at_s),
        (picture.shape[1], picture.shape[0]),
        see=lambda _picture: loop.seen(at_s),
        look_twice=lambda wish: loop.second_look(wish, at_s, step.closer_pictures),
        look_first=loop.first(at_s),
    )


def _at(at_s: float) -> datetime:
    return STARTS_AT + timedelta(seconds=at_s)
