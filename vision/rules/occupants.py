"""Occupants 占道物: what stands in a zone, a named thing or one that no class names."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.base import Text
from domain.geometry import Box
from domain.incident import LabelledBox
from domain.labels import VEHICLES
from models.detections import Detections, Floats
from vision.things.tracks import intersection

UNNAMED_LABEL = "object"
"""What a static thing is called that the detector has no class for."""


@dataclass(frozen=True, slots=True, eq=False)
class Occupant:
    """One thing that has stood for long enough."""

    label: str
    score: float
    """How sure it is, 0-1: the detector's score, or the share of looks that saw it."""
    xyxy: Floats
    since_s: float
    looks: int
    hits: int
    seen: bool
    """Whether the very look shows it (or it is known to stand behind what hides it)."""

    @property
    def is_vehicle(self) -> bool:
        return self.label in VEHICLES

    def labelled(self) -> LabelledBox:
        """The same in words that may leave the process."""
        x1, y1, x2, y2 = (float(v) for v in self.xyxy)
        score = min(max(self.score, 0.0), 1.0)
        return LabelledBox(label=self.label, score=score, box=Box.clipped(x1, y1, x2, y2))


def people_beside(occupants: Sequence[Occupant], people: Detections) -> Detections:
    """The people whose feet are within their own height of something that is no vehicle."""
    things = [one.xyxy for one in occupants if not one.is_vehicle]
    beside = [any(_beside(person, xyxy) for xyxy in things) for person in people.xyxy]
    return people[np.array(beside, np.bool_)]


def covered_by(xyxy: Floats, others: Sequence[Floats]) -> float:
    """The largest share 0-1 of a box (4,) that lies under one of the others."""
    if not others:
        return 0.0
    size = max(float((xyxy[2:] - xyxy[:2]).prod()), 1e-12)
    return float(intersection(xyxy[None], np.stack(others)).max()) / size


def explain(lead: Occupant, lasted_s: float, count: int, attended: bool) -> Text:
    """What is found, in words."""
    zh, en = _WORDS[_sort_of(lead, attended)]
    zh, en = f"{zh}静止停留 {lasted_s:.0f} s", f"{en} standing still for {lasted_s:.0f} s"
    if count > 1:
        zh, en = f"{zh}, 区域内共 {count} 处", f"{en}, {count} things in the zone"
    return Text.of(zh, en)


_WORDS = {
    "vehicle": ("车辆", "Vehicle"),
    "goods": ("物品", "Goods"),
    "unnamed": ("不明物体", "A thing without a class"),
    "attended": ("有人看守的物体", "A thing with people beside it"),
}


def _sort_of(lead: Occupant, attended: bool) -> str:
    if lead.is_vehicle:
        return "vehicle"
    if lead.label != UNNAMED_LABEL:
        return "goods"
    return "attended" if attended else "unnamed"


def _beside(person: Floats, thing: Floats) -> bool:
    x1, y1, x2, y2 = person
    feet = np.array([(x1 + x2) / 2, y2])
    nearest = feet.clip(thing[:2], thing[2:])
    return float(np.linalg.norm(feet - nearest)) <= float(y2 - y1)
