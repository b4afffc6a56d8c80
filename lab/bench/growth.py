"""The picture of a sweep: how cost and look intervals grow with the number of cameras, as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from lab.bench.report import BenchReport

WIDTH, HEIGHT = 860, 330
_PANEL_W, _PANEL_H = 350, 210
_TOP = 56
_LEFTS = (62, 482)
_STEPS = 4
_NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """One diagram: its title, its colour, and a value for each number of cameras."""

    title: str
    colour: str
    points: Points


def growth(reports: Sequence[BenchReport]) -> str:
    """Cost per camera and the 99th percentile of look intervals against the number of cameras."""
    cost: Points = [(r.cameras, 1000 * r.worker_cores_per_camera) for r in reports]
    p99: Points = [
        (r.cameras, value) for r in reports if (value := r.look_interval_s.get("p99")) is not None
    ]
    panels = (
        Panel("每路开销 worker per camera, 0.001 core", "#6366f1", cost),
        Panel("巡看间隔 look interval p99, s", "#dc2626", p99),
    )
    drawn = [_panel(panel, left) for panel, left in zip(panels, _LEFTS, strict=True)]
    said = f"{reports[-1].machine}; {reports[-1].runs_on}; {reports[-1].seconds:g} s"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            'aria-label="开销与间隔 cost and intervals" font-family="sans-serif" font-size="13">',
            f'  <rect width="{WIDTH}" height="{HEIGHT}" fill="#f8fafc"/>',
            *drawn,
            _text(WIDTH / 2, HEIGHT - 8, said, "middle", "#64748b"),
            "</svg>\n",
        ]
    )


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


def _panel(panel: Panel, left: float) -> str:
    right, bottom = left + _PANEL_W, _TOP + _PANEL_H
    most_x = max((x for x, _ in panel.points), default=1.0)
    most_y = nice_above(max((y for _, y in panel.points), default=1.0))

    def place(x: float, y: float) -> tuple[float, float]:
        return left + _PANEL_W * x / most_x, bottom - _PANEL_H * y / most_y

    lines = [_text(left, _TOP - 16, panel.title, "start", panel.colour)]
    for step in range(_STEPS + 1):
        value = most_y * step / _STEPS
        _, y = place(0, value)
        lines.append(f'  <path d="M{left:g} {y:g}H{right:g}" stroke="#e2e8f0"/>')
        lines.append(_text(left - 6, y + 4, f"{value:g}", "end", "#64748b"))
    placed = [place(x, y) for x, y in panel.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    lines.append(
        f'  <polyline points="{path}" fill="none" stroke="{panel.colour}" stroke-width="2"/>'
    )
    for (cameras, value), (x, y) in zip(panel.points, placed, strict=True):
        lines.append(f'  <circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{panel.colour}"/>')
        lines.append(_text(x, y - 8, f"{value:.3g}", "middle", panel.colour))
        lines.append(_text(x, bottom + 18, f"{cameras:g}", "middle", "#64748b"))
    return "\n".join(lines)


def _text(x: float, y: float, words: str, anchor: str, colour: str) -> str:
    return (
        f'  <text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">'
        f"{escape(words)}</text>"
    )
