"""Stalls: what is set up to sell, named or not, and what only looks like it."""

from collections.abc import Callable
from typing import Any

from streams.frame import Image
from tests.vision.looks import Row
from tests.vision.paintings import exposed, opened_at, street, told_of, with_shadow, with_thing

STREET = street()
ROAD = ((0.0, 0.32), (1.0, 0.32), (1.0, 1.0), (0.0, 1.0))
STALL = (0.4, 0.6, 0.6, 0.85)
WITH_STALL = with_thing(STREET, STALL, seed=1)
RULE = {"stalls": {"zone": ROAD}}
VENDOR: Row = ("person", 0.6, 0.61, 0.55, 0.66, 0.85)


def opened(
    picture_at: Callable[[float], Image],
    to_s: float,
    rows: list[Row] | None = None,
    *,
    rules: dict[str, Any] = RULE,
    zones: list[dict[str, Any]] | None = None,
    step_s: int = 4,
) -> list[float]:
    shown = [(float(t), picture_at(t), rows or []) for t in range(0, round(to_s), step_s)]
    return opened_at(told_of(shown, rules, zones or []))


def set_up(t: float) -> Image:
    """Over three minutes, from 60 s on, boxes, a table and a parasol are brought."""
    picture = STREET
    places = [(0.4, 0.7, 0.47, 0.85), (0.47, 0.7, 0.55, 0.85), (0.55, 0.72, 0.6, 0.85), STALL]
    for i, place in enumerate(places):
        if t >= 60 + 60 * i:
            picture = with_thing(picture, place, seed=20 + i)
    return picture


def test_a_stall_that_is_set_up_over_three_minutes_opens_one_incident() -> None:
    times = opened(set_up, 640, [VENDOR])
    assert len(times) == 1
    assert 60 + 300 <= times[0] <= 240 + 310


def test_what_is_said_of_it() -> None:
    shown = [(float(t), WITH_STALL if t >= 20 else STREET, [VENDOR]) for t in range(0, 360, 4)]
    (_, message), *_ = told_of(shown, RULE)
    incident = message.incident
    assert incident.explanation.zh.startswith("有人看守的物体静止停留 300 s")
    assert [box.label for box in incident.boxes] == ["object", "person"]
    assert incident.count == 1
    shown = [(t, picture, []) for t, picture, _ in shown]
    (_, message), *_ = told_of(shown, RULE)
    assert message.incident.explanation.en.startswith("A thing without a class standing still")


def test_a_morning_market_is_allowed_and_what_remains_of_it_is_not() -> None:
    """Looks begin at noon: the market ends at 12:10 and clears by 12:12, or one stall stays."""
    market = {
        "id": "market",
        "kind": "exempt",
        "polygon": ROAD,
        "schedule": [{"from": "06:00", "to": "12:10"}],
    }

    def cleared(t: float) -> Image:
        return WITH_STALL if 20 <= t < 720 else STREET

    assert not opened(cleared, 1100, [], zones=[market], step_s=8)
    stays = opened(lambda t: WITH_STALL if t >= 20 else STREET, 1000, zones=[market], step_s=8)
    assert len(stays) == 1
    assert 890 <= stays[0] <= 920


def test_people_who_stand_and_cars_that_park_are_no_stalls() -> None:
    standing: list[Row] = [
        ("person", 0.6, 0.38 + 0.06 * i, 0.55, 0.44 + 0.06 * i, 0.9) for i in range(4)
    ]
    assert not opened(lambda t: WITH_STALL if t >= 20 else STREET, 500, standing)
    car: Row = ("car", 0.6, 0.38, 0.55, 0.62, 0.9)
    assert not opened(lambda t: WITH_STALL if t >= 20 else STREET, 500, [car])
    shown = [
        (float(t), WITH_STALL if t >= 20 else STREET, [car] if t % 8 else [])
        for t in range(0, 500, 4)
    ]
    assert not opened_at(told_of(shown, RULE))  # a detector that sees the car half of the time


def test_shadows_clouds_and_things_elsewhere_are_no_stalls() -> None:
    shadow = with_shadow(STREET, (0.3, 0.5, 0.7, 0.95))
    assert not opened(lambda t: shadow if t >= 20 else STREET, 400)
    assert not opened(lambda t: exposed(STREET, 1.4 if t % 120 < 60 else 0.8), 400)
    on_the_wall = with_thing(STREET, (0.4, 0.02, 0.6, 0.28), seed=4)
    assert not opened(lambda t: on_the_wall if t >= 20 else STREET, 400)
    small = with_thing(STREET, (0.4, 0.6, 0.46, 0.7), seed=4)
    assert not opened(lambda t: small if t >= 20 else STREET, 400)


def test_a_vendor_makes_a_smaller_thing_count() -> None:
    cart = with_thing(STREET, (0.4, 0.6, 0.48, 0.72), seed=4)
    vendor: Row = ("person", 0.6, 0.49, 0.5, 0.53, 0.74)
    rules = {"stalls": {"zone": ROAD, "unnamed_area": 0.013}}
    assert not opened(lambda t: cart if t >= 20 else STREET, 400, rules=rules)
    assert opened(lambda t: cart if t >= 20 else STREET, 400, [vendor], rules=rules)


def test_named_cues_count_from_the_first_look_on_and_weak_ones_with_a_vendor() -> None:
    umbrella: Row = ("umbrella", 0.5, 0.4, 0.5, 0.6, 0.7)
    weak: Row = ("umbrella", 0.28, 0.4, 0.5, 0.6, 0.7)
    vendor: Row = ("person", 0.6, 0.58, 0.55, 0.63, 0.8)
    assert opened(lambda _: WITH_STALL, 400, [umbrella]) == [300]
    assert not opened(lambda _: WITH_STALL, 400, [weak])
    assert opened(lambda _: WITH_STALL, 400, [weak, vendor]) == [300]


def test_a_named_thing_and_its_pixels_are_one() -> None:
    umbrella: Row = ("umbrella", 0.5, 0.4, 0.6, 0.6, 0.85)
    shown = [
        (float(t), WITH_STALL if t >= 20 else STREET, [umbrella] if t >= 20 else [])
        for t in range(0, 360, 4)
    ]
    told = told_of(shown, RULE)
    assert {message.incident.count for _, message in told} == {1}


def test_without_pictures_or_without_unnamed_things_names_decide() -> None:
    rules = {"stalls": {"zone": ROAD, "unnamed": False}}
    assert not opened(lambda t: WITH_STALL if t >= 20 else STREET, 400, rules=rules)


def test_everything_counts_for_the_general_rule() -> None:
    rules = {"road_occupation": {"zone": ROAD, "for_s": 30}}
    assert opened(lambda t: WITH_STALL if t >= 20 else STREET, 80, rules=rules, step_s=2) == [50]
    ambulance: Row = ("bus", 0.6, 0.38, 0.55, 0.62, 0.9)
    rules = {"road_occupation": {"zone": ROAD, "for_s": 30, "exempt_classes": ["bus"]}}
    assert not opened(lambda t: WITH_STALL if t >= 20 else STREET, 80, [ambulance], rules=rules)
