"""The grid plan as a drawing: no tiles, no Internet. Made-up shapes are said to be made up."""

import math
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from domain.base import Language
from domain.geometry import Point, ring_area
from domain.place import Grid, GridLevel, GridPlan

WIDTH = 360.0
HEIGHT = 230.0
_MARGIN = 14.0
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class PlanMap:
    """A drawn plan, and whether its shapes are made up."""

    svg: Markup
    synthetic: bool


@dataclass(frozen=True)
class _Frame:
    """Turns degrees into units of the drawing: equirectangular about the plan's middle."""

    west: float
    north: float
    scale: float
    squeeze: float
    left: float
    top: float

    @classmethod
    def around(cls, points: list[Point]) -> "_Frame":
        lons, lats = [p[0] for p in points], [p[1] for p in points]
        squeeze = math.cos(math.radians((min(lats) + max(lats)) / 2))
        wide = max((max(lons) - min(lons)) * squeeze, 1e-9)
        high = max(max(lats) - min(lats), 1e-9)
        scale = min((WIDTH - 2 * _MARGIN) / wide, (HEIGHT - 2 * _MARGIN) / high)
        left, top = (WIDTH - wide * scale) / 2, (HEIGHT - high * scale) / 2
        return cls(min(lons), max(lats), scale, squeeze, left, top)

    def at(self, point: Point) -> Point:
        x = self.left + (point[0] - self.west) * self.squeeze * self.scale
        return x, self.top + (self.north - point[1]) * self.scale

    @property
    def metres_per_unit(self) -> float:
        return _METRES_PER_DEGREE / self.scale


def draw_plan(
    plan: GridPlan,
    position: Point | None,
    here: frozenset[str],
    language: Language,
    label: str,
    scale_words: dict[str, str],
) -> PlanMap | None:
    """The plan with the grids in `here` (ids) lit and a mark at `position` (lon, lat).

    `scale_words` holds ``metres`` and ``kilometres`` with ``{n}``. None for a plan without grids.
    A position off the plan is drawn too: the frame grows to hold it.
    """
    drawn = [grid for grid in plan.grids if grid.level in (GridLevel.FIRST, GridLevel.SECOND)]
    lit = [grid for grid in plan.grids if grid.id in here]
    if not drawn and not lit:
        return None
    corners = [point for grid in (*drawn, *lit) for point in grid.polygon]
    frame = _Frame.around([*corners, *([position] if position else [])])
    innermost = max(lit, key=lambda grid: grid.level, default=None)
    parts = [
        *(_shape(frame, grid) for grid in sorted(drawn, key=lambda g: g.level)),
        _shape(frame, innermost, "grid-here") if innermost else "",
        *(_name(frame, grid, language) for grid in drawn if grid.level == GridLevel.FIRST),
        _mark(frame, position) if position else "",
        _scale_bar(frame, scale_words),
    ]
    return PlanMap(_sheet(label, "".join(parts)), plan.synthetic)


def _sheet(label: str, drawing: str) -> Markup:
    """The whole drawing; every word in it is escaped."""
    return Markup(
        f'<svg class="map" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="'
        f'{escape(label)}"><rect class="ground" width="{WIDTH:g}" height="{HEIGHT:g}"/>'
        f"{drawing}</svg>"
    )


def _shape(frame: _Frame, grid: Grid, kind: str | None = None) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(frame.at, grid.polygon))
    return f'<polygon class="{kind or f"grid-{grid.level:d}"}" points="{points}"/>'


def _name(frame: _Frame, grid: Grid, language: Language) -> str:
    x, y = frame.at(_middle(grid.polygon))
    words = escape(grid.name.to(language).removesuffix("网格"))
    return f'<text class="grid-name" x="{x:.1f}" y="{y + 4:.1f}">{words}</text>'


def _middle(polygon: tuple[Point, ...]) -> Point:
    """The centre of area of a ring."""
    area = ring_area(polygon)
    x = y = 0.0
    for (x1, y1), (x2, y2) in pairwise((*polygon, polygon[0])):
        cross = x1 * y2 - x2 * y1
        x, y = x + (x1 + x2) * cross, y + (y1 + y2) * cross
    return x / (6 * area), y / (6 * area)


def _mark(frame: _Frame, position: Point) -> str:
    x, y = frame.at(position)
    return (
        f'<circle class="site-ring" cx="{x:.1f}" cy="{y:.1f}" r="11"/>'
        f'<circle class="site" cx="{x:.1f}" cy="{y:.1f}" r="5.5"/>'
    )


def _scale_bar(frame: _Frame, words: dict[str, str]) -> str:
    metres = _round_length(frame.metres_per_unit * 80)
    length = metres / frame.metres_per_unit
    said = (
        words["kilometres"].format(n=f"{metres / 1000:g}")
        if metres >= 1000
        else words["metres"].format(n=f"{metres:g}")
    )
    y = HEIGHT - 8
    return (
        f'<path class="scale" d="M8 {y - 4:g}V{y:g}H{8 + length:.1f}V{y - 4:g}"/>'
        f'<text class="scale-words" x="{14 + length:.1f}" y="{y:g}">{escape(said)}</text>'
    )


def _round_length(metres: float) -> float:
    """The longest of 1, 2, 5, 10 … not above `metres`."""
    power = 10.0 ** math.floor(math.log10(max(metres, 1e-9)))
    return max(step * power for step in (1, 2, 5) if step * power <= metres or step == 1)
