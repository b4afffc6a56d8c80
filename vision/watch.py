"""One rule on one zone of one camera, and what is known of it between two looks."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.detections import Detections
from vision.incidents import Subject
from vision.rule_register import RuleSettings, build_rule
from vision.rules.baseline import BaselineMemory
from vision.rules.rule import Doubt, Learning, Reminded, Rule
from vision.things.rejected import RejectedThing
from vision.zones import INLINE_ZONE_ID, Zone


@dataclass(slots=True)
class Watch:
    """One rule on one zone."""

    settings: RuleSettings
    zone: Zone
    subject: Subject
    rule: Rule
    suspicious: bool = False
    """Whether the newest look left it wanting more looks."""
    doubt: Doubt | None = None
    """What the newest look left for a second look to settle."""
    looked_s: float | None = None
    """When it judged last, on the camera's steady clock; None before its first look."""
    looked_at: datetime | None = None
    """The same as a time of day."""
    rejected: tuple[RejectedThing, ...] = ()
    """What people found to be false of late."""

    @property
    def learned(self) -> BaselineMemory | None:
        return self.rule.learned if isinstance(self.rule, Learning) else None

    @property
    def is_zoned(self) -> bool:
        """Whether the rule judges a part of the picture that somebody drew."""
        return self.settings.zone is not None or bool(self.settings.zones)

    @property
    def needs_first_only(self) -> bool:
        """Whether a first look sees all that the rule looks for."""
        return math.isinf(self.settings.full_looks_apart_s)

    def is_masked(self, seen: Detections, kept: Detections) -> bool:
        """Whether ignore zones took away something that the rule watches for."""
        if len(seen) == len(kept):
            return False
        labels = self.settings.watched_labels
        return len(seen.of(*labels)) > len(kept.of(*labels))

    def recall(self, learned: BaselineMemory) -> None:
        if isinstance(self.rule, Learning):
            self.rule.recall(learned)

    def remind(self, rejected: Sequence[RejectedThing]) -> None:
        """Tell the rule what people found to be false of what it told."""
        mine = (self.subject.rule_id, self.subject.zone_id)
        self.rejected = tuple(one for one in rejected if (one.rule_id, one.zone_id) == mine)
        if isinstance(self.rule, Reminded):
            self.rule.remind(self.rejected)

    def begin_anew(self) -> None:
        """Forget what earlier looks showed: too much may have happened since."""
        if isinstance(self.rule, Learning):
            self.rule = self.rule.anew()
        else:
            self.rule = build_rule(self.settings, self.zone)
        self.remind(self.rejected)
        self.suspicious = False
        self.doubt = None
        self.looked_s = self.looked_at = None


def watches_of(rules: Mapping[str, RuleSettings], zones: Sequence[Zone]) -> list[Watch]:
    """Every enabled rule on every zone that it names, or on the whole picture if it names none."""
    return [
        Watch(settings, zone, _subject(rule_id, settings, zone), build_rule(settings, zone))
        for rule_id, settings in rules.items()
        if settings.enabled
        for zone in _zones_of(settings, zones)
    ]


def rule_version(settings: RuleSettings, zone: Zone) -> str:
    """A short name of exactly these settings on exactly this polygon: sha256, 12 digits."""
    what = {"settings": settings.model_dump(mode="json"), "zone": zone.polygon}
    canonical = json.dumps(what, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _zones_of(settings: RuleSettings, zones: Sequence[Zone]) -> list[Zone]:
    if settings.zone is not None:
        return [Zone.of(INLINE_ZONE_ID, settings.zone)]
    if not settings.zones:
        return [Zone.whole_frame()]
    return [zone for zone in zones if zone.id in settings.zones]


def _subject(rule_id: str, settings: RuleSettings, zone: Zone) -> Subject:
    return Subject(
        rule_id=rule_id,
        rule_kind=settings.kind,
        rule_version=rule_version(settings, zone),
        kind=settings.incident_kind,
        zone_id=zone.id,
        zone=zone.polygon,
        close_after_s=settings.close_after_s,
        cool_down_s=settings.cool_down_s,
        update_every_s=settings.update_every_s,
        unseen_after_s=settings.unseen_after_s,
        warm_up_s=settings.warm_up_s,
        shadow=settings.shadow,
    )
