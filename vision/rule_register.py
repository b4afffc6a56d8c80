"""The register of rules: what may be written in a configuration. A new rule is one file, with its
settings and what `settings.rule` makes of them, and one line in `RuleSettings`."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field, TypeAdapter

from domain.place import Id
from vision.rules.crowding import CrowdingRuleSettings
from vision.rules.fire import FireRuleSettings
from vision.rules.generic import GenericRuleSettings
from vision.rules.goods import GoodsRuleSettings
from vision.rules.parking import FireLaneRuleSettings, ParkingRuleSettings
from vision.rules.road_occupation import RoadOccupationRuleSettings
from vision.rules.rule import Rule
from vision.rules.stalls import StallsRuleSettings
from vision.zones import FRAME_ZONE_ID, INLINE_ZONE_ID, WHOLE_FRAME, Zone, ZoneKind, ZoneSettings

__all__ = [
    "RULE_KINDS",
    "CrowdingRuleSettings",
    "FireLaneRuleSettings",
    "FireRuleSettings",
    "GenericRuleSettings",
    "GoodsRuleSettings",
    "ParkingRuleSettings",
    "RoadOccupationRuleSettings",
    "RuleSettings",
    "RulesSettings",
    "StallsRuleSettings",
    "ZoneSettings",
    "build_rule",
    "parse_rules",
    "zone_problems",
]

RuleSettings = Annotated[
    FireRuleSettings
    | RoadOccupationRuleSettings
    | ParkingRuleSettings
    | FireLaneRuleSettings
    | StallsRuleSettings
    | GoodsRuleSettings
    | CrowdingRuleSettings
    | GenericRuleSettings,
    Field(discriminator="kind"),
]
"""The settings of one rule; `kind` tells which."""

RULE_KINDS: tuple[str, ...] = tuple(
    settings.model_fields["kind"].default for settings in get_args(get_args(RuleSettings)[0])
)
"""Every kind of rule that there is."""


def _name_the_kinds(data: Any) -> Any:
    """``{fire: {}}`` → ``{fire: {kind: fire}}``; a rule without any setting may be left empty."""
    if not isinstance(data, Mapping):
        return data
    return {rule_id: _name_the_kind(rule_id, rule) for rule_id, rule in data.items()}


def _name_the_kind(rule_id: Any, rule: Any) -> Any:
    if rule is None:
        return {"kind": rule_id}
    if isinstance(rule, Mapping) and "kind" not in rule:
        return {"kind": rule_id, **rule}
    return rule


RulesSettings = Annotated[dict[Id, RuleSettings], BeforeValidator(_name_the_kinds)]
"""A camera's rules by their ids. The id is the kind unless the rule says another.

In an error's location the kind stands between rule id and key: ``(fire_lane, road_occupation,
for_s)``.
"""

_RULES: TypeAdapter[dict[str, RuleSettings]] = TypeAdapter(RulesSettings)


def parse_rules(data: Mapping[str, Any]) -> dict[str, RuleSettings]:
    """Rules from plain data; raises pydantic's ValidationError with every problem at once."""
    return _RULES.validate_python(data)


def build_rule(settings: RuleSettings, zone: Zone) -> Rule:
    """The rule that judges by these settings in this zone."""
    return settings.rule(zone)


def zone_problems(
    rules: Mapping[str, RuleSettings], zones: Sequence[ZoneSettings]
) -> list[tuple[tuple[str | int, ...], str]]:
    """What does not fit between a camera's rules and zones: (place in the camera, words)."""
    problems: list[tuple[tuple[str | int, ...], str]] = []
    ids = [zone.id for zone in zones]
    for i, zone_id in enumerate(ids):
        if zone_id in (FRAME_ZONE_ID, INLINE_ZONE_ID):
            problems.append((("zones", i, "id"), f"the zone id {zone_id} is taken by the program"))
        elif zone_id in ids[:i]:
            problems.append(
                (("zones", i, "id"), f"expected each zone id once, got {zone_id} again")
            )
    watchable = [zone.id for zone in zones if zone.kind is ZoneKind.DETECT]
    for rule_id, rule in rules.items():
        for i, zone_id in enumerate(rule.zones):
            place = ("rules", rule_id, "zones", i)
            if zone_id not in watchable:
                known = ", ".join(watchable) or "none"
                words = f"expected the id of a detect zone of this camera ({known}), got {zone_id}"
                problems.append((place, words))
            elif zone_id in rule.zones[:i]:
                problems.append((place, f"expected each zone once, got {zone_id} again"))
        polygons = [zone.polygon for zone in zones if zone.id in rule.zones]
        if not rule.zones:
            polygons = [rule.zone or WHOLE_FRAME]
        misfits = filter(None, map(rule.misfit, polygons))
        problems += [(("rules", rule_id), misfit) for misfit in misfits]
    return problems
