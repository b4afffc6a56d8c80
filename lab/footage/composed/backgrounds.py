"""What fires are put into: pictures of folders, or streets that are painted here."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from domain.errors import ConfigurationError
from lab.footage.composed.street import painted_street
from lab.footage.composed.turbulence import Random
from models.letterbox import Image

WIDTHS = (480, 640)
"""Composed pictures are this wide."""
RATIOS = (16 / 9, 4 / 3, 16 / 9, 1.5)
"""Width through height."""


def any_background(random: Random, paths: Sequence[Path]) -> Image:
    """A part of any of the pictures, or a painted street where there are none."""
    width = int(random.choice(WIDTHS))
    size_wh = width, round(width / float(random.choice(RATIOS)))
    if not paths:
        return painted_street(random, size_wh)
    path = paths[int(random.integers(len(paths)))]
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ConfigurationError(f"{path}: expected a picture, cannot be decoded")
    part = _cropped(random, np.asarray(image, np.uint8), size_wh)
    return np.ascontiguousarray(part[:, ::-1]) if random.random() < 0.5 else part


def _cropped(random: Random, image: Image, size_wh: tuple[int, int]) -> Image:
    """A part of the picture of the wanted form, most of it, scaled to the wanted size."""
    height, width = image.shape[:2]
    ratio = size_wh[0] / size_wh[1]
    widest = min(width, height * ratio)
    wide = widest * random.uniform(0.7, 1.0)
    x = round(random.uniform(0, width - wide))
    y = round(random.uniform(0, height - wide / ratio))
    part = image[y : y + max(round(wide / ratio), 1), x : x + max(round(wide), 1)]
    how = cv2.INTER_AREA if part.shape[1] > size_wh[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, size_wh, interpolation=how), np.uint8)
