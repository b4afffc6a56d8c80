"""Goods 乱堆物料 and shared bikes 共享单车: many things, or a large part of a zone, for long."""

from typing import Literal

from pydantic import Field

from domain.labels import CYCLES, GOODS
from vision.rules.road_occupation import OccupationSettings


class GoodsRuleSettings(OccupationSettings):
    """Things left about: so many of them, or so much of the zone, for a long time. One bicycle
    at the kerb is nobody's case; thirty of them on the pavement are."""

    kind: Literal["goods"] = "goods"
    classes: tuple[str, ...] = (*CYCLES, *GOODS)
    """The detector's classes that count."""
    for_s: float = Field(default=1800.0, gt=0)
    """How long they must stand (default 1800 s; the domain study gives hours for heaps of material
    and no figure for bikes)."""
    count: int = Field(default=6, ge=1)
    """So many things must stand in the zone (default 6, our proposal)."""
    covered: float = Field(default=0.25, ge=0, le=1)
    """… or they must cover this share of the zone (default 0.25, our proposal: boxes of bikes that
    stand in a row run into one another and cannot be counted)."""
    queue_s: float | None = Field(default=0.0, ge=0)
    """How long vehicles must stand that stopped together (default 0: `for_s`, like any other)."""
