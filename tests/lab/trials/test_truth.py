"""The truth file's form."""

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from lab.trials.truth import Truth

WHOLE_PICTURE = "[[0,0],[1,0],[1,1],[0,1]]"
TEXT = f"""
defaults:
  rules:
    fire: {{}}
clips:
  - {{file: fire.mp4, incidents: [{{kind: fire, from_s: 0, to_s: 6}}], note: "smoke only"}}
  - {{file: quiet.mp4, incidents: []}}
  - file: plaza.mp4
    rules: {{crowding: {{zone: {WHOLE_PICTURE}, count: 15, for_s: 5}}}}
    incidents: [{{kind: crowding, from_s: 0, to_s: 13}}]
  - file: street.mp4
    repeat_to_s: 60
    zones: [{{id: lane, polygon: {WHOLE_PICTURE}}}]
    rules: {{fire_lane: {{kind: road_occupation, zones: [lane], for_s: 30}}}}
    incidents: []
"""


def test_a_clip_has_its_own_rules_or_the_defaults() -> None:
    truth = Truth.model_validate(yaml.safe_load(TEXT))
    fire, quiet, plaza, street = truth.clips
    assert [rule.kind for rule in truth.rules_of(fire).values()] == ["fire"]
    assert truth.rules_of(quiet) == truth.defaults.rules
    assert list(truth.rules_of(plaza)) == ["crowding"]
    assert truth.rules_of(street)["fire_lane"].kind == "road_occupation"
    assert street.repeat_to_s == 60
    assert street.zones[0].id == "lane"
    assert fire.repeat_to_s is None


def test_a_clip_may_have_no_rules_at_all() -> None:
    truth = Truth.model_validate({"clips": [{"file": "a.mp4", "rules": {}, "incidents": []}]})
    assert truth.rules_of(truth.clips[0]) == {}


@pytest.mark.parametrize(
    ("clip", "where", "words"),
    [
        ({"file": "a.mp4"}, ("clips", 0, "incidents"), "Field required"),
        ({"incidents": []}, ("clips", 0, "file"), "Field required"),
        (
            {"file": "a", "incidents": [{"kind": "fire", "from_s": 9, "to_s": 2}]},
            ("clips", 0, "incidents", 0),
            "from_s ≤ to_s",
        ),
        (
            {"file": "a", "incidents": [{"kind": "flood", "from_s": 0, "to_s": 2}]},
            ("clips", 0, "incidents", 0, "kind"),
            "'fire', 'road_occupation', 'crowding' or 'watch'",
        ),
        (
            {"file": "a", "incidents": [], "rules": {"fire": {"confidense": 1}}},
            ("clips", 0, "rules", "fire", "fire", "confidense"),
            "Extra inputs",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    clip: dict[str, Any], where: tuple[str | int, ...], words: str
) -> None:
    with pytest.raises(ValidationError) as error:
        Truth.model_validate({"clips": [clip]})
    (problem,) = error.value.errors()
    assert problem["loc"] == where
    assert words in problem["msg"]
