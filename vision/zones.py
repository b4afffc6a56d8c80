"""Zones 区域: parts of the picture where rules watch, or where they must not."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from domain.base import Settings, Text
from domain.geometry import FramePolygon, Point
from domain.place import Id
from models.detections import Detections, Floats
from vision.schedule import Schedule

Bools = NDArray[np.bool_]
Coordinates = NDArray[np.floating[Any]]

FRAME_ZONE_ID = "frame"
"""The zone of a rule that names none: the whole picture."""
INLINE_ZONE_ID = "inline"
"""The zone of a rule that carries its own polygon."""
WHOLE_FRAME: tuple[Point, ...] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
MASKED_SHARE = 0.5
"""A box with more than this share of its area under ignore zones is not looked at."""
AREA_SHARE = 0.3
"""Fire lies in a zone when this share of its box does: a plume's centre may hang above it."""


class ZoneKind(StrEnum):
    DETECT = "detect"
    IGNORE = "ignore"
    EXEMPT = "exempt"


class ZoneSettings(Settings):
    """One zone of a camera."""

    id: Id
    """Name of the zone on its camera; rules refer to it."""
    kind: ZoneKind = ZoneKind.DETECT
    """detect: rules may watch here. ignore: nothing here is looked at by any rule (a screen, a
    flag, the burnt-in clock). exempt: standing and gathering are allowed here in the zone's hours
    (a morning market); fire is still found."""
    polygon: FramePolygon
    """Corners in frame units 0–1, y down."""
    schedule: Schedule = ()
    """Hours in which the zone counts, in the site's time zone; none: always."""
    name: Text | None = None
    """What people call it."""


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """A zone, ready to ask for many boxes at once."""

    id: str
    polygon: tuple[Point, ...]
    schedule: Schedule
    _shape: Any

    @classmethod
    def of(cls, zone_id: str, polygon: tuple[Point, ...], schedule: Schedule = ()) -> "Zone":
        shape = shapely.Polygon(polygon)
        shapely.prepare(shape)
        return cls(zone_id, polygon, schedule, shape)

    @classmethod
    def whole_frame(cls) -> "Zone":
        return cls.of(FRAME_ZONE_ID, WHOLE_FRAME)

    def holds_points(self, x: Coordinates, y: Coordinates) -> Bools:
        """Which points (n,) (n,), frame units, lie inside or on the border, (n,) bool.

        Points beyond the frame are taken to its edge: a box may end a hair outside.
        """
        inside = shapely.intersects_xy(self._shape, np.clip(x, 0, 1), np.clip(y, 0, 1))
        return np.asarray(inside, np.bool_)

    def holds_ground(self, xyxy: Floats) -> Bools:
        """Which boxes (n, 4) stand in the zone, by the middle of their lower edge, (n,) bool."""
        return self.holds_points((xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3])

    def holds_area(self, xyxy: Floats) -> Bools:
        """Which boxes (n, 4) lie in the zone by their centre or by `AREA_SHARE`, (n,) bool."""
        x, y = (xyxy[:, 0] + xyxy[:, 2]) / 2, (xyxy[:, 1] + xyxy[:, 3]) / 2
        return self.holds_points(x, y) | (self.covered(xyxy) >= AREA_SHARE)

    def covered(self, xyxy: Floats) -> Floats:
        """The share 0–1 of each box (n, 4) that lies in the zone, (n,) float32."""
        boxes = shapely.box(xyxy[:, 0], xyxy[:, 1], xyxy[:, 2], xyxy[:, 3])
        shared = shapely.area(shapely.intersection(boxes, self._shape))
        return np.asarray(shared / np.maximum(shapely.area(boxes), 1e-12), np.float32)

    def taken_up(self, xyxy: Floats) -> float:
        """The share 0-1 of the zone that lies under boxes (n, 4), each place counted once."""
        boxes = shapely.box(xyxy[:, 0], xyxy[:, 1], xyxy[:, 2], xyxy[:, 3])
        shared = shapely.area(shapely.intersection(shapely.union_all(boxes), self._shape))
        return float(shared / max(shapely.area(self._shape), 1e-12))


def unmasked(detections: Detections, ignored: tuple[Zone, ...]) -> Detections:
    """The detections that do not lie under the ignore zones."""
    if not ignored or not len(detections):
        return detections
    covered = sum((zone.covered(detections.xyxy) for zone in ignored), np.float32(0))
    return detections[np.asarray(covered <= MASKED_SHARE, np.bool_)]


def standing_in(zone: Zone, exempt: tuple[Zone, ...], xyxy: Floats) -> Bools:
    """Which boxes (n, 4) stand in the zone and in none of the exempt ones, (n,) bool."""
    inside = zone.holds_ground(xyxy)
    for allowed in exempt:
        inside &= ~allowed.holds_ground(xyxy)
    return inside
