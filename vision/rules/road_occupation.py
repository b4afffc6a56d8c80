"""Road occupation 占道: a vehicle, or goods, that stay where nothing may stand.

One engine serves parking, fire lanes, stalls and goods (`parking`, `stalls` and `goods` beside it);
they differ in what they ask for, and for how long. Named things are kept as spots; what no class
names is found on the ground, in the picture.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from domain.held_back import HeldBackReason
from domain.incident import IncidentKind
from domain.labels import BUS, GOODS, PERSON, VEHICLES
from models.detections import Floats
from vision.rules.lingering import Lingering
from vision.rules.occupants import (
    UNNAMED_LABEL,
    Occupant,
    covered_by,
    explain,
    people_beside,
)
from vision.rules.queueing import Queueing
from vision.rules.rule import BaseRuleSettings, Finding, Judgement, Rule, Scene
from vision.things.spots import Sight, Spot, Spots
from vision.things.static_cells import CellMask, cells_under, centres
from vision.things.static_objects import Ground, Seconds
from vision.things.tracks import SETTLED_HITS, area
from vision.zones import Zone, standing_in

LEAST_QUEUE_S = 180.0
"""No red light lasts longer than this."""
CUED = 0.7
"""With people lingering beside it a thing needs this share of the score or of the size only."""
SAME_THING = 0.5
"""A thing without a class that lies under a named one by this share is that one."""
FULL_LOOKS_APART_S = 10.0
WHOLE_SCENE = 0.5
"""Nothing that stands in a zone covers this much of the frame: the scene has changed."""


class OccupationSettings(BaseRuleSettings):
    """What the rules on standing things have in common. People never count by themselves; those
    beside standing goods are shown with them."""

    classes: tuple[str, ...] = (*VEHICLES, *GOODS)
    """The detector's classes that must not stand here."""
    exempt_classes: tuple[str, ...] = ("ambulance", "fire truck", "police car", "sanitation truck")
    """Classes that may stand here, for detectors that know them: what they name does not count,
    whatever else it is called."""
    unnamed: bool = True
    """Whether things count that no class names (default true): what appeared and stays."""
    confidence: float = Field(default=0.3, ge=0, le=1)
    """Least median score of a thing over its last sightings (default 0.3). §5.4 proposes 0.45 to
    0.50, but a small model gives a car that plainly stands in the road 0.34 to 0.60, and one at
    night 0.35; standing for minutes says more than a score (on clips of nine cameras 0.28 found
    nothing more than 0.35). Goods with people lingering beside them need 0.7 of it."""
    bus_confidence: float = Field(default=0.6, ge=0, le=1)
    """The same for a bus, where that is more (default 0.60): a lit advertising pillar was called a
    bus at 0.3 to 0.56, look after look; ten large buses of COCO pictures scored 0.63 and more."""
    for_s: float = Field(default=300.0, gt=0)
    """How long it must stand (default 300 s, §5.4 stalls)."""
    presence: float = Field(default=0.8, gt=0, le=1)
    """Share of `for_s` in which it must be seen (default 0.8, §5.4). Time in which something
    passes in front of it counts neither way."""
    max_shift: float = Field(default=0.3, gt=0)
    """How far it may move, in its own widths or heights (default 0.3; §5.4: 0.2 parking, 0.5
    stalls)."""
    min_area: float = Field(default=0.001, ge=0, le=1)
    """Least size of its box as a share of the frame (default 0.001, a car across a wide street;
    §5.4 proposes 0.01 for cameras that are close)."""
    unnamed_area: float = Field(default=0.01, gt=0, le=1)
    """Least size of a thing without a class, as a share of the frame (default 0.01, §5.4). With
    people lingering beside it 0.7 of it is enough."""
    queue_s: float | None = Field(default=None, ge=0)
    """How long vehicles must stand that stopped together, as at a red light or in a jam
    (default: twice `for_s`, at least 180 s; the longest red phases are two minutes)."""
    count: int = Field(default=1, ge=1)
    """So many things must stand in the zone (default 1)."""
    covered: float = Field(default=0.0, ge=0, le=1)
    """… or they must cover this share of the zone, however many they are (default 0: not asked)."""

    @property
    def incident_kind(self) -> IncidentKind:
        return IncidentKind.ROAD_OCCUPATION

    @property
    def watched_labels(self) -> frozenset[str]:
        return frozenset(self.classes)

    @property
    def warm_up_s(self) -> float:
        return self.for_s

    @property
    def watches_ground(self) -> bool:
        return self.unnamed

    @property
    def full_looks_apart_s(self) -> float:
        """Fifteen looks while it stands, and no queue that moves on unseen (`Queueing`)."""
        return min(self.for_s / 15, FULL_LOOKS_APART_S)

    @property
    def waits_at_most_s(self) -> float:
        """How long who stands in a queue is let wait."""
        return max(2 * self.for_s, LEAST_QUEUE_S) if self.queue_s is None else self.queue_s

    def rule(self, zone: Zone) -> Rule:
        return RoadOccupationRule(self, zone)


class RoadOccupationRuleSettings(OccupationSettings):
    """A vehicle, goods, or a thing without a class that stands still in the zone: everything at
    once, for zones where nothing at all may stand."""

    kind: Literal["road_occupation"] = "road_occupation"


class RoadOccupationRule:
    """Keeps what stands in one zone. What stood there at the first look is found like the rest;
    what stands in an exempt zone begins to count when the exemption ends."""

    def __init__(self, settings: OccupationSettings, zone: Zone) -> None:
        self._settings = settings
        self._zone = zone
        followed = frozenset((*settings.classes, *settings.exempt_classes, *VEHICLES))
        self._spots = Spots(followed, settings.max_shift, settings.for_s)
        self._queueing = Queueing(settings.waits_at_most_s)
        self._lingering = Lingering(settings.for_s)
        self._allowed_s: dict[int, float] = {}
        self._said: frozenset[int] = frozenset()
        self._free_s: Seconds | None = None

    def judge(self, scene: Scene) -> Judgement:
        likely = scene.detections.at_least(CUED * self._settings.confidence)
        spots = self._spots.see(likely, scene.picture, scene.now_s)
        inside = self._inside(spots, scene)
        self._queueing.see(spots, frozenset(spot.id for spot in inside), scene.now_s)
        self._lingering.see(scene.detections.of(PERSON).xyxy, scene.now_s)

        standing = [self._occupant(s) for s in inside if self._stands(s, scene.now_s)]
        if scene.ground is not None and self._settings.unnamed:
            vehicles = [spot.xyxy for spot in spots if spot.label in VEHICLES]
            standing += self._things(scene.ground, scene, vehicles, standing)
        self._said = frozenset(s.id for s in inside if self._stands(s, scene.now_s))
        held_back = frozenset(self._held_back(spots, inside, scene))
        if not any(one.seen for one in standing) or not self._is_enough(standing):
            return Judgement(held_back=held_back)
        return Judgement(self._finding(standing, scene), held_back=held_back)

    def _held_back(
        self, spots: Sequence[Spot], inside: Sequence[Spot], scene: Scene
    ) -> Iterator[HeldBackReason]:
        """Why named things that have stood for long enough do not count."""
        now_s, counting = scene.now_s, {spot.id for spot in inside}
        if any(self._lasts(s, now_s) and self._queueing.waits(s, now_s) for s in inside):
            yield HeldBackReason.QUEUE
        long = [
            spot
            for spot in spots
            if spot.id not in counting
            and spot.label in (*self._settings.classes, *self._settings.exempt_classes)
            and now_s - spot.presence.since_s >= self._settings.for_s
            and self._is_seen_enough(spot, now_s)
        ]
        named = [spot.xyxy for spot in long if area(spot.xyxy[None])[0] >= self._settings.min_area]
        exempt = [*named, *self._exempt_things(scene)]
        if exempt and standing_in(self._zone, (), np.stack(exempt)).any():
            yield HeldBackReason.EXEMPT

    def _exempt_things(self, scene: Scene) -> list[Floats]:
        """What has no class and stands in an exempt zone for long enough."""
        ground, settings = scene.ground, self._settings
        if ground is None or not settings.unnamed or not scene.exempt:
            return []
        ever = np.full(ground.taken.shape, -np.inf)
        things = ground.things(
            ever, for_s=settings.for_s, presence=settings.presence, now_s=scene.now_s
        )
        return [
            one.xyxy
            for one in things
            if self._is_large(one.area, one.xyxy)
            and any(zone.holds_ground(one.xyxy[None])[0] for zone in scene.exempt)
        ]

    def _inside(self, spots: Sequence[Spot], scene: Scene) -> list[Spot]:
        """The spots of the rule's classes in the zone and out of exempt ones, large enough. The
        others begin to count from now on."""
        if not spots:
            self._allowed_s = {}
            return []
        xyxy = np.stack([spot.xyxy for spot in spots])
        wanted = standing_in(self._zone, scene.exempt, xyxy)
        wanted &= area(xyxy) >= self._settings.min_area
        special = list(scene.detections.of(*self._settings.exempt_classes).xyxy)
        inside = [
            spot
            for spot, is_in in zip(spots, wanted, strict=True)
            if is_in
            and spot.label in self._settings.classes
            and covered_by(spot.xyxy, special) < SAME_THING
        ]
        counting = {spot.id for spot in inside}
        self._allowed_s = {
            s.id: self._allowed_s.get(s.id, s.presence.since_s) if s.id in counting else scene.now_s
            for s in spots
        }
        return inside

    def _stands(self, spot: Spot, now_s: float) -> bool:
        return self._lasts(spot, now_s) and not self._queueing.waits(spot, now_s)

    def _lasts(self, spot: Spot, now_s: float) -> bool:
        long = now_s - self._allowed_s[spot.id] >= self._settings.for_s
        return long and self._is_seen_enough(spot, now_s)

    def _is_seen_enough(self, spot: Spot, now_s: float) -> bool:
        settings, presence = self._settings, spot.presence
        return (
            presence.share(settings.for_s, now_s) >= settings.presence
            and 2 * presence.told_s(now_s) >= settings.for_s
            and spot.sightings >= SETTLED_HITS
            and spot.score >= self._least_score(spot)
        )

    def _least_score(self, spot: Spot) -> float:
        settings = self._settings
        if spot.label == BUS:
            return max(settings.confidence, settings.bus_confidence)
        goods = spot.label not in VEHICLES
        return settings.confidence * (CUED if goods and self._lingering.at(spot.xyxy) else 1.0)

    def _occupant(self, spot: Spot) -> Occupant:
        known_behind = spot.sight is Sight.HIDDEN and spot.id in self._said
        return Occupant(
            label=spot.label,
            score=spot.score,
            xyxy=spot.xyxy,
            since_s=self._allowed_s[spot.id],
            looks=spot.presence.looks,
            hits=spot.presence.hits,
            seen=spot.visible or known_behind,
        )

    def _things(
        self,
        ground: Ground,
        scene: Scene,
        vehicles: Sequence[Floats],
        named: Sequence[Occupant],
    ) -> list[Occupant]:
        """What stands in the zone and has no class."""
        since_s = self._counted_from(ground, scene)
        things = ground.things(
            since_s,
            for_s=self._settings.for_s,
            presence=self._settings.presence,
            now_s=scene.now_s,
        )
        others = [*vehicles, *(one.xyxy for one in named)]
        return [
            Occupant(UNNAMED_LABEL, one.share, one.xyxy, one.since_s, one.looks, one.hits, True)
            for one in things
            if self._is_large(one.area, one.xyxy)
            and standing_in(self._zone, scene.exempt, one.xyxy[None])[0]
            and covered_by(one.xyxy, others) < SAME_THING
        ]

    def _is_large(self, size: float, xyxy: Floats) -> bool:
        least = self._settings.unnamed_area * (CUED if self._lingering.at(xyxy) else 1.0)
        return least <= size < WHOLE_SCENE

    def _counted_from(self, ground: Ground, scene: Scene) -> Seconds:
        """Since when each cell counts: what is allowed now counts from now on."""
        if self._free_s is None or self._free_s.shape != ground.taken.shape:
            self._free_s = np.full(ground.taken.shape, -np.inf)
        self._free_s[self._allowed_cells(ground, scene)] = scene.now_s
        return self._free_s

    def _allowed_cells(self, ground: Ground, scene: Scene) -> CellMask:
        allowed = cells_under(
            scene.detections.of(*self._settings.exempt_classes).xyxy, ground.taken.shape
        )
        if not scene.exempt:
            return allowed
        x, y = centres(ground.taken.shape)
        for zone in scene.exempt:
            allowed |= zone.holds_points(x, y).reshape(allowed.shape)
            for thing in ground.anything():
                if zone.holds_ground(thing.xyxy[None])[0]:
                    allowed |= thing.cells
        return allowed

    def _is_enough(self, standing: Sequence[Occupant]) -> bool:
        settings = self._settings
        if len(standing) >= settings.count:
            return True
        if settings.covered == 0:
            return False
        return self._zone.taken_up(np.stack([one.xyxy for one in standing])) >= settings.covered

    def _finding(self, standing: list[Occupant], scene: Scene) -> Finding:
        standing = sorted(standing, key=lambda one: one.since_s)
        lead = standing[0]
        lasted_s = scene.now_s - lead.since_s
        people = people_beside(standing, scene.detections.of(PERSON))
        boxes = tuple(one.labelled() for one in standing)
        return Finding(
            score=lead.score,
            lasted_s=lasted_s,
            looks=lead.looks,
            hits=lead.hits,
            explanation=explain(lead, lasted_s, len(standing), self._lingering.at(lead.xyxy)),
            boxes=(*boxes, *people.boxes()),
            count=len(standing),
        )
