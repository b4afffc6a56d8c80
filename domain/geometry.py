"""Shapes. In pictures: frame units, x to the right and y down, 0-1 of width and height.
On the ground: WGS-84 degrees, longitude before latitude."""

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from domain.base import Value

Unit = Annotated[float, Field(ge=0.0, le=1.0)]
Point = tuple[float, float]
MOST_CORNERS = 2_000
"""Of a polygon: more than surveyors draw of a town's border; whether sides cross is asked of each
pair."""


class Box(Value):
    """An upright rectangle in frame units (0-1)."""

    x1: Unit
    y1: Unit
    x2: Unit
    y2: Unit

    @model_validator(mode="after")
    def _ordered(self) -> "Box":
        if self.x2 < self.x1 or self.y2 < self.y1:
            raise ValueError(f"expected x1 ≤ x2 and y1 ≤ y2, got {self.xyxy}")
        return self

    @classmethod
    def clipped(cls, x1: float, y1: float, x2: float, y2: float) -> "Box":
        """The part of a box that lies inside the frame."""
        x1, y1 = min(max(x1, 0.0), 1.0), min(max(y1, 0.0), 1.0)
        return cls(x1=x1, y1=y1, x2=min(max(x2, x1), 1.0), y2=min(max(y2, y1), 1.0))

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        return self.x1, self.y1, self.x2, self.y2

    @property
    def area(self) -> float:
        return (self.x2 - self.x1) * (self.y2 - self.y1)

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0-1."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


def simple_ring(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Check that `points` bound one area: at least three corners, no side crossing another.

    The ring is open (the first point is not repeated at the end); a closed one is opened.
    """
    if len(points) > 1 and points[0] == points[-1]:
        points = points[:-1]
    if len(points) < 3:
        raise ValueError(f"expected a polygon of at least 3 points, got {len(points)}")
    if len(points) > MOST_CORNERS:
        raise ValueError(f"expected a polygon of at most {MOST_CORNERS} points, got {len(points)}")
    if len(set(points)) != len(points):
        raise ValueError("expected a polygon without repeated points")
    if crossing := _first_crossing(points):
        raise ValueError(
            "expected a polygon that does not cross itself, "
            f"but side {crossing[0]} crosses side {crossing[1]} (sides are counted from 1)"
        )
    if abs(ring_area(points)) < 1e-12:
        raise ValueError("expected a polygon with an area, got points on one line")
    return points


def ring_area(points: tuple[Point, ...]) -> float:
    """Signed area by the shoelace formula, in squared units of the points."""
    closed = (*points, points[0])
    return 0.5 * sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(closed))


def _first_crossing(points: tuple[Point, ...]) -> tuple[int, int] | None:
    sides = list(pairwise((*points, points[0])))
    for i, first in enumerate(sides):
        for j in range(i + 2, len(sides)):
            if i == 0 and j == len(sides) - 1:
                continue  # neighbours across the start share a corner
            if _cross(*first, *sides[j]):
                return i + 1, j + 1
    return None


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _between(a: Point, b: Point, c: Point) -> bool:
    """Whether `c`, known to lie on the line through `a` and `b`, lies between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    touching = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(
        turn == 0 and _between(*points) for turn, points in zip(turns, touching, strict=True)
    )


def contains(points: tuple[Point, ...], point: Point) -> bool:
    """Whether `point` lies inside the ring (even-odd rule)."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in pairwise((*points, points[0])):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def _degrees(points: tuple[Point, ...]) -> tuple[Point, ...]:
    for longitude, latitude in points:
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise ValueError(f"expected longitude, latitude in degrees, got {longitude, latitude}")
    return points


def _frame_units(points: tuple[Point, ...]) -> tuple[Point, ...]:
    for x, y in points:
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError(f"expected frame units between 0 and 1, got {x, y}")
    return points


FramePolygon = Annotated[
    tuple[Point, ...], AfterValidator(_frame_units), AfterValidator(simple_ring)
]
"""A simple polygon in a picture, frame units 0-1."""

GroundPolygon = Annotated[tuple[Point, ...], AfterValidator(_degrees), AfterValidator(simple_ring)]
"""A simple polygon on the ground, WGS-84 longitude and latitude in degrees."""
