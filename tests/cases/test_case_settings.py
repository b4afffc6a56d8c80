"""The grid loop's configuration."""

from typing import Any

import pytest
from pydantic import ValidationError

from cases.case_settings import CaseSettings, PreDispatch
from domain.case import Priority
from domain.duty import DutyClass
from domain.geometry import Box
from domain.incident import Incident, IncidentKind, LabelledBox
from tests.builders import make_incident


def test_every_kind_has_its_settings() -> None:
    assert set(CaseSettings().kinds) == set(IncidentKind)


def test_what_is_left_out_keeps_its_default() -> None:
    settings = CaseSettings.model_validate({"kinds": {"crowding": {"priority": 3}}})
    crowd = settings.kinds[IncidentKind.CROWDING]
    assert (crowd.priority, crowd.duty_class) == (Priority.NORMAL, DutyClass.PUBLIC_ORDER)
    assert settings.kinds[IncidentKind.FIRE].pre_dispatch is PreDispatch.BY_PERSON


def test_variants_are_configuration_too() -> None:
    variant = {"when_rules": ["no_parking"], "when_count": 3, "priority": 2}
    data = {"kinds": {"road_occupation": {"variants": [variant]}}}
    settings = CaseSettings.model_validate(data)
    alone = settings.rules_for(make_incident(rule_id="no_parking", count=2))
    many = settings.rules_for(make_incident(rule_id="no_parking", count=3))
    assert (alone.priority, many.priority) == (Priority.NORMAL, Priority.HIGH)


TOWN, TRAFFIC, LANE = DutyClass.CITY_MANAGEMENT, DutyClass.TRAFFIC, DutyClass.FIRE_SAFETY


@pytest.mark.parametrize(
    ("rule_id", "rule_kind", "label", "filed"),
    [
        ("bikes", "goods", "bicycle", (TOWN, "0506", 3)),
        ("bikes", "goods", "motorcycle", (TOWN, "0506", 3)),
        ("goods", "goods", "motorcycle", (TOWN, "0506", 3)),
        ("heaps", "goods", "suitcase", (TOWN, "0507", 3)),
        ("road_occupation", "road_occupation", "motorcycle", (TOWN, "0506", 3)),
        ("road_occupation", "road_occupation", "umbrella", (TOWN, "0501", 3)),
        ("parking", "parking", "car", (TRAFFIC, "0505", 3)),
        ("parking", "parking", "tricycle", (TRAFFIC, "0505", 3)),
        ("goods", "parking", "van", (TRAFFIC, "0505", 3)),  # the name says nothing
        ("kerb", "stalls", "tricycle", (TOWN, "0501", 3)),
        ("lane_east", "fire_lane", "car", (LANE, "0505", 2)),
        ("lane_east", "fire_lane", "bicycle", (LANE, "0505", 2)),
        ("lane_east", "fire_lane", "umbrella", (LANE, "0505", 2)),
        ("fire_lane", None, "umbrella", (LANE, "0505", 2)),  # an older worker
        ("lane_east", None, "umbrella", (TOWN, "0501", 3)),
    ],
)
def test_the_rules_kind_and_what_it_saw_decide_where_a_case_is_filed(
    rule_id: str, rule_kind: str | None, label: str, filed: tuple[DutyClass, str, int]
) -> None:
    box = LabelledBox(label=label, score=0.8, box=Box(x1=0.2, y1=0.5, x2=0.4, y2=0.8))
    incident = make_incident(rule_id=rule_id, rule_kind=rule_kind, boxes=(box,))
    rules = CaseSettings().rules_for(incident)
    assert (rules.duty_class, rules.event_code, rules.priority) == filed


def test_an_older_workers_message_names_no_kind() -> None:
    older = make_incident(rule_kind="goods").model_dump(mode="json", exclude={"rule_kind"})
    assert Incident.model_validate(older).rule_kind is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            {"kinds": {"flood": {}}},
            "expected kinds among fire, road_occupation, crowding, watch, got flood",
        ),
        ({"kinds": {"fire": {"event_code": "41"}}}, "kinds.fire.event_code"),
        ({"kinds": {"fire": {"priorty": 1}}}, "kinds.fire.priorty"),
        ({"kinds": {"fire": 1}}, "kinds.fire"),
        ({"kinds": []}, "kinds"),
        ({"timezone": "Asia/Chengdu"}, "expected a time zone like Asia/Shanghai"),
        ({"number_prefix": "hs-"}, "number_prefix"),
        ({"undo_s": -1}, "undo_s"),
    ],
)
def test_a_mistake_is_named(data: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CaseSettings.model_validate(data)
    told = [f"{'.'.join(map(str, e['loc']))} {e['msg']}" for e in caught.value.errors()]
    assert any(says in line for line in told), told
