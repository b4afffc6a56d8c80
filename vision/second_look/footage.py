"""Footage: the same small part of a picture, seen several times a second, made comparable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.geometry import Box
from streams.frame import Image

Planes = NDArray[np.float32]
"""One plane for each picture, (n, height, width) float32."""
Mask = NDArray[np.bool_]

MARGIN = 0.5
"""A crop shows this share of the box's sides more on each side: the ring that the box is
compared with."""
CROP_PX = 96
"""The long side of a crop in pixels. Larger ones cost more and show nothing new."""
LEAST_CROP_PX = 8
LEAST_FRAMES = 5
LEAST_SPAN_S = 1.0
LONGEST_PAUSE_S = 1.2
"""Pictures further apart than this are no sequence."""
_LEAST_RING_PX = 20
_STEADIED_SHARE = 0.7
"""A shift of the camera is believed if undoing it leaves less than this of the ring's change."""
_LARGEST_SHIFT = 0.12  # of the crop's long side


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One picture of the region, (h, w, 3) uint8 BGR, and when it was captured."""

    at_s: float
    image: Image


def region_around(box: Box) -> Box:
    """The part of the frame to cut out for a second look at a box, frame units."""
    dx, dy = MARGIN * (box.x2 - box.x1), MARGIN * (box.y2 - box.y1)
    return Box.clipped(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy)


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """Crops in the order of time, freed from what the whole region does: a change of brightness
    (exposure, a cloud) and a shake of the camera are measured in the ring and taken away.

    Attributes:
        at_s: (n,) float64, seconds.
        luma, red, blue: Y, Cr, Cb of BT.601, each (n, height, width) float32, 0-255.
        inside: (height, width) bool, the pixels of the box; the others are the ring.
    """

    at_s: NDArray[np.float64]
    luma: Planes
    red: Planes
    blue: Planes
    inside: Mask

    @classmethod
    def of(cls, crops: Sequence[Crop], box: Box) -> "Footage | None":
        """Footage of the crops of `region_around(box)`; None if they are too few, too far apart,
        too small or of several sizes."""
        crops = sorted(crops, key=lambda crop: crop.at_s)
        at_s = np.array([crop.at_s for crop in crops], np.float64)
        if len(crops) < LEAST_FRAMES or at_s[-1] - at_s[0] < LEAST_SPAN_S:
            return None
        shapes = {crop.image.shape for crop in crops}
        if np.diff(at_s).max() > LONGEST_PAUSE_S or len(shapes) > 1:
            return None
        images = [_small(crop.image) for crop in crops]
        height, width = images[0].shape[:2]
        if min(height, width) < LEAST_CROP_PX:
            return None
        inside = _inside(box, (width, height))
        colours = np.stack([cv2.cvtColor(i, cv2.COLOR_BGR2YCrCb) for i in images])
        luma, red, blue = np.moveaxis(colours.astype(np.float32), 3, 0)
        return _steadied(cls(at_s, luma, red, blue, inside))

    @property
    def ring(self) -> Mask:
        """The pixels around the box, (height, width) bool; all, if the box leaves hardly any."""
        outside: Mask = ~self.inside
        return outside if outside.sum() >= _LEAST_RING_PX else np.ones_like(outside)

    @property
    def grey(self) -> bool:
        """Whether the camera sends no colour (night, infrared)."""
        return float((np.abs(self.red - 128) + np.abs(self.blue - 128)).mean()) < 5


def _small(image: Image) -> Image:
    height, width = image.shape[:2]
    scale = CROP_PX / max(height, width)
    if scale >= 1:
        return image
    size_wh = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def _inside(box: Box, size_wh: tuple[int, int]) -> Mask:
    region = region_around(box)
    width, height = size_wh
    x = (np.arange(width) + 0.5) / width * (region.x2 - region.x1) + region.x1
    y = (np.arange(height) + 0.5) / height * (region.y2 - region.y1) + region.y1
    columns, rows = (x >= box.x1) & (x <= box.x2), (y >= box.y1) & (y <= box.y2)
    return np.asarray(rows[:, None] & columns[None, :], np.bool_)


def _steadied(footage: Footage) -> Footage:
    """Undo each picture's shift against the middle one, then the change of brightness that the
    ring shares."""
    luma, red, blue = (plane.copy() for plane in (footage.luma, footage.red, footage.blue))
    ring = footage.ring
    middle = luma[len(luma) // 2].copy()
    for i, picture in enumerate(luma):
        shift = _shift(picture, middle, ring)
        if shift is not None:
            for planes in (luma, red, blue):
                planes[i] = _moved(planes[i], shift)
    usual = np.median(luma, axis=0)
    luma -= np.median((luma - usual)[:, ring], axis=1)[:, None, None].astype(np.float32)
    return Footage(footage.at_s, luma, red, blue, footage.inside)


def _shift(picture: Any, middle: Any, ring: Mask) -> tuple[float, float] | None:
    """How far the ring of a picture has moved, in pixels; None if it has not."""
    first, second = (
        np.where(ring, p, p[ring].mean()).astype(np.float32) for p in (middle, picture)
    )
    window = cv2.createHanningWindow((middle.shape[1], middle.shape[0]), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(first, second, window)
    distance = float(np.hypot(dx, dy))
    if not 0.3 <= distance <= _LARGEST_SHIFT * max(middle.shape):
        return None
    before = float(np.abs(picture - middle)[ring].mean())
    after = float(np.abs(_moved(picture, (dx, dy)) - middle)[ring].mean())
    return (dx, dy) if after < _STEADIED_SHARE * before else None


def _moved(plane: Any, shift: tuple[float, float]) -> Any:
    """A plane taken back by the shift."""
    place = np.array([[1, 0, -shift[0]], [0, 1, -shift[1]]], np.float32)
    size_wh = plane.shape[1], plane.shape[0]
    return cv2.warpAffine(plane, place, size_wh, borderMode=cv2.BORDER_REPLICATE)
