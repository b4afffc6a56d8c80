"""Real flames, cut out of labelled pictures by their own light."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lab.footage.composed.layer import Canvas, Field, Layer
from lab.footage.composed.turbulence import Random, softened, step
from lab.footage.labelled import LabelledPicture
from models.letterbox import Image

_TRIES = 12
_MARGIN = 0.12
"""What is cut out beside the marked box, a share of its sides: flames lick beyond it."""
_SMALLEST_PX = 40
_LARGEST_SHARE = 0.75
_LEAST_MATTE, _MOST_MATTE = 0.06, 0.85
"""Share of the box that must, and may, be flame."""
_MOST_AT_BORDER = 0.16
"""A matte that reaches its border would show where it was cut."""
_LEAST_CORE = 0.10
"""Share of the flame that must be bright yellow: a red car has no such core."""


@dataclass(frozen=True, eq=False)
class Flame:
    """One marked flame of one picture."""

    path: Path
    xyxy: tuple[float, float, float, float]
    """Frame units."""


class FlameShelf:
    """The marked flames of a folder, called `name`, each cut out when it is asked for."""

    def __init__(self, name: str, pictures: Sequence[LabelledPicture], label: str = "fire") -> None:
        self.name = name
        self._flames = tuple(
            Flame(picture.path, (float(b[0]), float(b[1]), float(b[2]), float(b[3])))
            for picture in pictures
            for b in picture.truth.of(label).xyxy
            if np.prod(b[2:] - b[:2]) < _LARGEST_SHARE
        )

    def __len__(self) -> int:
        return len(self._flames)

    def take(self, random: Random, *, night: bool) -> Layer | None:
        """Any flame that can be cut out well; None if several could not."""
        for _ in range(_TRIES if self._flames else 0):
            flame = self._flames[int(random.integers(len(self._flames)))]
            image = cv2.imread(str(flame.path), cv2.IMREAD_COLOR)
            if (
                image is not None
                and (layer := cut_out(np.asarray(image, np.uint8), flame.xyxy)) is not None
            ):
                # At night a flame outshines what is behind it; by day it hides it.
                thin = np.float32(random.uniform(0.5, 0.9) if night else 1.0)
                return Layer(layer.light, np.asarray(layer.cover * thin, np.float32))
        return None


def cut_out(image: Image, xyxy: tuple[float, float, float, float]) -> Layer | None:
    """The flame in a box (frame units) of a BGR picture; None where it cannot be told apart."""
    height, width = image.shape[:2]
    margin_x, margin_y = _MARGIN * (xyxy[2] - xyxy[0]), _MARGIN * (xyxy[3] - xyxy[1])
    x1, x2 = round(max(xyxy[0] - margin_x, 0) * width), round(min(xyxy[2] + margin_x, 1) * width)
    y1, y2 = round(max(xyxy[1] - margin_y, 0) * height), round(min(xyxy[3] + margin_y, 1) * height)
    if min(x2 - x1, y2 - y1) < _SMALLEST_PX:
        return None
    part = np.asarray(image[y1:y2, x1:x2], np.float32) / np.float32(255)
    matte = _matte(part)
    if not _good(part, matte):
        return None
    matte = matte * _feather(matte.shape)
    return Layer(np.asarray(part * matte[..., None], np.float32), np.asarray(matte, np.float32))


def _matte(part: Canvas) -> Field:
    """How much each pixel is flame: bright and warm, or white-hot beside what is."""
    blue, green, red = part[..., 0], part[..., 1], part[..., 2]
    warm = step(red - blue, 0.16, 0.42) * step(red - 0.8 * green, 0.04, 0.16)
    flame = warm * step(red, 0.45, 0.75)
    yellow = step(green - blue, 0.12, 0.35) * step(red, 0.75, 0.92)
    flame = np.maximum(flame, yellow)
    reach = max(part.shape[0] / 14, 1.5)
    near = step(softened(np.asarray(flame, np.float32), reach), 0.22, 0.5)
    core = step(np.minimum(red, green), 0.80, 0.95) * near
    return softened(np.asarray(np.maximum(flame, core), np.float32), 0.7)


def _good(part: Canvas, matte: Field) -> bool:
    share = float(matte.mean())
    if not _LEAST_MATTE < share < _MOST_MATTE:
        return False
    border = np.concatenate([matte[0], matte[:, 0], matte[:, -1], 0.5 * matte[-1]])
    core = (matte > 0.5) & (part[..., 2] > 0.85) & (part[..., 1] > 0.5)
    return float(border.mean()) < _MOST_AT_BORDER and core.mean() > _LEAST_CORE * share


def _feather(shape: tuple[int, ...]) -> Field:
    """0 at the border, 1 a tenth of the way inside, (height, width)."""
    y, x = (np.minimum(np.arange(n), np.arange(n)[::-1]) / n for n in shape)
    near = np.minimum(y[:, None], x[None]).astype(np.float32)
    return step(near, 0.0, 0.09)
