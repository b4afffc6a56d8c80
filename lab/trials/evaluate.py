"""Replays clips through the real pipeline on a virtual clock and compares with the truth."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.errors import StreamNotFound
from domain.incident import ModelRef
from edge.state.kept_looks import KeptLook
from lab.trials.boxes import WrittenBoxes
from lab.trials.dense_file import DenseFile
from lab.trials.recording import RecordedLook, Recording
from lab.trials.scoring import ClipScore, ReplayedFault, replayed_incidents, score_clip
from lab.trials.trace import LookMark, Trace
from lab.trials.truth import ClipTruth, Truth
from models.detections import Detections
from models.detector import Detects
from settings.yamlfile import read_as
from streams.frame import Frame, Image
from streams.replay import replay
from vision.first_look import LookFirst
from vision.incidents import IncidentMessage
from vision.look import Look
from vision.look_step import LookSettings, LookStep, Step
from vision.patrol import CameraPatrol
from vision.second_look.taking import CloserSight, take_second_look

STARTS_AT = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
"""Noon in Shanghai, within the hours of every default rule: when clips begin."""

OnProgress = Callable[[ClipTruth, float], None]
"""Called with the clip that is replayed and the seconds of it that are done."""


def load_truth(path: Path) -> Truth:
    """Read a truth file.

    Raises:
        ConfigurationError: everything wrong with it, a line each.
    """
    return read_as(Truth, path)


def starts_at(clip: ClipTruth, timezone: ZoneInfo) -> datetime:
    """When a clip begins on the virtual clock, UTC."""
    if clip.starts_at is None:
        return STARTS_AT
    midnight = STARTS_AT.astimezone(timezone).replace(hour=0, minute=0)
    return (midnight + timedelta(minutes=clip.starts_at)).astimezone(UTC)


def replay_clip(
    clip: ClipTruth,
    truth: Truth,
    media_dir: Path,
    detector: Detects,
    *,
    look_every_s: float,
    timezone: ZoneInfo,
    looking: LookSettings | None = None,
    look_first: LookFirst | None = None,
    trace: Trace | None = None,
    recording: Recording | None = None,
    on_progress: OnProgress = lambda _clip, _seconds: None,
) -> ClipScore:
    """Decode, diagnose, detect, track and judge one clip, and score what it opened. Second looks
    see the seconds before the look that asks for them, as a camera's ring would have them.

    Args:
        look_first: what looks before the detector does; none if every look is to be full. Where a
            clip's boxes were written down instead of seen it is not asked.
        trace: filled with what happened at each look.
        recording: filled with what was seen in each, so that rules can judge it again.

    Raises:
        StreamError: the clip cannot be read.
        ConfigurationError: its file of boxes cannot.
        ModelError: the detector failed.
    """
    watching = _Watching(
        clip,
        truth,
        media_dir,
        detector,
        looking,
        look_first,
        trace or Trace(),
        timezone,
        recording,
    )
    for frame, attended in watching.frames(look_every_s):
        watching.look(frame, attended=attended)
        on_progress(clip, watching.seconds)
    watching.end()
    return score_clip(
        clip.file,
        clip.incidents,
        replayed_incidents(watching.messages, watching.start_at),
        max(watching.seconds, clip.repeat_to_s or 0.0),
        rules=truth.rules_of(clip),
        faults=[ReplayedFault.of(mark) for mark in watching.trace.faults],
        expected_faults=clip.faults,
    )


class _Sight:
    """What sees: the detector, or boxes that were written down."""

    def __init__(self, detector: Detects, boxes: WrittenBoxes | None) -> None:
        self._detector = detector
        self._boxes = boxes
        self.ref: ModelRef = detector.ref if boxes is None else boxes.ref
        self.seen: Detections | None = None
        """What was seen last: what a look recalls that is not seen itself."""

    def scaled(self, frame: Frame) -> Image:
        return frame.scaled(self._detector.fit_wh(frame.size_wh))

    def see(self, image: Image, at_s: float) -> Detections:
        if self._boxes is not None:
            self.seen = self._boxes.at(at_s)
        else:
            (self.seen,) = self._detector.detect([image])
        return self.seen

    def closer(self, pictures: int) -> CloserSight | None:
        """What looks closer at so many pictures; nothing where boxes were written down: of crops
        they say nothing."""
        return None if self._boxes is not None else CloserSight(self._detector, pictures)


class _Watching:
    """One clip before one patrol, as a worker has a camera before its own."""

    def __init__(
        self,
        clip: ClipTruth,
        truth: Truth,
        media_dir: Path,
        detector: Detects,
        looking: LookSettings | None,
        look_first: LookFirst | None,
        trace: Trace,
        timezone: ZoneInfo,
        recording: Recording | None,
    ) -> None:
        self.trace, self.recording = trace, recording
        trace.start_at = starts_at(clip, timezone)
        self.messages: list[IncidentMessage] = []
        self.seconds = 0.0
        self.start_at = starts_at(clip, timezone)
        self._file, self._repeat_to_s = media_dir / clip.file, clip.repeat_to_s
        if not self._file.exists():
            words = f"expected the clip {clip.file} in {media_dir}, it is not there"
            raise StreamNotFound(words)
        boxes = None if clip.boxes is None else WrittenBoxes.read(media_dir / clip.boxes)
        self._sight = _Sight(detector, boxes)
        self._look_first = look_first if boxes is None else None
        patrol = CameraPatrol(
            "clip",
            truth.rules_of(clip),
            clip.zones,
            timezone=timezone,
            model=self._sight.ref,
            notice=None,
            tell_held_back=trace.held_back.append,
        )
        self._step = LookStep(patrol, looking)
        self._keeps_pictures = any(rule.watches_ground for rule in truth.rules_of(clip).values())
        self._closer = self._sight.closer(self._step.closer_pictures)
        self._dense = DenseFile(self._file, start_at=self.start_at, repeat_to_s=clip.repeat_to_s)

    def frames(self, look_every_s: float) -> Iterator[tuple[Frame, bool]]:
        """The pictures that are looked at, and whether attention asked for them."""
        frames = replay(
            self._file,
            look_every_s=look_every_s,
            start_at=self.start_at,
            repeat_to_s=self._repeat_to_s,
        )
        promise = timedelta(seconds=look_every_s)
        return _attended(frames, self._step, self._dense, promise)

    def look(self, frame: Frame, *, attended: bool) -> None:
        """Diagnose the picture; judge it unless it shows nothing."""
        at = frame.captured_at
        self.seconds = (at - self.start_at).total_seconds()
        image = self._sight.scaled(frame)
        step = self._step.look(
            "clip",
            image,
            at,
            frame.size_wh,
            see=lambda image: self._sight.see(image, self.seconds),
            look_twice=lambda wish: take_second_look(
                wish, self._dense.until(wish.at), self._closer
            ),
            look_first=self._look_first,
        )
        self.messages += step.messages
        self._trace(step)
        self._record(step, frame, image, attended=attended)

    def _trace(self, step: Step) -> None:
        patrol, fault = self._step.patrol, step.diagnosis.fault
        self.trace.diagnosed(fault, self.seconds)
        if step.wish is not None and step.second is not None:
            self.trace.looked_twice(step.wish, step.second, self.seconds)
        blinded = None if step.looked else fault
        opened = step.looked and bool(patrol.open_incidents)
        suspicious = step.looked and step.suspicious
        self.trace.looked(LookMark(self.seconds, suspicious, opened, blinded))

    def _record(self, step: Step, frame: Frame, image: Image, *, attended: bool) -> None:
        """Keep what was seen; pictures only where a rule looks at the ground in them."""
        if self.recording is None:
            return
        at, look = frame.captured_at, None
        if step.looked and self._sight.seen is not None:
            picture = image if self._keeps_pictures else None
            seen = Detections.empty() if step.first else self._sight.seen
            look = Look("clip", at, seen, frame.size_wh, picture, first=step.first)
        kept = KeptLook(at, step.diagnosis, look)
        self.recording.looks.append(RecordedLook(kept, attended, float(image.mean())))
        if step.wish is not None and step.second is not None:
            self.recording.looked_twice(step.wish, step.second)

    def end(self) -> None:
        """The clip is over."""
        self._step.patrol.end_held_back()


def _attended(
    frames: Iterable[Frame], step: LookStep, dense: DenseFile, promise: timedelta
) -> Iterator[tuple[Frame, bool]]:
    """The pictures of the looks; while the patrol suspects something, those between them too, and
    those that are left after the last one. With each, whether it is one of those between."""
    every = timedelta(seconds=step.attention.look_every_s)
    last_at: datetime | None = None
    next_at = datetime.min.replace(tzinfo=UTC)
    for frame in chain(frames, [None]):
        before = next_at if frame is None else frame.captured_at
        between = _between(last_at, before, step.patrol, dense)
        for extra in between:
            if last_at is not None and extra.captured_at < last_at + every:
                continue
            if not step.attended(extra.captured_s):
                break
            last_at = extra.captured_at
            yield extra, True
        if frame is not None:
            last_at, next_at = frame.captured_at, frame.captured_at + promise
            yield frame, False


def _between(
    after: datetime | None, before: datetime, patrol: CameraPatrol, dense: DenseFile
) -> list[Frame]:
    """What a suspicious camera showed between two looks."""
    if after is None or not patrol.suspicious:
        return []
    seen = dense.until(before)
    return [frame for frame in seen if after < frame.captured_at < before]
