"""What may be written in a configuration."""

from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from tests.vision.looks import LEFT_HALF
from vision.rule_register import (
    CrowdingRuleSettings,
    FireRuleSettings,
    RoadOccupationRuleSettings,
    RulesSettings,
    ZoneSettings,
    build_rule,
    parse_rules,
    zone_problems,
)
from vision.zones import Zone

TEXT = """
crowding: {zone: [[0,0],[1,0],[1,1],[0,1]], count: 15, for_s: 5}
fire:
fire_lane:
  kind: road_occupation
  zones: [lane]
  for_s: 180
  schedule: [{days: mon-fri, from: 06:30, to: 22:30}]
"""


def test_the_key_is_the_id_and_the_kind_unless_another_is_named() -> None:
    rules = parse_rules(yaml.safe_load(TEXT))
    assert isinstance(rules["crowding"], CrowdingRuleSettings)
    assert isinstance(rules["fire"], FireRuleSettings)
    assert isinstance(rules["fire_lane"], RoadOccupationRuleSettings)
    assert rules["fire_lane"].schedule[0].to_min == 22 * 60 + 30
    assert [rule.incident_kind.value for rule in rules.values()] == [
        "crowding", "fire", "road_occupation",
    ]  # fmt: skip


def test_a_configuration_with_rules_is_written_as_it_is_read() -> None:
    class Camera(BaseModel):
        model_config = ConfigDict(extra="forbid")
        rules: RulesSettings

    camera = Camera.model_validate({"rules": yaml.safe_load(TEXT)})
    assert Camera.model_validate_json(camera.model_dump_json()) == camera


@pytest.mark.parametrize(
    ("rules", "where", "words"),
    [
        ({"fire_lan": {}}, ("fire_lan",), "'fire', 'road_occupation', "),
        ({"fire": {"confidense": 1}}, ("fire", "fire", "confidense"), "Extra inputs"),
        ({"fire": {"confidence": 2}}, ("fire", "fire", "confidence"), "less than or equal to 1"),
        ({"x": {"kind": "crowding", "count": 0}}, ("x", "crowding", "count"), "greater than"),
        ({"fire": 3}, ("fire",), "valid dictionary"),
        ({"a b": {"kind": "fire"}}, ("a b", "[key]"), "match pattern"),
        (
            {"fire": {"zone": LEFT_HALF, "zones": ["lane"]}},
            ("fire", "fire"),
            "either zone (a polygon) or zones (ids), got both",
        ),
        ("fire", (), "valid dictionary"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(
    rules: Any, where: tuple[str | int, ...], words: str
) -> None:
    with pytest.raises(ValidationError) as error:
        parse_rules(rules)
    (problem,) = error.value.errors()
    assert problem["loc"] == where
    assert words in problem["msg"]


def test_every_field_of_every_rule_is_described() -> None:
    for settings in (FireRuleSettings, RoadOccupationRuleSettings, CrowdingRuleSettings):
        fields = {name: field for name, field in settings.model_fields.items() if name != "kind"}
        assert [name for name, field in fields.items() if not field.description] == []


def test_every_kind_of_settings_has_its_rule() -> None:
    for rule in parse_rules({"fire": None, "road_occupation": None, "crowding": None}).values():
        judge = build_rule(rule, Zone.whole_frame())
        assert type(judge).__name__ == type(rule).__name__.removesuffix("Settings")


def test_a_rule_says_what_it_watches_for() -> None:
    rules = parse_rules({"fire": None, "crowding": None, "road_occupation": {"classes": ["bus"]}})
    assert {rule_id: sorted(rule.watched_labels) for rule_id, rule in rules.items()} == {
        "fire": ["fire", "flame", "smoke"],
        "crowding": ["person"],
        "road_occupation": ["bus"],
    }


def zones(*ids_and_kinds: tuple[str, str]) -> list[ZoneSettings]:
    return [
        ZoneSettings.model_validate({"id": zone_id, "kind": kind, "polygon": LEFT_HALF})
        for zone_id, kind in ids_and_kinds
    ]


@pytest.mark.parametrize(
    ("ids_and_kinds", "watched", "problems"),
    [
        ([("kerb", "detect")], ["kerb"], []),
        ([], [], []),
        ([], ["kerb"], [(("rules", "fire", "zones", 0), "of this camera (none), got kerb")]),
        (
            [("kerb", "detect"), ("flag", "ignore")],
            ["kerb", "flag"],
            [(("rules", "fire", "zones", 1), "of this camera (kerb), got flag")],
        ),
        (
            [("kerb", "detect")],
            ["kerb", "kerb"],
            [(("rules", "fire", "zones", 1), "each zone once")],
        ),
        (
            [("kerb", "detect"), ("kerb", "ignore")],
            [],
            [(("zones", 1, "id"), "each zone id once, got kerb again")],
        ),
        ([("frame", "detect")], [], [(("zones", 0, "id"), "taken by the program")]),
        ([("inline", "detect")], [], [(("zones", 0, "id"), "taken by the program")]),
    ],
)
def test_zones_and_rules_must_fit(
    ids_and_kinds: list[tuple[str, str]],
    watched: list[str],
    problems: list[tuple[tuple[str | int, ...], str]],
) -> None:
    found = zone_problems(parse_rules({"fire": {"zones": watched}}), zones(*ids_and_kinds))
    assert [place for place, _ in found] == [place for place, _ in problems]
    for (_, words), (_, expected) in zip(found, problems, strict=True):
        assert expected in words
