"""Likeness: whether a place of the picture looks as it did before, whatever the light.

A detector that loses a parked car for a minute says nothing about the car. The pixels do: the
place still looks the same, or it shows the empty road, or another car.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import Floats
from streams.frame import Image

Patch = NDArray[np.float32]
"""A place as it looked: (24, 24, 3) float32 BGR, each channel's mean 0, the spread of all 1; all 0
where nothing is drawn. In colour, because a red car may be as bright as the road."""

PATCH_PX = 24
RIM = 0.15
"""A patch shows this share of the box's sides more on each side: a white car and a black one
differ most in how they stand out from the road."""
_LEAST_PX = 6
_LEAST_SPREAD = 3.0  # grey levels: below, there is only noise to compare


def patch_of(picture: Image, xyxy: Floats) -> Patch | None:
    """How the box (4,), frame units, looks in a picture; None if it is too small to tell."""
    height, width = picture.shape[:2]
    rim = (xyxy[2:] - xyxy[:2]) * RIM
    low, high = (xyxy[:2] - rim).clip(0, 1), (xyxy[2:] + rim).clip(0, 1)
    x1, y1 = (int(v) for v in low * (width, height))
    x2, y2 = (int(v) for v in np.ceil(high * (width, height)))
    if min(x2 - x1, y2 - y1) < _LEAST_PX:
        return None
    place = picture[y1:y2, x1:x2]
    small: Any = cv2.resize(place, (PATCH_PX, PATCH_PX), interpolation=cv2.INTER_AREA)
    small = small.astype(np.float32) - small.mean(axis=(0, 1), dtype=np.float32)
    spread = float(small.std())
    return np.asarray(small / spread if spread >= _LEAST_SPREAD else small * 0, np.float32)


def likeness(one: Patch, other: Patch) -> float:
    """How alike two patches are: 1 the same but for brightness and contrast, 0 unrelated."""
    return float((one * other).mean())


def blended(usual: Patch, newest: Patch, weight: float) -> Patch:
    """A patch that follows slow change: `weight` (0–1) of the newest."""
    mixed = usual * (1 - weight) + newest * weight
    return np.asarray(mixed / max(float(mixed.std()), 1e-6), np.float32)
