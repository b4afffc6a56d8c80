"""Road occupation 占道: a vehicle, or goods, that stay where nothing may stand."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from domain.base import Text
from domain.geometry import Box
from domain.incident import IncidentKind, LabelledBox
from vision.rule import BaseRuleSettings, Finding, Judgement, Scene
from vision.stillness import Stillness
from vision.tracks import CYCLES, SETTLED_HITS, Track, area
from vision.zones import Zone, standing_in

VEHICLE_LABELS = ("car", "truck", "bus", "van", "tricycle", *CYCLES)
GOODS_LABELS = (
    "umbrella", "chair", "bench", "dining table", "suitcase", "handbag", "backpack",
    "stall", "cart", "goods",
)  # fmt: skip
PERSON_LABEL = "person"


class RoadOccupationRuleSettings(BaseRuleSettings):
    """A vehicle or goods that stand still in the zone.

    One rule serves stalls, parking and fire lanes: §5.4 of the domain study asks for 300 s at
    80 % for stalls, 600 s at 90 % for parking, 180 s for a fire lane.
    """

    kind: Literal["road_occupation"] = "road_occupation"
    classes: tuple[str, ...] = (*VEHICLE_LABELS, *GOODS_LABELS)
    """The detector's classes that must not stand here. People never count by themselves; those
    beside standing goods are shown with them."""
    confidence: float = Field(default=0.35, ge=0, le=1)
    """Least median score of a thing over its last sightings (default 0.35). §5.4 proposes 0.45 to
    0.50, but a small COCO model gives a car that plainly stands in the road 0.34 to 0.60 (median
    0.46), and standing for minutes says more than a score."""
    for_s: float = Field(default=300.0, gt=0)
    """How long it must stand (default 300 s, §5.4 stalls)."""
    presence: float = Field(default=0.8, gt=0, le=1)
    """Share of `for_s` in which it must be seen (default 0.8, §5.4); the rest it may be hidden."""
    max_shift: float = Field(default=0.3, gt=0)
    """How far it may move, in its own widths or heights (default 0.3; §5.4: 0.2 parking, 0.5
    stalls)."""
    min_area: float = Field(default=0.001, ge=0, le=1)
    """Least size of its box as a share of the frame (default 0.001, a car across a wide street;
    §5.4 proposes 0.01 for cameras that are close)."""

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
    def tracked_labels(self) -> frozenset[str]:
        return frozenset((*self.classes, PERSON_LABEL))


class RoadOccupationRule:
    """Keeps what stands in one zone. What stood there at the first look is found like the rest;
    what stands in an exempt zone begins to count when the exemption ends."""

    def __init__(self, settings: RoadOccupationRuleSettings, zone: Zone) -> None:
        self._settings = settings
        self._zone = zone
        self._stillness = Stillness(settings.max_shift, memory_s=settings.for_s)

    def judge(self, scene: Scene) -> Judgement:
        inside = self._inside(scene)
        self._stillness.see(inside, scene.now_s)
        standing = [track for track in inside if self._stands(track, scene.now_s)]
        standing.sort(key=lambda track: self._stillness.of(track).since_s)
        if not any(track.visible for track in standing):
            return Judgement()
        return Judgement(self._finding(standing, _people_beside(standing, scene), scene.now_s))

    def _inside(self, scene: Scene) -> list[Track]:
        """The tracks of the rule's classes in the zone and out of exempt ones, large enough."""
        tracks = [track for track in scene.tracks if track.label in self._settings.classes]
        if not tracks:
            return []
        xyxy = np.stack([track.xyxy for track in tracks])
        wanted = standing_in(self._zone, scene.exempt, xyxy)
        wanted &= area(xyxy) >= self._settings.min_area
        return [track for track, inside in zip(tracks, wanted, strict=True) if inside]

    def _stands(self, track: Track, now_s: float) -> bool:
        presence = self._stillness.of(track)
        return (
            presence.lasted_s(now_s) >= self._settings.for_s
            and presence.share(self._settings.for_s, now_s) >= self._settings.presence
            and presence.hits >= SETTLED_HITS
            and track.score >= self._settings.confidence
        )

    def _finding(self, standing: Sequence[Track], people: Sequence[Track], now_s: float) -> Finding:
        lead = standing[0]
        presence = self._stillness.of(lead)
        lasted_s = presence.lasted_s(now_s)
        return Finding(
            score=lead.score,
            lasted_s=lasted_s,
            looks=presence.looks,
            hits=presence.hits,
            explanation=_explain(lead.label, lasted_s, len(standing)),
            boxes=tuple(_labelled(track) for track in (*standing, *people)),
            count=len(standing),
        )


def _people_beside(standing: Sequence[Track], scene: Scene) -> list[Track]:
    """The people in sight whose feet are within their own height of standing goods."""
    goods = [track.xyxy for track in standing if track.label not in VEHICLE_LABELS]
    people = [track for track in scene.tracks if track.visible and track.label == PERSON_LABEL]
    return [person for person in people if any(_beside(person, xyxy) for xyxy in goods)]


def _beside(person: Track, goods: np.typing.NDArray[np.float32]) -> bool:
    x1, y1, x2, y2 = person.xyxy
    feet = np.array([(x1 + x2) / 2, y2])
    nearest = feet.clip(goods[:2], goods[2:])
    return float(np.linalg.norm(feet - nearest)) <= float(y2 - y1)


def _labelled(track: Track) -> LabelledBox:
    x1, y1, x2, y2 = (float(v) for v in track.xyxy)
    score = min(max(track.score, 0.0), 1.0)
    return LabelledBox(label=track.label, score=score, box=Box.clipped(x1, y1, x2, y2))


def _explain(label: str, lasted_s: float, count: int) -> Text:
    vehicle = label in VEHICLE_LABELS
    zh = f"{'车辆' if vehicle else '物品'}静止停留 {lasted_s:.0f} s"
    en = f"{'Vehicle' if vehicle else 'Goods'} standing still for {lasted_s:.0f} s"
    if count > 1:
        zh, en = f"{zh}, 区域内共 {count} 处", f"{en}, {count} things in the zone"
    return Text.of(zh, en)
