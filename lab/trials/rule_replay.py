"""What changed rules would have opened: the same looks or clips judged by both, and compared."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.base import Settings, Value
from edge.state.kept_looks import Kept, KeptLook
from lab.trials.evaluate import STARTS_AT, replay_clip
from lab.trials.recording import Answers
from lab.trials.scoring import ReplayedIncident, replayed_incidents
from lab.trials.truth import ClipTruth, Truth
from models.detector import Detects
from settings.camera import Camera
from settings.yamlfile import read_as
from vision.first_look import LookFirst
from vision.incidents import IncidentMessage
from vision.look_step import LookSettings, LookStep
from vision.patrol import CameraPatrol
from vision.rule_register import RulesSettings, ZoneSettings


class RuleChange(Settings):
    """What is to be tried on a camera, written as below the camera. A rule or zone replaces the
    one with its id; those that are not named stay. `enabled: false` takes a rule away."""

    rules: RulesSettings = Field(default_factory=dict)
    zones: tuple[ZoneSettings, ...] = ()


class RuleSet(Value):
    """What judges: the rules of a camera and its zones."""

    rules: RulesSettings
    zones: tuple[ZoneSettings, ...]

    @classmethod
    def of(cls, camera: Camera) -> "RuleSet":
        """As written for the camera, approved or not: nobody is called by a replay."""
        return cls(rules=camera.written_rules, zones=camera.zones)

    def changed(self, change: RuleChange) -> "RuleSet":
        zones = {zone.id: zone for zone in (*self.zones, *change.zones)}
        return RuleSet(rules={**self.rules, **change.rules}, zones=tuple(zones.values()))


class RuleDifference(Value):
    """What two sets of rules opened in the same footage. Times are seconds after `start_at`."""

    source: str
    start_at: datetime
    seconds: float
    before: int
    after: int
    both: tuple[ReplayedIncident, ...]
    """Opened by both, as the new rules tell it."""
    only_before: tuple[ReplayedIncident, ...]
    only_after: tuple[ReplayedIncident, ...]
    unanswered: int = 0
    """Second looks that the new rules wished for and that were not kept: there, they decided by
    single looks."""


def read_change(path: Path) -> RuleChange:
    """Read a file of changed rules and zones.

    Raises:
        ConfigurationError: everything wrong with it, a line each.
    """
    return read_as(RuleChange, path)


def compare_looks(
    kept: Kept,
    before: RuleSet,
    after: RuleSet,
    *,
    camera_id: str,
    timezone: ZoneInfo,
    looking: LookSettings | None = None,
) -> RuleDifference:
    """Judge what was kept by both: at least one look. They hear the second looks of then."""
    start_at, end_at = kept.looks[0].at, kept.looks[-1].at
    replays = [_Replay(kept, camera_id, rules, timezone, looking) for rules in (before, after)]
    old, new = (replayed_incidents(replay.messages(), start_at) for replay in replays)
    seconds = (end_at - start_at).total_seconds()
    found = _difference(camera_id, start_at, seconds, old, new)
    return found.model_copy(update={"unanswered": replays[1].unanswered})


def compare_clip(
    clip: Path,
    before: RuleSet,
    after: RuleSet,
    detector: Detects,
    *,
    look_every_s: float,
    timezone: ZoneInfo,
    looking: LookSettings | None = None,
    look_first: LookFirst | None = None,
) -> RuleDifference:
    """Judge a clip by both, first and second looks and attention included: each decides by its own
    looks.

    Raises:
        StreamError: the clip cannot be read.
        ModelError: the detector failed.
    """
    old, new = (
        replay_clip(
            ClipTruth(file=clip.name, incidents=(), rules=rules.rules, zones=rules.zones),
            Truth(clips=()),
            clip.parent,
            detector,
            look_every_s=look_every_s,
            timezone=timezone,
            looking=looking,
            look_first=look_first,
        )
        for rules in (before, after)
    )
    return _difference(str(clip), STARTS_AT, new.seconds, old.incidents, new.incidents)


class _Replay:
    """What was kept of a camera, led through the look step by a set of rules."""

    def __init__(
        self,
        kept: Kept,
        camera_id: str,
        rules: RuleSet,
        timezone: ZoneInfo,
        looking: LookSettings | None,
    ) -> None:
        patrol = CameraPatrol(
            camera_id, rules.rules, rules.zones, timezone=timezone, model=None, notice=None
        )
        self._step = LookStep(patrol, looking)
        self._kept = kept
        self._answers = Answers(kept.second_looks)

    @property
    def unanswered(self) -> int:
        return self._answers.unanswered

    def messages(self) -> list[IncidentMessage]:
        return [message for one in self._kept.looks for message in self._look(one)]

    def _look(self, kept: KeptLook) -> Sequence[IncidentMessage]:
        self._step.recall(kept.diagnosis)
        if kept.look is None:
            return self._step.patrol.tick(kept.at)
        return self._step.judged(kept.diagnosis, kept.look, self._answers.answer).messages


def _difference(
    source: str,
    start_at: datetime,
    seconds: float,
    old: Sequence[ReplayedIncident],
    new: Sequence[ReplayedIncident],
) -> RuleDifference:
    only_before, only_after, both = list(old), [], []
    for incident in new:
        match = next((one for one in only_before if _same(one, incident)), None)
        if match is None:
            only_after.append(incident)
        else:
            only_before.remove(match)
            both.append(incident)
    return RuleDifference(
        source=source,
        start_at=start_at,
        seconds=seconds,
        before=len(old),
        after=len(new),
        both=tuple(both),
        only_before=tuple(only_before),
        only_after=tuple(only_after),
    )


def _same(one: ReplayedIncident, other: ReplayedIncident) -> bool:
    """Whether two runs tell of one thing: one rule, at times that overlap."""
    if (one.rule_id, one.kind) != (other.rule_id, other.kind):
        return False
    one_ends_s = float("inf") if one.closed_at_s is None else one.closed_at_s
    other_ends_s = float("inf") if other.closed_at_s is None else other.closed_at_s
    return one.opened_at_s <= other_ends_s and other.opened_at_s <= one_ends_s
