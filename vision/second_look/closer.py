"""The closer look 放大看: what the detector says of the same place at twice the size.

A flame of ten pixels in a look is one of twenty in a picture cut out around it: the same network
then says of a fire what it had only suspected, and of most lamps that they are none. Cameras with
fewer pixels than the network takes are enlarged, which helps them too: their objects are as small.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np

from domain.geometry import Box
from domain.labels import FLAMES, SMOKE
from models.detections import Detections, Floats
from streams.frame import Image
from vision.second_look.footage import region_around

ZOOM = 2.0
"""How much larger things are than in a look."""
LEAST_ZOOM = 1.25
"""What fills so much of the picture that less remains is not looked at closer."""
AROUND = 1.25
"""The picture shows at least so many times the box's longer side: a flame cut off at the border is
none to the network."""
APART_S = 0.4
"""The pictures are at least this far apart: a flame has changed by then, and so has a neon sign."""


class Shows(Protocol):
    """A picture that can be had in any size: a `Frame`, or one that was kept."""

    @property
    def captured_at(self) -> datetime: ...
    @property
    def size_wh(self) -> tuple[int, int]: ...
    def scaled(self, size_wh: tuple[int, int]) -> Image: ...


class Sees(Protocol):
    """What sees: the detector that the looks have."""

    def fit_wh(self, size_wh: tuple[int, int]) -> tuple[int, int]: ...
    def detect(self, images: Sequence[Image]) -> Sequence[Detections]: ...


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen of one thing, flame or smoke, at the place."""

    scores: tuple[float, ...] = ()
    """The best score in each picture, 0–1; 0 where it was not seen. In the order of time."""
    box: Box | None = None
    """Where it was seen best, in the whole picture's frame units."""

    @property
    def best(self) -> float:
        return max(self.scores, default=0.0)

    def share(self, least: float) -> float:
        """The share of the pictures in which it scored at least so much, 0–1."""
        hits = sum(score >= least for score in self.scores)
        return hits / len(self.scores) if self.scores else 0.0


@dataclass(frozen=True, slots=True)
class Closer:
    """What a closer look saw."""

    flame: Sighting
    smoke: Sighting

    @property
    def best(self) -> float:
        """The best score of either."""
        return max(self.flame.best, self.smoke.best)


def closer_region(box: Box) -> Box | None:
    """The part of the frame that is looked at closer: half as wide and high as the frame, or more
    if the box is large; None if hardly anything would be gained."""
    side = max(1 / ZOOM, AROUND * max(box.x2 - box.x1, box.y2 - box.y1))
    if side * LEAST_ZOOM > 1:
        return None
    x1, y1 = (
        min(max((low + high - side) / 2, 0.0), 1 - side)
        for low, high in ((box.x1, box.x2), (box.y1, box.y2))
    )
    return Box.clipped(x1, y1, x1 + side, y1 + side)


def look_closer(sight: Sees, shown: Sequence[Shows], box: Box, *, pictures: int) -> Closer | None:
    """Look at the newest few pictures around a box (frame units); None if nothing can be gained, or
    there is none. What lies elsewhere in the crop is not told of."""
    region = closer_region(box)
    chosen = _apart(shown, pictures)
    if region is None or not chosen:
        return None
    seen = sight.detect([cropped(one, region, sight.fit_wh(one.size_wh)) for one in chosen])
    there = [_at_place(each, region, box) for each in seen]
    return Closer(_sighting(there, FLAMES), _sighting(there, (SMOKE,)))


def cropped(shown: Shows, region: Box, size_wh: tuple[int, int]) -> Image:
    """A region of a picture in the size that the network takes: (h, w, 3) uint8 BGR. Its sides are
    the same share of the frame's, so that nothing is distorted and the input is no other."""
    side = region.x2 - region.x1
    width, height = (max(round(px / side), px) for px in size_wh)
    image = shown.scaled((width, height))
    x = min(round(region.x1 * width), width - size_wh[0])
    y = min(round(region.y1 * height), height - size_wh[1])
    return np.ascontiguousarray(image[y : y + size_wh[1], x : x + size_wh[0]])


def _apart(shown: Sequence[Shows], pictures: int) -> list[Shows]:
    """The newest pictures, each `APART_S` from the next, in the order of time."""
    chosen: list[Shows] = []
    for one in sorted(shown, key=lambda one: one.captured_at, reverse=True):
        if len(chosen) == pictures:
            break
        if not chosen or _seconds(one, chosen[-1]) >= APART_S:
            chosen.append(one)
    return chosen[::-1]


def _seconds(one: Shows, later: Shows) -> float:
    return (later.captured_at - one.captured_at).total_seconds()


def _at_place(seen: Detections, region: Box, box: Box) -> Detections:
    """What was seen in a crop, given in frame units, and only what lies at the box."""
    corner, side = np.array([region.x1, region.y1] * 2, np.float32), region.x2 - region.x1
    xyxy: Floats = np.asarray(seen.xyxy * np.float32(side) + corner, np.float32)
    whole = Detections(xyxy.clip(0, 1), seen.scores, seen.class_ids, seen.labels)
    around = region_around(box)
    centre = (whole.xyxy[:, :2] + whole.xyxy[:, 2:]) / 2
    low, high = np.array([around.x1, around.y1]), np.array([around.x2, around.y2])
    return whole[np.flatnonzero(((centre >= low) & (centre <= high)).all(axis=1))]


def _sighting(seen: Sequence[Detections], labels: Sequence[str]) -> Sighting:
    found = [each.of(*labels) for each in seen]
    scores = tuple(float(each.scores.max()) if len(each) else 0.0 for each in found)
    if not any(scores):
        return Sighting(scores)
    best = found[int(np.argmax(scores))]
    x1, y1, x2, y2 = (float(v) for v in best.xyxy[int(best.scores.argmax())])
    return Sighting(scores, Box.clipped(x1, y1, x2, y2))
