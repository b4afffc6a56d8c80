"""Scores what a replay found against what its clips show. Pure: incidents in, figures out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median

from pydantic import Field

from domain.base import Value
from domain.health import FaultKind
from domain.incident import IncidentKind, LabelledBox
from domain.messages import IncidentClosed, IncidentOpened, IncidentUpdated
from lab.trials.pairing import p95, paired
from lab.trials.trace import FaultMark
from lab.trials.truth import ExpectedFault, ExpectedIncident
from vision.rule_register import RuleSettings

_HOUR_S = 3600.0
_DAY_HOURS = 24.0


class ReplayedIncident(Value):
    """One incident of a replay, in seconds of the clip. `closed_at_s` is none while it is open."""

    kind: IncidentKind
    opened_at_s: float
    closed_at_s: float | None
    score: float
    rule_id: str = ""
    height: float | None = None
    """How high the highest of its boxes stood in the picture when it opened, as a share of it."""


class ReplayedFault(Value):
    """What picture diagnosis said in a replay. `to_s` is none while it holds."""

    fault: FaultKind
    from_s: float
    to_s: float | None

    @classmethod
    def of(cls, mark: FaultMark) -> "ReplayedFault":
        return cls(fault=mark.fault, from_s=mark.from_s, to_s=mark.to_s)


class Tally(Value):
    """What was expected of rules of one kind, and what came of it."""

    expected: int = 0
    found: int = 0
    missed: int = 0
    false: int = 0
    latencies_s: tuple[float, ...] = ()
    """For each one found, the time from the earliest moment it was expected to its opening."""


class ClipScore(Value):
    """One run of one clip. Every expected incident is found or missed; every incident that
    finds none is false, a second one for the same expectation among them."""

    file: str
    expected: tuple[ExpectedIncident, ...]
    incidents: tuple[ReplayedIncident, ...]
    found: int
    missed: int
    false: int
    seconds: float
    """How long the clip was played, loops included."""
    latencies_s: tuple[float, ...]
    """For each one found, the time from the earliest moment it was expected to its opening."""
    by_rule: dict[str, Tally] = Field(default_factory=dict)
    """The same for each kind of rule."""
    expected_faults: tuple[ExpectedFault, ...] | None = None
    """None: nobody says what picture diagnosis should find, and nothing of it is false."""
    faults: tuple[ReplayedFault, ...] = ()
    faults_found: int = 0
    faults_missed: int = 0
    faults_false: int = 0


class RuleFigures(Value):
    """All clips together, for one kind of rule."""

    expected: int
    found: int
    missed: int
    false: int
    latency_median_s: float | None
    latency_p95_s: float | None


class FaultFigures(Value):
    """What picture diagnosis found in the clips whose truth speaks of faults."""

    expected: int = 0
    found: int = 0
    missed: int = 0
    false: int = 0


class Summary(Value):
    """All clips together. A figure that has nothing to rest on is none."""

    recall: float | None
    false_per_camera_hour: float | None
    median_latency_s: float | None
    hours: float
    false_per_camera_day: float | None
    p95_latency_s: float | None
    by_rule: dict[str, RuleFigures]
    faults: FaultFigures


class Scores(Value):
    """The report of `patrol eval`."""

    clips: tuple[ClipScore, ...]
    summary: Summary


def replayed_incidents(
    messages: Iterable[IncidentOpened | IncidentUpdated | IncidentClosed], start_at: datetime
) -> tuple[ReplayedIncident, ...]:
    """The incidents told by the messages of one replay, each at its last revision."""
    told = list(messages)
    latest = {message.incident.id: message.incident for message in told}
    first = {message.incident.id: message.incident for message in reversed(told)}
    return tuple(
        ReplayedIncident(
            kind=incident.kind,
            opened_at_s=_since(start_at, incident.opened_at),
            closed_at_s=_since(start_at, incident.closed_at) if incident.closed_at else None,
            score=incident.score,
            rule_id=incident.rule_id,
            height=max(
                (each.box.y2 - each.box.y1 for each in first[incident.id].boxes), default=None
            ),
        )
        for incident in sorted(latest.values(), key=lambda incident: incident.opened_at)
    )


def _highest(boxes: Iterable[LabelledBox]) -> float | None:
    return max((each.box.y2 - each.box.y1 for each in boxes), default=None)


def score_clip(
    file: str,
    expected: Sequence[ExpectedIncident],
    incidents: Sequence[ReplayedIncident],
    seconds: float,
    *,
    rules: Mapping[str, RuleSettings] | None = None,
    faults: Sequence[ReplayedFault] = (),
    expected_faults: Sequence[ExpectedFault] | None = None,
) -> ClipScore:
    """Compare one run of a clip with its truth."""
    pairs = pair_incidents(expected, incidents)
    latencies_s = tuple(come.opened_at_s - one.from_s for one, come in pairs)
    judged = expected_faults is not None
    told = _faults_found(expected_faults or (), faults)
    return ClipScore(
        file=file,
        expected=tuple(expected),
        incidents=tuple(incidents),
        found=len(latencies_s),
        missed=len(expected) - len(latencies_s),
        false=len(incidents) - len(latencies_s),
        seconds=seconds,
        latencies_s=latencies_s,
        by_rule=_by_rule(expected, incidents, rules or {}),
        expected_faults=None if expected_faults is None else tuple(expected_faults),
        faults=tuple(faults),
        faults_found=told,
        faults_missed=len(expected_faults or ()) - told,
        faults_false=len(faults) - told if judged else 0,
    )


def pair_incidents(
    expected: Sequence[ExpectedIncident], incidents: Sequence[ReplayedIncident]
) -> list[tuple[ExpectedIncident, ReplayedIncident]]:
    """What was expected, and the incident that it found, in order of opening."""
    return paired(
        expected,
        incidents,
        alike=lambda one, come: one.kind is come.kind,
        began_s=lambda come: come.opened_at_s,
    )


def score(clips: Sequence[ClipScore]) -> Scores:
    """Sum up all clips."""
    found, missed = sum(clip.found for clip in clips), sum(clip.missed for clip in clips)
    false, hours = sum(clip.false for clip in clips), sum(clip.seconds for clip in clips) / _HOUR_S
    latencies_s = [latency for clip in clips for latency in clip.latencies_s]
    summary = Summary(
        recall=found / (found + missed) if found + missed else None,
        false_per_camera_hour=false / hours if hours else None,
        median_latency_s=median(latencies_s) if latencies_s else None,
        hours=hours,
        false_per_camera_day=_DAY_HOURS * false / hours if hours else None,
        p95_latency_s=p95(latencies_s),
        by_rule=_rule_figures(clips),
        faults=FaultFigures(
            expected=sum(len(clip.expected_faults or ()) for clip in clips),
            found=sum(clip.faults_found for clip in clips),
            missed=sum(clip.faults_missed for clip in clips),
            false=sum(clip.faults_false for clip in clips),
        ),
    )
    return Scores(clips=tuple(clips), summary=summary)


def _rule_figures(clips: Sequence[ClipScore]) -> dict[str, RuleFigures]:
    kinds = sorted({kind for clip in clips for kind in clip.by_rule})
    figures = {}
    for kind in kinds:
        tallies = [clip.by_rule[kind] for clip in clips if kind in clip.by_rule]
        latencies_s = [latency for tally in tallies for latency in tally.latencies_s]
        figures[kind] = RuleFigures(
            expected=sum(tally.expected for tally in tallies),
            found=sum(tally.found for tally in tallies),
            missed=sum(tally.missed for tally in tallies),
            false=sum(tally.false for tally in tallies),
            latency_median_s=median(latencies_s) if latencies_s else None,
            latency_p95_s=p95(latencies_s),
        )
    return figures


def _by_rule(
    expected: Sequence[ExpectedIncident],
    incidents: Sequence[ReplayedIncident],
    rules: Mapping[str, RuleSettings],
) -> dict[str, Tally]:
    """The score of each kind of rule that the clip has. What was found counts for the rule that
    opened it; what was missed for the only one that could have, or else under the incident's own
    kind."""
    pairs = pair_incidents(expected, incidents)
    missed = list(expected)
    for one, _ in pairs:
        missed.remove(one)
    false = list(incidents)
    for _, come in pairs:
        false.remove(come)
    found = [(kind_of(come, rules), come.opened_at_s - one.from_s) for one, come in pairs]
    kinds_missed = [rule_kind_of(one.kind, rules) for one in missed]
    kinds_false = [kind_of(come, rules) for come in false]
    kinds = {rule.kind for rule in rules.values()} | {kind for kind, _ in found}
    tallies = {}
    for kind in sorted(kinds | {*kinds_missed, *kinds_false}):
        latencies_s = tuple(latency for by, latency in found if by == kind)
        tallies[kind] = Tally(
            expected=len(latencies_s) + kinds_missed.count(kind),
            found=len(latencies_s),
            missed=kinds_missed.count(kind),
            false=kinds_false.count(kind),
            latencies_s=latencies_s,
        )
    return tallies


def kind_of(incident: ReplayedIncident, rules: Mapping[str, RuleSettings]) -> str:
    rule = rules.get(incident.rule_id)
    return str(incident.kind) if rule is None else rule.kind


def rule_kind_of(kind: IncidentKind, rules: Mapping[str, RuleSettings]) -> str:
    """The only kind of rule that could have found it, or else the incident's own kind."""
    able = {rule.kind for rule in rules.values() if rule.incident_kind is kind}
    return able.pop() if len(able) == 1 else str(kind)


def _faults_found(expected: Sequence[ExpectedFault], faults: Sequence[ReplayedFault]) -> int:
    pairs = paired(
        expected,
        faults,
        alike=lambda one, come: one.fault is come.fault,
        began_s=lambda come: come.from_s,
    )
    return len(pairs)


def _since(start_at: datetime, at: datetime) -> float:
    return (at - start_at).total_seconds()
