"""What no single field of a configuration can know: names used twice, names that nothing has."""

from settings.config import CLIP_WRITING_S
from settings.sharing import Sharing
from settings.townfile import CameraSettings, TownFile
from settings.yamlfile import Location
from vision.rule_register import RULE_KINDS, zone_problems

DERIVED = (("cases", "timezone"), ("console", "timezone"), ("console", "town"))
"""Settings of parts that follow from `town`; saying them again could only contradict it."""


def contradictions(town: TownFile) -> list[tuple[Location, str]]:
    """What no single field can know: names used twice, and names that nothing has."""
    found = [
        *_doubles("cameras", [camera.id for camera in town.cameras]),
        *_doubles("sites", [site.id for site in town.sites]),
        *_double_gb_ids(town.cameras),
        *_said_twice(town),
        *_too_short_a_ring(town),
        *_unknown_rule_kinds(town),
        *Sharing(town).problems(),
    ]
    sites = {site.id for site in town.sites}
    for index, camera in enumerate(town.cameras):
        here: Location = ("cameras", index)
        if camera.site_id not in sites:
            message = f"camera {camera.id}: expected one of the sites' ids, got {camera.site_id!r}"
            found.append(((*here, "site_id"), message))
        if camera.detect_address is not None and camera.detect_address == camera.address:
            message = f"camera {camera.id}: expected another stream than url; without this key url "
            found.append(((*here, "detect_url"), message + "is looked at and recorded"))
        found += _zone_problems(town, camera, here)
        found += [((*here, *where), said) for where, said in _overlap_problems(town, camera)]
    return found


def _doubles(section: str, ids: list[str]) -> list[tuple[Location, str]]:
    firsts: dict[str, int] = {}
    return [
        ((section, index, "id"), f"expected each id once, {section}[{first}] has {id_!r}")
        for index, id_ in enumerate(ids)
        if (first := firsts.setdefault(id_, index)) != index
    ]


def _said_twice(town: TownFile) -> list[tuple[Location, str]]:
    return [
        ((section, key), f"expected this only in town; {section} takes it from there")
        for section, key in DERIVED
        if key in getattr(town, section).model_fields_set
    ]


def _too_short_a_ring(town: TownFile) -> list[tuple[Location, str]]:
    evidence, ring_s = town.evidence, town.streams.ring_s
    needed_s = evidence.pre_roll_s + evidence.post_roll_s + CLIP_WRITING_S
    if ring_s >= needed_s:
        return []
    message = f"expected at least {needed_s:g} s (pre-roll, post-roll, writing), got {ring_s:g} s"
    return [(("streams", "ring_s"), message)]


def _unknown_rule_kinds(town: TownFile) -> list[tuple[Location, str]]:
    """Kinds of rule that no rule has; the cases' own settings know nothing of rules."""
    return [
        (
            ("cases", "kinds", kind, "variants", index, "when_kinds", place),
            f"expected kinds of rule among {', '.join(RULE_KINDS)}, got {rule_kind!r}",
        )
        for kind, settings in town.cases.kinds.items()
        for index, variant in enumerate(settings.variants)
        for place, rule_kind in enumerate(variant.when_kinds)
        if rule_kind not in RULE_KINDS
    ]


def _double_gb_ids(cameras: tuple[CameraSettings, ...]) -> list[tuple[Location, str]]:
    owners: dict[str, int] = {}
    found: list[tuple[Location, str]] = []
    for index, camera in enumerate(cameras):
        if camera.gb_id is None:
            continue
        if (owner := owners.setdefault(camera.gb_id, index)) != index:
            message = f"expected each GB id once, cameras[{owner}] already has {camera.gb_id}"
            found.append((("cameras", index, "gb_id"), message))
    return found


def _overlap_problems(town: TownFile, camera: CameraSettings) -> list[tuple[Location, str]]:
    others = [other.id for other in town.cameras if other.id != camera.id]
    return [
        (
            ("overlaps", number),
            f"camera {camera.id}: expected the id of another camera, got {camera_id!r}",
        )
        for number, camera_id in enumerate(camera.overlaps)
        if camera_id not in others
    ]


def _zone_problems(
    town: TownFile, camera: CameraSettings, here: Location
) -> list[tuple[Location, str]]:
    """What the camera's patrol would refuse. A default rule's stand where that is written."""
    of_rules: Location = ("defaults",) if camera.rules is None else here
    return [
        ((*(of_rules if place[0] == "rules" else here), *place), f"camera {camera.id}: {said}")
        for place, said in zone_problems(town.written_rules_of(camera), camera.zones)
    ]
