"""Road occupation: what stays where nothing may stand."""

from typing import Any

import pytest

from tests.vision.looks import CAR, LEFT_HALF, RIGHT_HALF, Row, found_at, judged, moved, people
from vision.rules.road_occupation import RoadOccupationRule, RoadOccupationRuleSettings
from vision.rules.rule import Judgement
from vision.zones import Zone

Looks = list[tuple[float, list[Row]]]
CHAIR: Row = ("chair", 0.5, 0.3, 0.6, 0.35, 0.7)
UMBRELLA: Row = ("umbrella", 0.5, 0.28, 0.4, 0.38, 0.5)
BUS: Row = ("bus", 0.9, 0.0, 0.2, 0.6, 0.9)


def answers(
    looks: Looks, exempt: tuple[Zone, ...] = (), **settings: Any
) -> list[tuple[float, Judgement]]:
    rule_settings = RoadOccupationRuleSettings.model_validate({"for_s": 30, **settings})
    rule = RoadOccupationRule(rule_settings, Zone.of("z", LEFT_HALF))
    return judged(rule, looks, tracked=rule_settings.tracked_labels, exempt=exempt)


def every(step_s: float, to_s: float, *rows: Row) -> Looks:
    return [(i * step_s, list(rows)) for i in range(int(to_s / step_s) + 1)]


def without(looks: Looks, *spans: tuple[float, float]) -> Looks:
    """The same looks, empty within the spans."""
    return [(t, [] if any(a <= t <= b for a, b in spans) else rows) for t, rows in looks]


@pytest.mark.parametrize(
    ("looks", "first"),
    [
        (every(2, 40, CAR), 30),  # it stood there at the start
        (every(1, 40, CAR), 30),
        (every(5, 40, CAR), 30),
        (every(2, 28, CAR), None),
        (every(2, 40, moved(CAR, 0.4)), None),  # outside the zone
        (every(2, 40, moved(CAR, score=0.27)), None),
        (every(2, 40, ("car", 0.9, 0.3, 0.5, 0.32, 0.52)), None),  # too small
        (every(2, 40, *people(3)), None),  # people may stand
        (every(2, 40, ("fire", 0.9, 0.2, 0.5, 0.4, 0.7)), None),
        (every(2, 40, UMBRELLA), 30),
        (without(every(2, 60, CAR), (10, 14)), 30),  # hidden for a sixth of the time: a bus passes
        (without(every(2, 60, CAR), (8, 22)), 46),  # hidden for longer: found when it is 80 %
        ([(t, [moved(CAR, 0.06 * t - 0.2)]) for t in range(0, 20, 2)], None),  # it drives through
        ([(t, [CAR] if t % 4 == 0 else []) for t in range(0, 100, 2)], None),  # here half the time
    ],
)
def test_when_it_is_found(looks: Looks, first: float | None) -> None:
    found = found_at(answers(looks))
    assert (found[0] if found else None) == first


def test_a_passing_bus_does_not_take_the_parked_car_along() -> None:
    passing = {10: moved(BUS, -0.2), 12: BUS, 14: moved(BUS, 0.3)}
    looks: Looks = [
        (t, [passing[t]] if t == 12 else [CAR, passing[t]] if t in passing else [CAR])
        for t in range(0, 32, 2)
    ]
    assert found_at(answers(looks)) == [30]


def test_it_is_not_said_while_nothing_of_it_is_seen() -> None:
    looks = without(every(2, 60, CAR), (40, 44), (52, 60))
    assert found_at(answers(looks)) == [30, 32, 34, 36, 38, 46, 48, 50]


def test_what_is_said_of_one_and_of_several() -> None:
    later = moved(CAR, -0.15, 0.25)
    said = answers([(t, [CAR, later] if t >= 10 else [CAR]) for t in range(0, 52, 2)])
    finding = said[15][1].finding
    assert finding is not None
    assert finding.explanation.zh == "车辆静止停留 30 s"
    assert finding.explanation.en == "Vehicle standing still for 30 s"
    assert (finding.count, finding.looks, finding.hits) == (1, 16, 16)
    assert finding.score == pytest.approx(0.7)
    assert finding.lasted_s == 30

    finding = said[-1][1].finding
    assert finding is not None
    assert finding.explanation.zh == "车辆静止停留 50 s, 区域内共 2 处"
    assert finding.explanation.en == "Vehicle standing still for 50 s, 2 things in the zone"
    assert finding.count == 2
    assert finding.boxes[0].box.x1 == pytest.approx(0.2)
    assert not said[-1][1].suspicious


def test_a_vendor_is_shown_with_the_goods_and_only_with_them() -> None:
    vendor: Row = ("person", 0.8, 0.36, 0.5, 0.4, 0.68)
    passer_by: Row = ("person", 0.8, 0.7, 0.5, 0.74, 0.68)
    finding = answers(every(2, 30, CHAIR, vendor, passer_by))[-1][1].finding
    assert finding is not None
    assert [box.label for box in finding.boxes] == ["chair", "person"]
    assert finding.explanation.zh == "物品静止停留 30 s"
    assert finding.count == 1

    finding = answers(every(2, 30, CAR, vendor))[-1][1].finding
    assert finding is not None
    assert [box.label for box in finding.boxes] == ["car"]


def test_what_stood_in_a_market_counts_from_its_end_on() -> None:
    settings = RoadOccupationRuleSettings(for_s=30)
    rule = RoadOccupationRule(settings, Zone.of("z", LEFT_HALF))
    tracked = settings.tracked_labels
    market, elsewhere = Zone.of("market", LEFT_HALF), Zone.of("elsewhere", RIGHT_HALF)
    assert not found_at(judged(rule, every(2, 100, CHAIR), tracked=tracked, exempt=[market]))
    after: Looks = [(100 + t, rows) for t, rows in every(2, 40, CHAIR)]
    assert found_at(judged(rule, after, tracked=tracked, exempt=[elsewhere]))[0] == 130


def test_classes_are_a_matter_of_settings() -> None:
    bus: Row = ("bus", 0.7, 0.2, 0.5, 0.4, 0.7)
    assert not found_at(answers(every(2, 40, CAR), classes=["bus"]))
    assert found_at(answers(every(2, 40, bus), classes=["bus"]))


def test_what_is_hardly_a_bus_is_none() -> None:
    """A lit advertising pillar is called a bus, look after look."""
    pillar: Row = ("bus", 0.45, 0.15, 0.25, 0.24, 0.53)
    assert not found_at(answers(every(2, 60, pillar)))
    assert found_at(answers(every(2, 60, moved(pillar, score=0.65))))
    assert found_at(answers(every(2, 60, pillar), bus_confidence=0))
    truck: Row = ("truck", *pillar[1:])
    assert found_at(answers(every(2, 60, truck)))
