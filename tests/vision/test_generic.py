"""The generic rule: each of its uses is configuration alone."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.vision.looks import LEFT_HALF, Row, found_at, judged, look, patrol, people, told
from vision.rules.generic import GenericRuleSettings
from vision.zones import Zone

PERSON: Row = ("person", 0.6, 0.2, 0.5, 0.25, 0.7)
CHAIR: Row = ("chair", 0.6, 0.3, 0.6, 0.35, 0.7)
AWAY: Row = ("person", 0.6, 0.8, 0.5, 0.85, 0.7)
LINE = [[0.5, 0.0], [0.5, 1.0]]


def found(looks: list[tuple[float, list[Row]]], **data: Any) -> list[float]:
    settings = GenericRuleSettings.model_validate(data)
    zone = Zone.of("z", LEFT_HALF) if settings.line is None else Zone.whole_frame()
    return found_at(judged(settings.rule(zone), looks, tracked=settings.tracked_labels))


def every_2_s(rows: list[Row], from_s: float, to_s: float) -> list[tuple[float, list[Row]]]:
    return [(from_s + 2.0 * i, rows) for i in range(int((to_s - from_s) / 2) + 1)]


def test_intrusion_is_anyone_in_the_zone_for_a_time() -> None:
    assert found(every_2_s([PERSON], 0, 8), for_s=4)[0] == 4
    assert not found(every_2_s([AWAY], 0, 20), for_s=4)
    assert not found([(0, [PERSON]), *every_2_s([], 2, 10)], for_s=4)


def test_a_sighting_now_and_then_is_no_intrusion() -> None:
    flicker: list[tuple[float, list[Row]]] = [
        (2.0 * i, [PERSON] if i % 3 == 0 else []) for i in range(40)
    ]
    assert not found(flicker, for_s=6)


def test_loitering_asks_for_one_and_the_same() -> None:
    assert found(every_2_s([PERSON], 0, 70), stay="same", for_s=60)[0] == 60
    passing = [(4.0 * i, people(1, x=0.02 + 0.11 * (i % 4))) for i in range(30)]
    assert not found(passing, stay="same", for_s=60)
    assert found(passing, stay="any", for_s=60)[0] == 60


def test_an_object_is_abandoned_once_nobody_is_beside_it() -> None:
    beside: Row = ("person", 0.6, 0.36, 0.5, 0.41, 0.7)
    looks = [*every_2_s([CHAIR, beside], 0, 40), *every_2_s([CHAIR, AWAY], 42, 120)]
    times = found(looks, classes=["chair"], stay="same", unattended=True, for_s=30)
    assert times[0] == 72


@pytest.mark.parametrize(
    ("crossing", "rightwards", "leftwards"),
    [("both", 1, 1), ("to_left", 1, 0), ("to_right", 0, 1)],
)
def test_a_line_is_crossed_one_way_or_the_other(
    crossing: str, rightwards: int, leftwards: int
) -> None:
    """The line runs down the picture: its left is the picture's right."""
    way = [(float(i), [("car", 0.7, 0.3 + 0.04 * i, 0.4, 0.5 + 0.04 * i, 0.6)]) for i in range(8)]
    back = [(float(i), rows) for i, (_, rows) in enumerate(reversed(way))]
    settings: dict[str, Any] = {"classes": ["car"], "line": LINE, "crossing": crossing}
    assert len(found(way, **settings)) == rightwards
    assert len(found(back, **settings)) == leftwards


def test_a_line_may_end() -> None:
    way = [(float(i), [("car", 0.7, 0.3 + 0.04 * i, 0.4, 0.5 + 0.04 * i, 0.6)]) for i in range(8)]
    assert not found(way, classes=["car"], line=[[0.5, 0.8], [0.5, 1.0]])


@pytest.mark.parametrize(
    "data",
    [
        {"line": LINE, "stay": "same"},
        {"line": [[0.5, 0.5], [0.5, 0.5]]},
        {"classes": []},
        {"line": LINE, "count": 2},
    ],
)
def test_what_contradicts_itself_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GenericRuleSettings.model_validate(data)


def test_hours_without_smoke_have_the_same_life() -> None:
    camera = patrol(
        {
            "quiet": {
                "kind": "generic",
                "classes": ["smoke"],
                "for_s": 4,
                "close_after_s": 10,
                "title": {"zh": "禁烟时段冒烟", "en": "Smoke in smoke-free hours"},
            }
        }
    )
    smoke: Row = ("smoke", 0.7, 0.4, 0.4, 0.5, 0.6)
    messages = [m for s in range(0, 12, 2) for m in camera.look(look(s, [smoke]))]
    messages += [m for s in range(12, 40, 2) for m in camera.look(look(s, []))]
    assert told(messages) == ["opened 1", "closed 2 gone"]
    assert messages[0].incident.explanation.zh.startswith("禁烟时段冒烟")
