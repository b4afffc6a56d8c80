"""A picture of one replay: what was expected, what was seen, and what came of it, over time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from domain.base import Text
from lab.drawing import drawn
from lab.trials.scoring import ClipScore, ReplayedIncident, pair_incidents
from lab.trials.trace import LookMark, SecondLookMark, Trace

WIDTH = 1080
_LEFT, _RIGHT, _LANE, _TOP = 210, 24, 30, 56
_STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_MOST_STEPS = 12
GOOD, BAD, WAITED, SUSPECTED, QUIET = "#1a7f37", "#cf222e", "#0969da", "#bf8700", "#8c959f"
CONFIRMED, DENIED = 0.5, 0.2
"""Evidence of a second look from which on, and up to which, its mark says so."""


@dataclass(frozen=True)
class Bar:
    """A span with its words in or beside it."""

    shape: ClassVar[str] = "bar"
    x: float
    width: float
    colour: str
    words: str
    words_x: float
    anchor: str
    ink: str


@dataclass(frozen=True)
class Stroke:
    """A look: taller and coloured when it said something."""

    shape: ClassVar[str] = "stroke"
    x: float
    top: int
    colour: str
    words: str


@dataclass(frozen=True)
class Dot:
    """A second look: filled when it confirmed, open when it denied."""

    shape: ClassVar[str] = "dot"
    x: float
    fill: str
    colour: str
    words: str


@dataclass(frozen=True)
class Lane:
    """One kind of thing over time."""

    name: Text
    marks: tuple[Bar | Stroke | Dot, ...]

    @classmethod
    def of(cls, zh: str, en: str, marks: Iterable[Bar | Stroke | Dot]) -> "Lane":
        return cls(Text.of(zh, en), tuple(marks))


def timeline(clip: ClipScore, trace: Trace) -> str:
    """One clip as an SVG picture, some 1,080 pixels wide."""
    scale = _Scale(max(clip.seconds, 1.0))
    lanes = [lane for lane in _lanes(clip, trace, scale) if lane.marks]
    wrong = clip.missed or clip.false or clip.faults_missed or clip.faults_false
    return drawn(
        "lab.trials",
        "timeline.svg",
        width=WIDTH,
        height=_TOP + _LANE * len(lanes) + 34,
        top=_TOP,
        lane_height=_LANE,
        faint=QUIET,
        file=clip.file,
        counts=f"命中 found {clip.found} · 漏报 missed {clip.missed} · 误报 false {clip.false}"
        f" · {clip.seconds:.0f} s",
        counts_colour=BAD if wrong else GOOD,
        seconds=[(at_s, scale.x(at_s)) for at_s in scale.marks_s],
        lanes=lanes,
    )


class _Scale:
    """Where seconds of the clip lie in the picture."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def x(self, at_s: float) -> float:
        within = min(max(at_s, 0.0), self.seconds) / self.seconds
        return round(_LEFT + within * (WIDTH - _LEFT - _RIGHT), 1)

    @property
    def marks_s(self) -> Iterator[int]:
        """The seconds that are written below."""
        fits = (step for step in _STEPS_S if self.seconds / step <= _MOST_STEPS)
        step = next(fits, _STEPS_S[-1])
        return iter(range(0, int(self.seconds) + 1, step))


def _lanes(clip: ClipScore, trace: Trace, scale: _Scale) -> Iterator[Lane]:
    yield Lane.of("应有", "expected", _expected(clip, scale))
    yield Lane.of("巡看", "looks", (_look(mark, scale) for mark in trace.looks))
    yield Lane.of("细看", "second looks", (_second(mark, scale) for mark in trace.second_looks))
    yield Lane.of("未立案", "held back", _held_back(trace, scale))
    right = [come for _, come in pair_incidents(clip.expected, clip.incidents)]
    rule_ids = dict.fromkeys(one.rule_id for one in clip.incidents)
    for rule_id in rule_ids:
        found = [
            _incident(one, one in right, scale) for one in clip.incidents if one.rule_id == rule_id
        ]
        yield Lane.of(f"事件 {rule_id}", "incidents", found)
    yield Lane.of("应有故障", "expected faults", _expected_faults(clip, scale))
    yield Lane.of("画面诊断", "picture faults", _faults(clip, scale))


def _expected(clip: ClipScore, scale: _Scale) -> list[Bar]:
    return [
        _bar(scale, one.from_s, one.to_s, WAITED, f"{one.kind.words} {one.from_s:g}–{one.to_s:g} s")
        for one in clip.expected
    ]


def _held_back(trace: Trace, scale: _Scale) -> list[Bar]:
    start_at = trace.start_at
    if start_at is None:
        return []
    return [
        _bar(
            scale,
            (one.from_at - start_at).total_seconds(),
            (one.to_at - start_at).total_seconds(),
            QUIET,
            f"{one.rule_id}: {one.reason.words} ({one.looks})",
        )
        for one in sorted(trace.held_back, key=lambda one: one.from_at)
    ]


def _expected_faults(clip: ClipScore, scale: _Scale) -> list[Bar]:
    return [
        _bar(scale, one.from_s, one.to_s, WAITED, f"{one.fault} {one.from_s:g}–{one.to_s:g} s")
        for one in clip.expected_faults or ()
    ]


def _faults(clip: ClipScore, scale: _Scale) -> list[Bar]:
    return [
        _bar(scale, one.from_s, one.to_s, SUSPECTED, f"{one.fault.words} {one.from_s:.1f} s")
        for one in clip.faults
    ]


def _incident(one: ReplayedIncident, right: bool, scale: _Scale) -> Bar:
    verdict = "命中 found" if right else "误报 false"
    end = "" if one.closed_at_s is None else f"–{one.closed_at_s:.1f}"
    words = f"{verdict} {one.opened_at_s:.1f}{end} s · {one.score:.2f}"
    return _bar(scale, one.opened_at_s, one.closed_at_s, GOOD if right else BAD, words)


def _look(mark: LookMark, scale: _Scale) -> Stroke:
    colour, top, words = QUIET, 10, "无 nothing"
    if mark.suspicious:
        colour, top, words = SUSPECTED, 5, "可疑 suspicious"
    if mark.open:
        colour, top, words = BAD, 5, "事件未结 incident open"
    if mark.blinded is not None:
        colour, top, words = "#000", 14, f"未判 not judged: {mark.blinded}"
    return Stroke(scale.x(mark.at_s), top, colour, f"{mark.at_s:.1f} s {words}")


def _second(mark: SecondLookMark, scale: _Scale) -> Dot:
    if mark.flame is None or mark.smoke is None:
        colour, fill, words = QUIET, "#fff", "无法判断 could not judge"
    else:
        evidence = max(mark.flame, mark.smoke)
        colour, fill, verdict = SUSPECTED, "#fff", "未定 undecided"
        if evidence >= CONFIRMED:
            colour, fill, verdict = BAD, BAD, "属实 confirmed"
        elif evidence <= DENIED:
            colour, fill, verdict = GOOD, "#fff", "否定 denied"
        words = f"{verdict} (火焰 flame {mark.flame:.2f}, 烟雾 smoke {mark.smoke:.2f})"
    return Dot(scale.x(mark.at_s), fill, colour, f"{mark.at_s:.1f} s {mark.rule_id}: {words}")


def _bar(scale: _Scale, from_s: float, to_s: float | None, colour: str, words: str) -> Bar:
    """A span with its words in it if they fit; without an end it runs off the picture."""
    x1, x2 = scale.x(from_s), scale.x(scale.seconds if to_s is None else to_s)
    x2 = max(x2, x1 + 3)
    room, needs = x2 - x1, 7.5 * len(words)
    at, anchor, ink = x1 + 5, "start", "#fff"
    if needs > room:
        fits_right = x2 + needs < WIDTH
        at, anchor = (x2 + 5, "start") if fits_right else (x1 - 5, "end")
        ink = colour
    return Bar(x1, room, colour, words, at, anchor, ink)
