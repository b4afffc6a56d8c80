"""Replays clips through the real pipeline on a virtual clock and compares with the truth."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from domain.errors import ConfigurationError, StreamNotFound
from models.detector import Detects
from patrol.attention_speed import AttentionSettings, AttentionSpan
from patrol.loading import validation_problem
from patrol.scoring import ClipScore, replayed_incidents, score_clip
from patrol.second_look import DenseFile, take_second_look
from patrol.truth import ClipTruth, Truth
from patrol.yamlfile import YamlFile
from streams.frame import Frame
from streams.replay import replay
from vision.incidents import IncidentMessage
from vision.look import Look
from vision.patrol import CameraPatrol

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
    file = YamlFile.read(path)
    problems = list(file.problems)
    if not problems:
        try:
            return Truth.model_validate(file.data)
        except ValidationError as error:
            details = error.errors(include_url=False)
            problems = [validation_problem(file, detail) for detail in details]
    raise ConfigurationError("\n".join(str(problem) for problem in problems))


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
    on_progress: OnProgress = lambda _clip, _seconds: None,
) -> ClipScore:
    """Decode, detect, track and judge one clip, and score what it opened. Second looks see the
    seconds before the look that asks for them, as a camera's ring would have them.

    Raises:
        StreamError: the clip cannot be read.
        ModelError: the detector failed.
    """
    file = media_dir / clip.file
    if not file.exists():
        raise StreamNotFound(f"expected the clip {clip.file} in {media_dir}, it is not there")
    patrol = CameraPatrol(
        "clip",
        truth.rules_of(clip),
        clip.zones,
        timezone=timezone,
        model=detector.ref,
        notice=None,
    )
    messages: list[IncidentMessage] = []
    seconds = 0.0
    dense = DenseFile(file, start_at=STARTS_AT, repeat_to_s=clip.repeat_to_s)
    frames = replay(
        file, look_every_s=look_every_s, start_at=STARTS_AT, repeat_to_s=clip.repeat_to_s
    )
    for frame in _attended(frames, patrol, dense, attention):
        image = frame.scaled(detector.fit_wh(frame.size_wh))
        (seen,) = detector.detect([image])
        messages += patrol.look(Look("clip", frame.captured_at, seen, frame.size_wh, image))
        wish = patrol.wants_second_look if second_looks else None
        if wish is not None:
            messages += patrol.hear(wish, take_second_look(wish, dense.until(wish.at)))
        seconds = (frame.captured_at - STARTS_AT).total_seconds()
        on_progress(clip, seconds)
    incidents = replayed_incidents(messages, STARTS_AT)
    return score_clip(clip.file, clip.incidents, incidents, max(seconds, clip.repeat_to_s or 0.0))


def _attended(
    frames: Iterable[Frame], patrol: CameraPatrol, dense: DenseFile, settings: AttentionSettings
) -> Iterator[Frame]:
    """The pictures of the looks; while the patrol suspects something, those between them too."""
    span, every = AttentionSpan(settings), timedelta(seconds=settings.look_every_s)
    last_at: datetime | None = None
    for frame in frames:
        between = _between(last_at, frame.captured_at, patrol, dense)
        for extra in between:
            if last_at is not None and extra.captured_at < last_at + every:
                continue
            if not span.holds(patrol.suspicious, extra.captured_at):
                break
            last_at = extra.captured_at
            yield extra
        last_at = frame.captured_at
        yield frame


def _between(
    after: datetime | None, before: datetime, patrol: CameraPatrol, dense: DenseFile
) -> list[Frame]:
    """What a suspicious camera showed between two looks."""
    if after is None or not patrol.suspicious:
        return []
    seen = dense.until(before)
    return [frame for frame in seen if after < frame.captured_at < before]
