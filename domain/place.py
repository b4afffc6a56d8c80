"""Where things are: sites, what the center knows of a camera, and the grid plan."""

from enum import IntEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from domain.base import Text, Utc, Value
from domain.gb28181 import check_device_id
from domain.geometry import GroundPolygon, Point, contains

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""A name that is safe in URLs, file names and bus keys."""

GbId = Annotated[str, AfterValidator(check_device_id)]


class Site(Value):
    """A place 点位 that holds one or more cameras."""

    id: Id
    name: Text
    address: Text = Text.of("", "")
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    crs: Literal["WGS-84"] = "WGS-84"
    """Other datums shift by hundreds of metres and must be converted before import."""

    @property
    def position(self) -> Point:
        return self.lon, self.lat


class CameraInfo(Value):
    """What may be known of a camera 摄像机 outside its worker: no address, no secret."""

    id: Id
    name: Text
    site_id: Id
    gb_id: GbId | None = None
    worker_id: Id | None = None
    """The worker that is to look at it, by the town's file; None as older centers knew it."""
    look_every_s: float = Field(default=2.0, gt=0)
    """The coverage promise: at least one look in this many seconds."""
    overlaps: tuple[Id, ...] = ()
    """The cameras that see the same place, as people declared it."""
    notice: Text | None = None
    """Said wherever a picture of this camera is shown, e.g. that it is composed for the demo."""


class GridLevel(IntEnum):
    """The town itself and its three levels of grid 网格."""

    TOWN = 0
    FIRST = 1
    SECOND = 2
    THIRD = 3

    @property
    def words(self) -> Text:
        return _LEVEL_TITLES[self]


_LEVEL_TITLES = {
    GridLevel.TOWN: Text.of("镇", "Town"),
    GridLevel.FIRST: Text.of("一级网格", "Level-1 grid"),
    GridLevel.SECOND: Text.of("二级网格", "Level-2 grid"),
    GridLevel.THIRD: Text.of("三级微网格", "Level-3 micro-grid"),
}


class Grid(Value):
    """One grid. Levels are resolved each by its own polygon: level 1 may cross level-2 borders."""

    id: Id
    level: GridLevel
    name: Text
    polygon: GroundPolygon
    parent_id: Id | None = None
    external_code: str | None = None

    def contains(self, position: Point) -> bool:
        return contains(self.polygon, position)


class GridPlan(Value):
    """All grids as they hold from one day on. A case keeps the version it was routed with."""

    version: Id
    valid_from: Utc
    grids: tuple[Grid, ...]
    synthetic: bool = False
    """The shapes are made up and stand for no real border."""

    @model_validator(mode="after")
    def _ids_are_unique_and_parents_exist(self) -> Self:
        ids = [grid.id for grid in self.grids]
        if doubles := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"expected each grid id once, got twice: {', '.join(doubles)}")
        for grid in self.grids:
            if grid.parent_id is not None and grid.parent_id not in ids:
                raise ValueError(f"grid {grid.id}: no grid has the parent id {grid.parent_id}")
        return self

    def grid(self, grid_id: str | None) -> Grid | None:
        return next((grid for grid in self.grids if grid.id == grid_id), None)


class GridPath(Value):
    """The grids a place lies in, one per level, and the plan they were looked up in."""

    plan_version: str
    first: str | None = None
    second: str | None = None
    third: str | None = None

    @property
    def innermost(self) -> str | None:
        return self.third or self.second or self.first
