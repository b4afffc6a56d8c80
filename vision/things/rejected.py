"""Rejected things: what people found to be no fire, known again by its place and its look.

Only what is as it was is known again. What is larger, or surer, or somewhere else, or looks
different is told of like anything: a rejection holds back one thing, never a part of the picture.
"""

from dataclasses import dataclass

import numpy as np

from domain.incident import LabelledBox
from models.detections import Floats
from streams.frame import Image
from vision.things.likeness import Patch, likeness, patch_of
from vision.things.tracks import area, intersection

GROWN = 1.5
"""So many times the rejected thing's largest box is more than it …"""
SURER = 0.25
"""… and so much more score is another certainty."""
SAME_IOU = 0.4
"""Least IoU of its box with one that was rejected: a small flame in a large glare is not the
glare."""
ALIKE = 0.6
"""Least likeness of its pixels to what they were: a flame where a lamp was rejected is less."""


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """How one box of an incident looked."""

    xyxy: Floats
    """(4,) float32, frame units."""
    patch: Patch


@dataclass(frozen=True, slots=True, eq=False)
class RejectedThing:
    """A flame or smoke that was found to be none, on one rule and zone."""

    rule_id: str
    zone_id: str
    smoke: bool
    score: float
    portraits: tuple[Portrait, ...]
    """What it looked like at a time; without any it is never known again."""

    def is_seen(self, xyxy: Floats, score: float, patch: Patch | None) -> bool:
        """Whether a box (4,) that looks like `patch` shows this thing, no larger and no surer."""
        if patch is None or not self.portraits or score > self.score + SURER:
            return False
        boxes = np.stack([portrait.xyxy for portrait in self.portraits])
        size = float(area(xyxy[None])[0])
        if size > GROWN * float(area(boxes).max()):
            return False
        shared = intersection(xyxy[None], boxes)[0]
        iou = shared / np.maximum(area(boxes) + size - shared, 1e-12)
        return any(
            overlap >= SAME_IOU and likeness(patch, portrait.patch) >= ALIKE
            for overlap, portrait in zip(iou.tolist(), self.portraits, strict=True)
        )


def portrait_of(box: LabelledBox, picture: Image) -> Portrait | None:
    """How a box of an incident looks in a picture (h, w, 3) uint8 BGR; None if it is too small to
    tell."""
    xyxy = np.array(box.box.xyxy, np.float32)
    patch = patch_of(picture, xyxy)
    return None if patch is None else Portrait(xyxy, patch)
