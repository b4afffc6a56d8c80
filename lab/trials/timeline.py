"""A picture of one replay: what was expected, what was seen, and what came of it, over time."""

from collections.abc import Iterator, Sequence
from html import escape

from domain.base import Text
from lab.trials.scoring import ClipScore, ReplayedIncident, pair_incidents
from lab.trials.trace import LookMark, SecondLookMark, Trace

WIDTH = 1080
_LEFT, _RIGHT, _LANE, _TOP = 210, 24, 30, 56
_STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_MOST_STEPS = 12
GOOD, BAD, WAITED, SUSPECTED, QUIET = "#1a7f37", "#cf222e", "#0969da", "#bf8700", "#8c959f"
CONFIRMED, DENIED = 0.5, 0.2
"""Evidence of a second look from which on, and up to which, its mark says so."""

Lane = tuple[Text, list[str]]
"""A lane's name, and what is drawn on it as if it were the first."""


def timeline(clip: ClipScore, trace: Trace) -> str:
    """One clip as an SVG picture, some 1,080 pixels wide."""
    scale = _Scale(max(clip.seconds, 1.0))
    lanes = [lane for lane in _lanes(clip, trace, scale) if lane[1]]
    height = _TOP + _LANE * len(lanes) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        *_heading(clip),
        *_grid(scale, height),
    ]
    for number, (name, drawn) in enumerate(lanes):
        y = _TOP + _LANE * number
        parts.append(f'<g transform="translate(0 {y})">{_label(name)}{"".join(drawn)}</g>')
    return "\n".join([*parts, "</svg>", ""])


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
    yield Text.of("应有", "expected"), _expected(clip, scale)
    yield Text.of("巡看", "looks"), [_look(mark, scale) for mark in trace.looks]
    yield Text.of("细看", "second looks"), [_second(mark, scale) for mark in trace.second_looks]
    yield Text.of("未立案", "held back"), _held_back(trace, scale)
    right = [come for _, come in pair_incidents(clip.expected, clip.incidents)]
    rule_ids = dict.fromkeys(one.rule_id for one in clip.incidents)
    for rule_id in rule_ids:
        drawn = [
            _incident(one, one in right, scale) for one in clip.incidents if one.rule_id == rule_id
        ]
        yield Text.of(f"事件 {rule_id}", "incidents"), drawn
    yield Text.of("应有故障", "expected faults"), _expected_faults(clip, scale)
    yield Text.of("画面诊断", "picture faults"), _faults(clip, scale)


def _expected(clip: ClipScore, scale: _Scale) -> list[str]:
    return [
        _bar(scale, one.from_s, one.to_s, WAITED, f"{one.kind.words} {one.from_s:g}–{one.to_s:g} s")
        for one in clip.expected
    ]


def _held_back(trace: Trace, scale: _Scale) -> list[str]:
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


def _expected_faults(clip: ClipScore, scale: _Scale) -> list[str]:
    return [
        _bar(scale, one.from_s, one.to_s, WAITED, f"{one.fault} {one.from_s:g}–{one.to_s:g} s")
        for one in clip.expected_faults or ()
    ]


def _faults(clip: ClipScore, scale: _Scale) -> list[str]:
    return [
        _bar(scale, one.from_s, one.to_s, SUSPECTED, f"{one.fault.words} {one.from_s:.1f} s")
        for one in clip.faults
    ]


def _incident(one: ReplayedIncident, right: bool, scale: _Scale) -> str:
    verdict = "命中 found" if right else "误报 false"
    end = "" if one.closed_at_s is None else f"–{one.closed_at_s:.1f}"
    words = f"{verdict} {one.opened_at_s:.1f}{end} s · {one.score:.2f}"
    return _bar(scale, one.opened_at_s, one.closed_at_s, GOOD if right else BAD, words)


def _look(mark: LookMark, scale: _Scale) -> str:
    """A stroke for each look: taller and coloured when it said something."""
    colour, top, words = QUIET, 10, "无 nothing"
    if mark.suspicious:
        colour, top, words = SUSPECTED, 5, "可疑 suspicious"
    if mark.open:
        colour, top, words = BAD, 5, "事件未结 incident open"
    if mark.blinded is not None:
        colour, top, words = "#000", 14, f"未判 not judged: {mark.blinded}"
    x = scale.x(mark.at_s)
    line = f'<line x1="{x}" y1="{top}" x2="{x}" y2="22" stroke="{colour}" stroke-width="1.5">'
    return f"{line}<title>{mark.at_s:.1f} s {escape(words)}</title></line>"


def _second(mark: SecondLookMark, scale: _Scale) -> str:
    """A dot for each second look: filled when it confirmed, open when it denied."""
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
    at = f'cx="{scale.x(mark.at_s)}" cy="14" r="4.5"'
    dot = f'<circle {at} fill="{fill}" stroke="{colour}" stroke-width="2">'
    return f"{dot}<title>{mark.at_s:.1f} s {escape(mark.rule_id)}: {escape(words)}</title></circle>"


def _bar(scale: _Scale, from_s: float, to_s: float | None, colour: str, words: str) -> str:
    """A span with its words in or beside it; without an end it runs off the picture."""
    x1, x2 = scale.x(from_s), scale.x(scale.seconds if to_s is None else to_s)
    x2 = max(x2, x1 + 3)
    room, needs = x2 - x1, 7.5 * len(words)
    at, anchor, ink = x1 + 5, "start", "#fff"
    if needs > room:
        fits_right = x2 + needs < WIDTH
        at, anchor = (x2 + 5, "start") if fits_right else (x1 - 5, "end")
        ink = colour
    return (
        f'<rect x="{x1}" y="5" width="{x2 - x1:.1f}" height="18" rx="3" fill="{colour}">'
        f"<title>{escape(words)}</title></rect>"
        f'<text x="{at:.1f}" y="18" fill="{ink}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def _heading(clip: ClipScore) -> Sequence[str]:
    counts = (
        f"命中 found {clip.found} · 漏报 missed {clip.missed} · 误报 false {clip.false}"
        f" · {clip.seconds:.0f} s"
    )
    wrong = clip.missed or clip.false or clip.faults_missed or clip.faults_false
    file = f'<text x="12" y="22" font-size="15" font-weight="bold">{escape(clip.file)}</text>'
    said = f'<text x="12" y="42" fill="{BAD if wrong else GOOD}">{counts}</text>'
    return file, said


def _label(name: Text) -> str:
    both = f"{escape(name.zh)} <tspan fill='{QUIET}'>{escape(name.en)}</tspan>"
    return f'<text x="12" y="18">{both}</text>'


def _grid(scale: _Scale, height: int) -> Iterator[str]:
    for at_s in scale.marks_s:
        x = scale.x(at_s)
        yield f'<line x1="{x}" y1="{_TOP}" x2="{x}" y2="{height - 26}" stroke="#d0d7de"/>'
        yield f'<text x="{x}" y="{height - 10}" text-anchor="middle" fill="#57606a">{at_s} s</text>'
