"""The grid loop's configuration."""

from typing import Any

import pytest
from pydantic import ValidationError

from cases.settings import CaseSettings, PreDispatch
from domain.case import Priority
from domain.duty import DutyClass
from domain.incident import IncidentKind
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
