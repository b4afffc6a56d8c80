"""Replays clips through the real pipeline on a virtual clock and compares with the truth."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.errors import StreamNotFound
from domain.incident import ModelRef
from models.detections import Detections
from models.detector import Detects
from patrol.attention_speed import AttentionSettings, AttentionSpan
from patrol.boxes import WrittenBoxes
from patrol.scoring import ClipScore, ReplayedFault, replayed_incidents, score_clip
from patrol.second_look import DenseFile, take_second_look
from patrol.trace import LookMark, Trace
from patrol.truth import ClipTruth, Truth
from patrol.yamlfile import read_as
from streams.frame import Frame, Image
from streams.replay import replay
from vision.incidents import IncidentMessage
from vision.look import Look
from vision.patrol import CameraPatrol
from vision.picture import PictureSettings, PictureWatch

STARTS_AT = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
"""Noon in Shanghai, within the hours of every default rule: when clips begin."""

DEFAULT_ATTENTION = AttentionSettings()

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
    second_looks: bool = True,
    attention: AttentionSettings = DEFAULT_ATTENTION,
    picture: PictureSettings | None = None,
    trace: Trace | None = None,
    on_progress: OnProgress = lambda _clip, _seconds: None,
) -> ClipScore:
    """Decode, diagnose, detect, track and judge one clip, and score what it opened. Second looks
    see the seconds before the look that asks for them, as a camera's ring would have them.

    Args:
        trace: filled with what happened at each look.

    Raises:
        StreamError: the clip cannot be read.
        ConfigurationError: its file of boxes cannot.
        ModelError: the detector failed.
    """
    watching = _Watching(
        clip, truth, media_dir, detector, PictureWatch(picture), trace or Trace(), timezone
    )
    watching.second_looks = second_looks
    for frame in watching.frames(look_every_s, attention):
        watching.look(frame)
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

    def scaled(self, frame: Frame) -> Image:
        return frame.scaled(self._detector.fit_wh(frame.size_wh))

    def see(self, image: Image, at_s: float) -> Detections:
        if self._boxes is not None:
            return self._boxes.at(at_s)
        (seen,) = self._detector.detect([image])
        return seen


class _Watching:
    """One clip before one patrol, as a worker has a camera before its own."""

    def __init__(
        self,
        clip: ClipTruth,
        truth: Truth,
        media_dir: Path,
        detector: Detects,
        picture: PictureWatch,
        trace: Trace,
        timezone: ZoneInfo,
    ) -> None:
        self.trace = trace
        trace.start_at = starts_at(clip, timezone)
        self.messages: list[IncidentMessage] = []
        self.seconds = 0.0
        self.start_at = starts_at(clip, timezone)
        self.second_looks = True
        self._file, self._repeat_to_s = media_dir / clip.file, clip.repeat_to_s
        if not self._file.exists():
            words = f"expected the clip {clip.file} in {media_dir}, it is not there"
            raise StreamNotFound(words)
        boxes = None if clip.boxes is None else WrittenBoxes.read(media_dir / clip.boxes)
        self._sight = _Sight(detector, boxes)
        self._picture = picture
        self._patrol = CameraPatrol(
            "clip",
            truth.rules_of(clip),
            clip.zones,
            timezone=timezone,
            model=self._sight.ref,
            notice=None,
            tell_held_back=trace.held_back.append,
        )
        self._dense = DenseFile(self._file, start_at=self.start_at, repeat_to_s=clip.repeat_to_s)

    def frames(self, look_every_s: float, attention: AttentionSettings) -> Iterator[Frame]:
        """The pictures that are looked at."""
        frames = replay(
            self._file,
            look_every_s=look_every_s,
            start_at=self.start_at,
            repeat_to_s=self._repeat_to_s,
        )
        promise = timedelta(seconds=look_every_s)
        return _attended(frames, self._patrol, self._dense, attention, promise)

    def look(self, frame: Frame) -> None:
        """Diagnose the picture; judge it unless it shows nothing."""
        at = frame.captured_at
        self.seconds = (at - self.start_at).total_seconds()
        image = self._sight.scaled(frame)
        fault = self._picture.look(image, at)
        self.trace.diagnosed(fault, self.seconds)
        self._patrol.note_view(doubted=self._picture.doubts_view, moved=self._picture.moved)
        if fault is not None and fault.blinds:
            self.messages += self._patrol.tick(at)
            self.trace.looked(LookMark(self.seconds, blinded=fault))
            return
        seen = self._sight.see(image, self.seconds)
        self.messages += self._patrol.look(Look("clip", at, seen, frame.size_wh, image))
        suspicious = self._patrol.suspicious
        self._look_twice()
        opened = bool(self._patrol.open_incidents)
        self.trace.looked(LookMark(self.seconds, suspicious=suspicious, open=opened))

    def end(self) -> None:
        """The clip is over."""
        self._patrol.end_held_back()

    def _look_twice(self) -> None:
        wish = self._patrol.wants_second_look
        if wish is None or not self.second_looks:
            return
        seen = take_second_look(wish, self._dense.until(wish.at))
        self.messages += self._patrol.hear(wish, seen)
        self.trace.looked_twice(wish, seen, self.seconds)


def _attended(
    frames: Iterable[Frame],
    patrol: CameraPatrol,
    dense: DenseFile,
    settings: AttentionSettings,
    promise: timedelta,
) -> Iterator[Frame]:
    """The pictures of the looks; while the patrol suspects something, those between them too, and
    those that are left after the last one."""
    span, every = AttentionSpan(settings), timedelta(seconds=settings.look_every_s)
    last_at: datetime | None = None
    next_at = datetime.min.replace(tzinfo=UTC)
    for frame in chain(frames, [None]):
        before = next_at if frame is None else frame.captured_at
        between = _between(last_at, before, patrol, dense)
        for extra in between:
            if last_at is not None and extra.captured_at < last_at + every:
                continue
            if not span.holds(patrol.suspicious, extra.captured_s):
                break
            last_at = extra.captured_at
            yield extra
        if frame is not None:
            last_at, next_at = frame.captured_at, frame.captured_at + promise
            yield frame


def _between(
    after: datetime | None, before: datetime, patrol: CameraPatrol, dense: DenseFile
) -> list[Frame]:
    """What a suspicious camera showed between two looks."""
    if after is None or not patrol.suspicious:
        return []
    seen = dense.until(before)
    return [frame for frame in seen if after < frame.captured_at < before]
