"""The ground plane 地面标定: from places in the picture to metres, by four measured points."""

from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import Field, model_validator

from domain.base import Settings
from domain.geometry import FramePolygon, Point


class GroundPlaneSettings(Settings):
    """Four points on the ground, no three in a row: where the picture shows them, and where they
    lie."""

    picture: FramePolygon = Field(min_length=4, max_length=4)
    """The points in frame units 0–1, going round."""
    metres: tuple[Point, Point, Point, Point]
    """The same points on the ground in metres, x and y from any origin, in the same order."""

    @model_validator(mode="after")
    def _spans_a_plane(self) -> Self:
        for name, points in (("picture", self.picture), ("metres", self.metres)):
            if shapely.Polygon(points).area <= 0 or not _turns_one_way(points):
                raise ValueError(f"expected four corners going round, no three in a row: {name}")
        return self


class GroundPlane:
    """A homography from frame units to metres."""

    def __init__(self, settings: GroundPlaneSettings) -> None:
        self._to_ground = _homography(settings.picture, settings.metres)
        self._sign = np.sign(self._depths(settings.picture)[0])

    def area_m2(self, polygon: tuple[Point, ...]) -> float | None:
        """The area of a frame polygon on the ground; none if it reaches to the horizon."""
        depths = self._depths(polygon) * self._sign
        if depths.min() <= 0.01 * depths.max():
            return None
        ground = _homogeneous(polygon) @ self._to_ground.T
        return float(shapely.Polygon(ground[:, :2] / ground[:, 2:]).area)

    def _depths(self, points: tuple[Point, ...]) -> NDArray[np.float64]:
        """The third coordinate (n,): nought on the horizon, of another sign beyond it."""
        return np.asarray(_homogeneous(points) @ self._to_ground[2], np.float64)


def _homogeneous(points: tuple[Point, ...]) -> NDArray[np.float64]:
    return np.column_stack([np.asarray(points, np.float64), np.ones(len(points))])


def _homography(source: tuple[Point, ...], target: tuple[Point, ...]) -> NDArray[np.float64]:
    """The (3, 3) matrix that takes four points to four others."""
    rows, sides = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        sides += [u, v]
    solved = np.linalg.solve(np.array(rows, np.float64), np.array(sides, np.float64))
    return np.append(solved, 1.0).reshape(3, 3)


def _turns_one_way(points: tuple[Point, ...]) -> bool:
    corners = np.asarray(points, np.float64)
    sides = np.roll(corners, -1, axis=0) - corners
    after = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]
    return bool((turns > 1e-9).all() or (turns < -1e-9).all())
