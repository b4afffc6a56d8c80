"""Goods and shared bikes: many things, or much of the zone, for long."""

from typing import Any

from tests.vision.looks import LEFT_HALF, Row, detections, found_at, judged
from vision.rules.goods import GoodsRuleSettings
from vision.rules.road_occupation import RoadOccupationRule
from vision.zones import Zone


def bikes(count: int) -> list[Row]:
    """A row of bicycles at the kerb."""
    return [("motorcycle", 0.5, 0.02 + 0.06 * i, 0.6, 0.07 + 0.06 * i, 0.75) for i in range(count)]


def first(rows: list[Row], to_s: float = 2000, **settings: Any) -> float | None:
    rule_settings = GoodsRuleSettings.model_validate(settings)
    rule = RoadOccupationRule(rule_settings, Zone.of("z", LEFT_HALF))
    looks = [(float(t), rows) for t in range(0, int(to_s), 20)]
    found = found_at(judged(rule, looks))
    return found[0] if found else None


def test_six_bicycles_for_half_an_hour_are_a_case_and_five_are_not() -> None:
    assert first(bikes(6)) == 1800
    assert first(bikes(5)) is None
    assert first(bikes(6), to_s=1700) is None


def test_a_heap_that_covers_much_of_the_zone_counts_as_one() -> None:
    heap: Row = ("bench", 0.6, 0.05, 0.3, 0.45, 0.75)
    assert first([heap]) == 1800  # 36 % of the zone
    assert first([heap], covered=0.5) is None
    assert first([heap], covered=0) is None


def test_what_overlaps_is_counted_once() -> None:
    zone = Zone.of("z", LEFT_HALF)
    heap: Row = ("bench", 0.6, 0.05, 0.3, 0.45, 0.75)
    rows = [heap, ("chair", 0.6, 0.1, 0.4, 0.4, 0.7)]
    assert zone.taken_up(detections(rows).xyxy) == zone.taken_up(detections([heap]).xyxy)
