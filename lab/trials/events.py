"""Figures of events, for each kind of rule: what people who are called would count.

An event is an expected incident; it is found when one opens in its span. Beside the figures of the
rules as they are, a curve: the same looks judged again with all scores shifted, from which the
threshold for a wanted recall is read. It is chosen on the clips that it is told of, so expect
somewhat less on others.
"""

from collections.abc import Mapping, Sequence
from statistics import median

from domain.base import Value
from lab.trials.pairing import p95
from lab.trials.scoring import ClipScore, Scores, Tally
from lab.trials.shares import ENOUGH, FalseRate, Share
from lab.trials.spread import Spread, spread
from lab.trials.truth import Light

WANTED_RECALLS = (0.90, 0.95, 0.97)
SHIFTS = tuple(step / 2 for step in range(-8, 7))
"""In log odds of the detector's scores: from -4 (0.98 counts as 0.5) to +3 (0.05 does)."""


class Seconds(Value):
    """How long it takes from the beginning of an event to its incident."""

    n: int
    median: float | None
    p95: float | None
    established: bool

    @classmethod
    def of(cls, latencies_s: Sequence[float]) -> "Seconds":
        n = len(latencies_s)
        middle = median(latencies_s) if n else None
        return cls(n=n, median=middle, p95=p95(latencies_s), established=n >= ENOUGH)


class EventFigures(Value):
    """What came of all events of a kind of rule at one threshold."""

    recall: Share
    precision: Share
    """Of what opened, what was expected."""
    false_clips: Share
    """Of the clips in which nothing was expected, those in which something opened."""
    false_alarms: FalseRate
    seconds_to_detect: Seconds


class EventSpread(Value):
    """How far the figures move over sources."""

    recall: Spread
    precision: Spread
    false_clips: Spread
    false_per_camera_day: Spread
    median_seconds: Spread


class CurvePoint(Value):
    """The figures at one threshold."""

    threshold: float
    figures: EventFigures


class AtRecall(Value):
    """The threshold that finds so much at the least price; none if no threshold does."""

    recall: float
    point: CurvePoint | None


class EventCurve(Value):
    """What each threshold costs and finds."""

    points: tuple[CurvePoint, ...]
    at_recall: tuple[AtRecall, ...]

    @classmethod
    def of(cls, points: Sequence[CurvePoint]) -> "EventCurve":
        wanted = tuple(AtRecall(recall=r, point=_cheapest(points, r)) for r in WANTED_RECALLS)
        return cls(points=tuple(points), at_recall=wanted)


class RuleEvents(Value):
    """All that is told of one kind of rule."""

    sources: int
    clips: int
    as_set: EventFigures
    """With the rules as they are."""
    spread: EventSpread
    by_score: EventCurve
    """The threshold is a shift of the detector's scores, in log odds."""
    unanswered: int
    """Second looks that shifted rules wished for and that were not recorded."""


class EvalReport(Scores):
    """The report of `patrol eval`, events included."""

    events: dict[str, RuleEvents]


class Case(Value):
    """One event of a trust card."""

    rule_kind: str
    found: bool
    height: float | None
    """How high it stood in the picture, as a share of it; None if nobody said it and the detector
    saw nothing of it."""
    light: Light


class ShiftedScore(Value):
    """One clip, judged again with shifted scores."""

    shift: float
    clip: ClipScore
    unanswered: int


class ClipEvents(Value):
    """One clip as the rules judged it, and as they would with shifted scores."""

    source: str
    clip: ClipScore
    shifted: tuple[ShiftedScore, ...] = ()
    cases: tuple[Case, ...] = ()
    """What was expected of it, for the trust cards."""
    light: Light = Light.DAY


def events_of(clips: Sequence[ClipEvents]) -> dict[str, RuleEvents]:
    """The figures of each kind of rule that some clip has."""
    kinds = sorted({kind for one in clips for kind in one.clip.by_rule})
    return {kind: _rule_events(kind, clips) for kind in kinds}


def figures_of(kind: str, clips: Sequence[ClipScore]) -> EventFigures:
    """The figures of one kind of rule in the clips that have it."""
    having = [clip for clip in clips if kind in clip.by_rule]
    tallies = [clip.by_rule[kind] for clip in having]
    nothing = [tally for tally in tallies if not tally.expected]
    found, false = sum(tally.found for tally in tallies), sum(tally.false for tally in tallies)
    return EventFigures(
        recall=Share.of(found, sum(tally.expected for tally in tallies)),
        precision=Share.of(found, found + false),
        false_clips=Share.of(sum(tally.false > 0 for tally in nothing), len(nothing)),
        false_alarms=FalseRate.of(false, sum(clip.seconds for clip in having) / 3600),
        seconds_to_detect=Seconds.of([s for tally in tallies for s in tally.latencies_s]),
    )


def _rule_events(kind: str, clips: Sequence[ClipEvents]) -> RuleEvents:
    having = [one for one in clips if kind in one.clip.by_rule]
    by_source: dict[str, list[ClipScore]] = {}
    for one in having:
        by_source.setdefault(one.source, []).append(one.clip)
    return RuleEvents(
        sources=len(by_source),
        clips=len(having),
        as_set=figures_of(kind, [one.clip for one in having]),
        spread=_spread(kind, by_source),
        by_score=EventCurve.of(_points(kind, having)),
        unanswered=sum(again.unanswered for one in having for again in one.shifted),
    )


def _points(kind: str, clips: Sequence[ClipEvents]) -> list[CurvePoint]:
    """One for each shift that all of the clips were judged by."""
    at: dict[float, list[ClipScore]] = {}
    for one in clips:
        for again in one.shifted:
            at.setdefault(again.shift, []).append(again.clip)
    return [
        CurvePoint(threshold=shift, figures=figures_of(kind, scored))
        for shift, scored in sorted(at.items())
        if len(scored) == len(clips)
    ]


def _cheapest(points: Sequence[CurvePoint], recall: float) -> CurvePoint | None:
    """Of the thresholds that find so much, the one that is false least, then the fastest, then the
    one nearest to the rules as they are."""

    def price(point: CurvePoint) -> tuple[int, float, float]:
        false, seconds = point.figures.false_alarms, point.figures.seconds_to_detect
        return false.count, seconds.median or 0.0, abs(point.threshold)

    able = [p for p in points if (p.figures.recall.value or 0.0) >= recall - 1e-9]
    return min(able, key=price, default=None)


def _spread(kind: str, by_source: Mapping[str, Sequence[ClipScore]]) -> EventSpread:
    totals = [_Total.of(kind, clips) for clips in by_source.values()]
    return EventSpread(
        recall=spread(totals, lambda drawn: _ratio(drawn, "found", "expected")),
        precision=spread(totals, lambda drawn: _ratio(drawn, "found", "opened")),
        false_clips=spread(totals, lambda drawn: _ratio(drawn, "false_clips", "quiet_clips")),
        false_per_camera_day=spread(totals, lambda drawn: _ratio(drawn, "false", "days")),
        median_seconds=spread(totals, _median_seconds),
    )


class _Total(Value):
    """What came of one source."""

    expected: int
    found: int
    opened: int
    false: int
    quiet_clips: int
    false_clips: int
    days: float
    latencies_s: tuple[float, ...]

    @classmethod
    def of(cls, kind: str, clips: Sequence[ClipScore]) -> "_Total":
        tallies = [clip.by_rule[kind] for clip in clips]
        quiet = [tally for tally in tallies if not tally.expected]
        found, false = _sum(tallies, "found"), _sum(tallies, "false")
        return cls(
            expected=_sum(tallies, "expected"),
            found=found,
            opened=found + false,
            false=false,
            quiet_clips=len(quiet),
            false_clips=sum(tally.false > 0 for tally in quiet),
            days=sum(clip.seconds for clip in clips) / 86400,
            latencies_s=tuple(s for tally in tallies for s in tally.latencies_s),
        )


def _sum(tallies: Sequence[Tally], name: str) -> int:
    return sum(int(getattr(tally, name)) for tally in tallies)


def _ratio(drawn: Sequence[_Total], part: str, whole: str) -> float | None:
    of = sum(float(getattr(total, whole)) for total in drawn)
    return sum(float(getattr(total, part)) for total in drawn) / of if of else None


def _median_seconds(drawn: Sequence[_Total]) -> float | None:
    latencies_s = [s for total in drawn for s in total.latencies_s]
    return median(latencies_s) if latencies_s else None
