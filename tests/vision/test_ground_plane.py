"""Density: people per m² by four measured points; limits by the hour."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from tests.vision.looks import SIZE_WH, detections, patrol, people
from vision.look import Look
from vision.rule_register import parse_rules, zone_problems
from vision.rules.ground_plane import GroundPlane, GroundPlaneSettings

SQUARE = [[0.0, 0.0], [10.0, 0.0], [10.0, 20.0], [0.0, 20.0]]
SLANTED = {"picture": [[0.4, 0.5], [0.6, 0.5], [0.9, 0.9], [0.1, 0.9]], "metres": SQUARE}


def plane(**data: Any) -> GroundPlane:
    return GroundPlane(GroundPlaneSettings.model_validate(data))


def test_areas_are_in_metres() -> None:
    corners = ((0.4, 0.5), (0.6, 0.5), (0.9, 0.9), (0.1, 0.9))
    assert plane(**SLANTED).area_m2(corners) == pytest.approx(200)
    near = ((0.3, 0.8), (0.5, 0.8), (0.5, 0.9), (0.3, 0.9))
    far = ((0.4, 0.5), (0.6, 0.5), (0.6, 0.6), (0.4, 0.6))
    near_m2, far_m2 = plane(**SLANTED).area_m2(near), plane(**SLANTED).area_m2(far)
    assert near_m2 is not None
    assert far_m2 is not None
    assert far_m2 > 5 * near_m2


def test_a_zone_up_to_the_horizon_is_refused() -> None:
    crowding = {"crowding": {"ground": SLANTED, "density": 2.0}}
    ((place, words),) = zone_problems(parse_rules(crowding), [])
    assert place == ("rules", "crowding")
    assert "horizon" in words
    crowding["crowding"]["zone"] = SLANTED["picture"]
    assert not zone_problems(parse_rules(crowding), [])


@pytest.mark.parametrize(
    "data",
    [
        {"density": 2.0},
        {"ground": SLANTED},
        {"density": 2.0, "ground": {**SLANTED, "metres": [[0, 0], [1, 0], [2, 0], [0, 3]]}},
        {"density": 2.0, "ground": {**SLANTED, "metres": [[0, 0], [1, 1], [1, 0], [0, 1]]}},
    ],
)
def test_what_cannot_be_told_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_rules({"crowding": data})


def opened_at(begin: datetime, rule: dict[str, Any]) -> bool:
    camera = patrol({"crowding": {"for_s": 10, "smooth_s": 0, **rule}})
    messages = []
    for i in range(10):
        at = begin + timedelta(seconds=2 * i)
        messages += camera.look(Look("gate-1", at, detections(people(12)), SIZE_WH))
    return bool(messages)


def test_hours_have_their_own_limits() -> None:
    school = {"days": "mon-fri", "from": "07:00", "to": "08:30", "count": 40}
    rule = {"count": 10, "limits": [school]}
    assert not opened_at(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), rule)  # Tuesday 07:30
    assert opened_at(datetime(2026, 11, 24, 1, 0, tzinfo=UTC), rule)  # Tuesday 09:00
    assert opened_at(datetime(2026, 11, 27, 23, 30, tzinfo=UTC), rule)  # Saturday 07:30


def test_density_takes_the_place_of_the_count() -> None:
    rule = {"ground": SLANTED, "zone": [[0.0, 0.55], [1.0, 0.55], [1.0, 0.9], [0.0, 0.9]]}
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert opened_at(now, {**rule, "density": 0.01})
    assert not opened_at(now, {**rule, "density": 2.0})
