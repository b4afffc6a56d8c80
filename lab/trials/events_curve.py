"""What a threshold finds and what it costs, as a picture: SVG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab.drawing import drawn
from lab.trials.events import CurvePoint, EventFigures
from lab.trials.shares import Share

WIDTH, HEIGHT = 720, 330
_LEFT, _TOP, _WIDE, _HIGH = 60, 54, 430, 210
_FOUND, _PRECISE, _FALSE = "#2f9e44", "#1971c2", "#d9480f"


@dataclass(frozen=True)
class Tick:
    at: float
    words: str


@dataclass(frozen=True)
class Series:
    """A line with the band of its intervals."""

    words: str
    colour: str
    line: str
    band: str
    y: int
    """Where its row of the legend stands."""


def events_curve(title: str, points: Sequence[CurvePoint]) -> str:
    """Recall, precision and share of false clips over the threshold, with their intervals; below
    them the median of the seconds to detect."""
    first, last = points[0].threshold, points[-1].threshold
    place = _Place(first, max(last - first, 1e-9))
    shares: tuple[tuple[str, str, Callable[[EventFigures], Share]], ...] = (
        ("召回率 recall", _FOUND, lambda figures: figures.recall),
        ("精确率 precision", _PRECISE, lambda figures: figures.precision),
        ("误报片段 false clips", _FALSE, lambda figures: figures.false_clips),
    )
    return drawn(
        "lab.trials",
        "events_curve.svg",
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        top=_TOP,
        wide=_WIDE,
        high=_HIGH,
        title=title,
        as_set=place.x(0.0) if first <= 0 <= last else None,
        across=[
            Tick(place.x(point.threshold), shift_words(point.threshold)) for point in points[::2]
        ],
        up=[Tick(place.y(step / 4), f"{step / 4:g}") for step in range(5)],
        series=[
            _series(words, colour, points, of, place, _TOP + 16 + 22 * row)
            for row, (words, colour, of) in enumerate(shares)
        ],
        seconds=[Tick(place.x(p.threshold), _seconds(p.figures)) for p in points[::2]],
    )


@dataclass(frozen=True)
class _Place:
    first: float
    span: float

    def x(self, threshold: float) -> float:
        return round(_LEFT + _WIDE * (threshold - self.first) / self.span, 1)

    def y(self, share: float) -> float:
        return round(_TOP + _HIGH * (1 - share), 1)


def _series(
    words: str,
    colour: str,
    points: Sequence[CurvePoint],
    of: Callable[[EventFigures], Share],
    place: _Place,
    y: int,
) -> Series:
    told = [(place.x(p.threshold), of(p.figures)) for p in points]
    told = [(x, share) for x, share in told if share.value is not None]
    line = [(x, place.y(share.value or 0.0)) for x, share in told]
    upper = [(x, place.y(share.high)) for x, share in told]
    lower = [(x, place.y(share.low)) for x, share in reversed(told)]
    return Series(words, colour, _points(line), _points([*upper, *lower]), y)


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def shift_words(shift: float) -> str:
    """Such as ``-0.5``, ``0``, ``+1``."""
    return f"{shift:+g}" if shift else "0"


def _seconds(figures: EventFigures) -> str:
    middle = figures.seconds_to_detect.median
    return "—" if middle is None else f"{middle:.1f}"
