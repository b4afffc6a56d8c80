"""Stalls 占道经营/出店经营: what is set up to sell where nothing may be set up."""

from typing import Literal

from pydantic import Field

from domain.labels import GOODS, STALL_VEHICLE
from vision.rules.road_occupation import OccupationSettings


class StallsRuleSettings(OccupationSettings):
    """Goods, umbrellas, tables, or a thing without a class that stay in a no-stall zone. Vehicles
    do not count here, nor people alone; a stall with its vendor is believed sooner."""

    kind: Literal["stalls"] = "stalls"
    classes: tuple[str, ...] = (*GOODS, STALL_VEHICLE)
    """The detector's classes that are cues of a stall. COCO knows umbrella, chair, bench, dining
    table and bags; stall, cart and tricycle need a detector of your own."""
    max_shift: float = Field(default=0.5, gt=0)
    """How far it may move, in its own widths or heights (default 0.5, §5.4)."""
