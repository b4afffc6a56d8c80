"""The picture of a sweep: how cost and look intervals grow with the number of cameras, as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.bench.report import BenchReport
from lab.drawing import drawn

WIDTH, HEIGHT = 860, 330
_PANEL_W, _PANEL_H = 350, 210
_TOP = 56
_LEFTS = (62, 482)
_STEPS = 4
_NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """A line across a diagram, and the value it stands for."""

    y: float
    value: float


@dataclass(frozen=True)
class Dot:
    """A measured value in its place."""

    x: float
    y: float
    cameras: float
    value: float


@dataclass(frozen=True)
class Panel:
    """One diagram in its place: values over numbers of cameras."""

    title: str
    ink: str
    """Its name in the picture's style, which has a colour for it by day and one by night."""
    left: int
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    top: int = _TOP
    bottom: int = _TOP + _PANEL_H

    @property
    def right(self) -> int:
        return self.left + _PANEL_W


def growth(reports: Sequence[BenchReport]) -> str:
    """Cost per camera and the 99th percentile of look intervals against the number of cameras."""
    cost: Points = [(r.cameras, 1000 * r.worker_cores_per_camera) for r in reports]
    p99: Points = [
        (r.cameras, value) for r in reports if (value := r.look_interval_s.get("p99")) is not None
    ]
    panels = (
        _panel("每路开销 worker per camera, 0.001 core", "cost", cost, _LEFTS[0]),
        _panel("巡看间隔 look interval p99, s", "interval", p99, _LEFTS[1]),
    )
    said = f"{reports[-1].machine}; {reports[-1].runs_on}; {reports[-1].seconds:g} s"
    return drawn("lab.bench", "growth.svg", width=WIDTH, height=HEIGHT, panels=panels, said=said)


def nice_above(value: float) -> float:
    """A round number that is not below `value`, for the end of an axis."""
    if value <= 0:
        return 1.0
    power = 1.0
    while value > 10 * power:
        power *= 10
    while value <= power:
        power /= 10
    return next(nice * power for nice in _NICE if nice * power >= value * (1 - 1e-9))


def _panel(title: str, ink: str, points: Points, left: int) -> Panel:
    most_x = max((x for x, _ in points), default=1.0)
    most_y = nice_above(max((y for _, y in points), default=1.0))

    def y_of(value: float) -> float:
        return _TOP + _PANEL_H - _PANEL_H * value / most_y

    values = (most_y * step / _STEPS for step in range(_STEPS + 1))
    return Panel(
        title,
        ink,
        left,
        lines=tuple(Line(y_of(value), value) for value in values),
        dots=tuple(Dot(left + _PANEL_W * x / most_x, y_of(y), x, y) for x, y in points),
    )
