"""Parking: what stays, and what only waits, loads or passes."""

import itertools
from typing import Any

import pytest

from streams.frame import Image
from tests.vision.looks import (
    CAR,
    LEFT_HALF,
    RIGHT_HALF,
    Row,
    found_at,
    judged,
    look,
    moved,
    patrol,
)
from tests.vision.looks import told as told_in_short
from tests.vision.paintings import opened_at, street, told_of, with_thing
from vision.rules.parking import FireLaneRuleSettings, ParkingRuleSettings
from vision.rules.road_occupation import OccupationSettings, RoadOccupationRule
from vision.rules.rule import Judgement
from vision.zones import Zone

Looks = list[tuple[float, list[Row]]]
LANE: Row = ("car", 0.6, 0.10, 0.30, 0.20, 0.40)
BUS: Row = ("bus", 0.9, 0.05, 0.35, 0.60, 0.95)


def answers(looks: Looks, settings: OccupationSettings) -> list[tuple[float, Judgement]]:
    rule = RoadOccupationRule(settings, Zone.of("z", LEFT_HALF))
    return judged(rule, looks, tracked=settings.tracked_labels)


def first(looks: Looks, **settings: Any) -> float | None:
    found = found_at(answers(looks, ParkingRuleSettings.model_validate(settings)))
    return found[0] if found else None


def every(step_s: float, to_s: float, *rows: Row) -> Looks:
    return [(i * step_s, list(rows)) for i in range(int(to_s / step_s) + 1)]


def test_ten_minutes_are_parking_and_a_loading_stop_is_not() -> None:
    assert first(every(5, 700, CAR)) == 600
    assert first(every(5, 540, CAR) + [(545.0 + t, []) for t in range(0, 300, 5)]) is None
    assert first(every(5, 700, moved(CAR, 0.4))) is None  # outside the zone


def test_irregular_looks_and_drop_outs_change_nothing() -> None:
    steps = itertools.cycle((0.3, 5.0, 1.1, 3.0, 0.4))
    times = list(itertools.accumulate(itertools.islice(steps, 500)))
    dropped = [(t, [] if i % 13 == 0 else [CAR]) for i, t in enumerate(times)]
    at_s = first(dropped)
    assert at_s is not None
    assert 600 <= at_s <= 610


@pytest.mark.parametrize(("hidden_s", "expected"), [(40, 600), (100, 600), (140, 600)])
def test_buses_that_stop_in_front_cost_nothing(hidden_s: float, expected: float) -> None:
    looks = [
        (float(t), [BUS] if 100 <= t < 100 + hidden_s or 400 <= t < 420 else [CAR])
        for t in range(0, 640, 4)
    ]
    assert first(looks) == expected


def test_what_a_bus_hides_for_too_long_is_not_believed_in() -> None:
    at_its_stop: Row = ("bus", 0.9, 0.18, 0.35, 0.90, 0.95)  # beside the zone
    looks = [(float(t), [CAR] if t < 100 else [at_its_stop]) for t in range(0, 900, 4)]
    assert first(looks) is None


def test_an_incident_stays_open_behind_a_bus() -> None:
    camera = patrol({"parking": {"zone": LEFT_HALF, "for_s": 60, "close_after_s": 30}})
    said = []
    for t in range(0, 300, 4):
        rows = [BUS] if 100 <= t < 200 else [CAR]
        said += camera.look(look(float(t), rows))
    assert [word for word in told_in_short(said) if "updated" not in word] == ["opened 1"]


def queue(t: float, *, stops_s: float, goes_s: float, count: int = 4) -> list[Row]:
    """Cars that stop one behind the other, four seconds apart, and go two seconds apart."""
    cars = []
    for i in range(count):
        stopped_at, leaves_at = stops_s + 4 * i, goes_s + 2 * i
        place = moved(LANE, 0.0, 0.13 * i)
        if stopped_at <= t < leaves_at:
            cars.append(place)
        elif stopped_at - 4 <= t < stopped_at:
            cars.append(moved(place, 0.0, 0.05 * (stopped_at - t)))
    return cars


def test_a_red_light_queue_is_not_parking() -> None:
    looks = [(float(t), queue(t, stops_s=10, goes_s=90)) for t in range(0, 200, 2)]
    assert first(looks, for_s=30) is None
    assert first([(t, rows[:1]) for t, rows in looks], for_s=30) is not None  # alone, it is


def test_a_jam_is_not_parking_and_a_row_that_never_leaves_is() -> None:
    jam = [(float(t), queue(t, stops_s=10, goes_s=170)) for t in range(0, 300, 2)]
    assert first(jam, for_s=60) is None
    row = [(float(t), queue(t, stops_s=10, goes_s=9_999)) for t in range(0, 400, 2)]
    assert first(row, for_s=60) == pytest.approx(190, abs=4)
    assert first(row, for_s=60, queue_s=0) == pytest.approx(70, abs=4)


def test_who_stays_when_the_queue_has_gone_is_parked() -> None:
    parked = moved(LANE, 0.15, 0.0)
    looks = [
        (float(t), queue(t, stops_s=10, goes_s=60) + ([parked] if t >= 12 else []))
        for t in range(0, 200, 2)
    ]
    at_s = first(looks, for_s=30)
    assert at_s is not None
    assert 80 <= at_s <= 100


def test_a_queue_that_stands_at_the_first_look_is_given_time_and_one_car_is_not() -> None:
    looks = [(float(t), queue(t, stops_s=-100, goes_s=70)) for t in range(0, 200, 2)]
    assert first(looks, for_s=30) is None
    beside = [moved(LANE, 0.6), moved(LANE, 0.6, 0.15), moved(LANE, 0.6, 0.3)]  # legal bays
    assert first(every(2, 60, LANE, *beside), for_s=30) == 30


def test_a_fire_lane_is_stricter() -> None:
    lane = FireLaneRuleSettings()
    assert found_at(answers(every(4, 200, CAR), lane))[0] == 180
    row = [(float(t), queue(t, stops_s=0, goes_s=999)) for t in range(0, 240, 2)]
    assert found_at(answers(row, lane))[0] <= 184
    bicycle: Row = ("motorcycle", 0.6, 0.2, 0.5, 0.3, 0.7)
    assert found_at(answers(every(4, 200, bicycle), lane))
    assert not found_at(answers(every(4, 700, bicycle), ParkingRuleSettings()))


def test_classes_that_may_stand_do_not_count() -> None:
    ambulance: Row = ("bus", 0.6, 0.2, 0.5, 0.4, 0.7)
    settings = ParkingRuleSettings(for_s=30, exempt_classes=("bus",))
    assert not found_at(answers(every(2, 60, CAR, ambulance), settings))


def test_exempt_zones_and_hours_allow_it_and_then_it_counts_from_their_end() -> None:
    bay = {"id": "bay", "kind": "exempt", "polygon": LEFT_HALF}
    hours = {**bay, "schedule": [{"from": "00:00", "to": "12:10"}]}
    for zones, expected in (([bay], []), ([hours], ["opened 1"])):
        camera = patrol({"parking": {"zone": LEFT_HALF, "for_s": 60}}, zones)
        said = []
        for t in range(0, 690, 5):  # looks begin at noon
            said += camera.look(look(float(t), [CAR]))
            assert not said or t >= 655
        assert told_in_short(said)[:1] == expected


EMPTY = street()
PLACE = (0.2, 0.5, 0.4, 0.7)
PARKED = with_thing(EMPTY, PLACE, seed=11)
ANOTHER = with_thing(EMPTY, PLACE, seed=12)
PARKING = {"parking": {"zone": LEFT_HALF, "for_s": 60}}


def test_pixels_carry_a_car_through_a_detector_that_sleeps() -> None:
    shown = [(float(t), PARKED, [CAR] if t < 12 or t % 20 == 0 else []) for t in range(0, 80, 2)]
    assert opened_at(told_of(shown, PARKING)) == [60.0]
    blind = {"parking": {"zone": RIGHT_HALF, "for_s": 60}}
    assert not opened_at(told_of(shown, blind))


def test_another_car_in_the_same_place_begins_anew() -> None:
    def picture(t: float) -> Image:
        return PARKED if t < 40 else ANOTHER

    shown = [(float(t), picture(t), [CAR]) for t in range(0, 120, 2)]
    opened = opened_at(told_of(shown, PARKING))
    assert opened
    assert 98 <= opened[0] <= 104


def test_an_empty_place_is_seen_to_be_empty() -> None:
    shown = [
        (float(t), EMPTY if 40 <= t < 60 else PARKED, [] if 40 <= t < 60 else [CAR])
        for t in range(0, 150, 2)
    ]
    assert opened_at(told_of(shown, PARKING)) == [120.0]


def test_a_place_too_small_to_compare_is_judged_by_boxes() -> None:
    tiny: Row = ("car", 0.7, 0.2, 0.50, 0.208, 0.51)
    rules = {"parking": {"zone": LEFT_HALF, "for_s": 60, "min_area": 0}}
    shown = [(float(t), EMPTY, [tiny]) for t in range(0, 80, 2)]
    assert opened_at(told_of(shown, rules)) == [60.0]
