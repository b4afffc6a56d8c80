"""Scores what a replay found against what its clips show. Pure: incidents in, figures out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median

from domain.base import Value
from domain.incident import IncidentKind
from domain.messages import IncidentClosed, IncidentOpened, IncidentUpdated
from patrol.truth import ExpectedIncident

_HOUR_S = 3600.0


class ReplayedIncident(Value):
    """One incident of a replay, in seconds of the clip. `closed_at_s` is none while it is open."""

    kind: IncidentKind
    opened_at_s: float
    closed_at_s: float | None
    score: float
    rule_id: str = ""


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


class Summary(Value):
    """All clips together. A figure that has nothing to rest on is none."""

    recall: float | None
    false_per_camera_hour: float | None
    median_latency_s: float | None
    hours: float


class Scores(Value):
    """The report of `patrol eval`."""

    clips: tuple[ClipScore, ...]
    summary: Summary


def replayed_incidents(
    messages: Iterable[IncidentOpened | IncidentUpdated | IncidentClosed], start_at: datetime
) -> tuple[ReplayedIncident, ...]:
    """The incidents told by the messages of one replay, each at its last revision."""
    latest = {message.incident.id: message.incident for message in messages}
    return tuple(
        ReplayedIncident(
            kind=incident.kind,
            opened_at_s=_since(start_at, incident.opened_at),
            closed_at_s=_since(start_at, incident.closed_at) if incident.closed_at else None,
            score=incident.score,
            rule_id=incident.rule_id,
        )
        for incident in sorted(latest.values(), key=lambda incident: incident.opened_at)
    )


def score_clip(
    file: str,
    expected: Sequence[ExpectedIncident],
    incidents: Sequence[ReplayedIncident],
    seconds: float,
) -> ClipScore:
    """Compare one run of a clip with its truth."""
    latencies_s = _latencies_s(expected, incidents)
    return ClipScore(
        file=file,
        expected=tuple(expected),
        incidents=tuple(incidents),
        found=len(latencies_s),
        missed=len(expected) - len(latencies_s),
        false=len(incidents) - len(latencies_s),
        seconds=seconds,
        latencies_s=latencies_s,
    )


def score(clips: Sequence[ClipScore]) -> Scores:
    """Sum up all clips."""
    found, missed = sum(clip.found for clip in clips), sum(clip.missed for clip in clips)
    false, hours = sum(clip.false for clip in clips), sum(clip.seconds for clip in clips) / _HOUR_S
    latencies = [latency for clip in clips for latency in clip.latencies_s]
    summary = Summary(
        recall=found / (found + missed) if found + missed else None,
        false_per_camera_hour=false / hours if hours else None,
        median_latency_s=median(latencies) if latencies else None,
        hours=hours,
    )
    return Scores(clips=tuple(clips), summary=summary)


def _latencies_s(
    expected: Sequence[ExpectedIncident], incidents: Sequence[ReplayedIncident]
) -> tuple[float, ...]:
    """Pair as many as can be; answers how late each pair is, in seconds.

    Each incident, in order of opening, takes the expectation that ends soonest of those it lies
    in, which is optimal for points and intervals.
    """
    waiting = sorted(expected, key=lambda one: one.to_s)
    latencies_s: list[float] = []
    for incident in sorted(incidents, key=lambda one: one.opened_at_s):
        for one in waiting:
            if one.kind is incident.kind and one.from_s <= incident.opened_at_s <= one.to_s:
                latencies_s.append(incident.opened_at_s - one.from_s)
                waiting.remove(one)
                break
    return tuple(latencies_s)


def _since(start_at: datetime, at: datetime) -> float:
    return (at - start_at).total_seconds()
