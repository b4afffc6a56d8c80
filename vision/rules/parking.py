"""Parking 违停 and fire lanes 消防通道: vehicles that stay where they must not."""

from typing import Literal

from pydantic import Field

from domain.labels import GOODS, MOTOR_VEHICLES, VEHICLES
from vision.rules.road_occupation import OccupationSettings


class ParkingRuleSettings(OccupationSettings):
    """A motor vehicle that stays in a no-parking zone for longer than a loading stop."""

    kind: Literal["parking"] = "parking"
    classes: tuple[str, ...] = MOTOR_VEHICLES
    """The vehicles that must not stand here. Bicycles and motorcycles: see `goods`."""
    unnamed: bool = False
    """Whether things count that no class names (default false)."""
    for_s: float = Field(default=600.0, gt=0)
    """How long it must stand (default 600 s, §5.4; vendors offer 4 to 60 minutes). Shorter stops,
    for loading or for a passenger, open nothing."""
    presence: float = Field(default=0.9, gt=0, le=1)
    """Share of `for_s` in which it must be seen (default 0.9, §5.4)."""
    max_shift: float = Field(default=0.2, gt=0)
    """How far it may move, in its own widths or heights (default 0.2, §5.4)."""


class FireLaneRuleSettings(OccupationSettings):
    """Anything that stands in a fire lane. Stricter than parking: sooner, and nobody queues."""

    kind: Literal["fire_lane"] = "fire_lane"
    classes: tuple[str, ...] = (*VEHICLES, *GOODS)
    """The detector's classes that must not stand here: bicycles and goods block a lane too."""
    for_s: float = Field(default=180.0, gt=0)
    """How long it must stand (default 180 s, §5.4 消防通道)."""
    presence: float = Field(default=0.9, gt=0, le=1)
    """Share of `for_s` in which it must be seen (default 0.9, §5.4)."""
    max_shift: float = Field(default=0.2, gt=0)
    """How far it may move, in its own widths or heights (default 0.2, §5.4)."""
    queue_s: float | None = Field(default=0.0, ge=0)
    """How long vehicles must stand that stopped together (default 0: `for_s`, like any other)."""

    @property
    def public_safety(self) -> bool:
        return True
