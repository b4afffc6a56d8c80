"""What fires are put into: pictures of folders, or streets that are painted here."""

import glob
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from domain.errors import ConfigurationError
from models.composed.street import painted_street
from models.composed.turbulence import Random
from models.labelled import PICTURE_SUFFIXES
from models.letterbox import Image

WIDTHS = (480, 640)
"""Composed pictures are this wide."""
RATIOS = (16 / 9, 4 / 3, 16 / 9, 1.5)
"""Width through height."""


def pictures_of(source: str) -> tuple[Path, ...]:
    """The pictures that a source names, in the order of their names.

    A source is a folder (with pictures or with images/ in it) or a pattern such as
    ``people/images/cam_[12]*``; ``@FROM:TO`` behind it takes only that part, in 0-1.
    Raises ConfigurationError where that names no picture.
    """
    where, _, part = source.partition("@")
    folder = Path(where)
    if folder.is_dir():
        inner = folder / "images"
        found = list((inner if inner.is_dir() else folder).iterdir())
    else:
        found = [Path(path) for path in glob.glob(where)]
    paths = sorted(p for p in found if p.suffix.lower() in PICTURE_SUFFIXES)
    start, end = _part(part, source) if part else (0.0, 1.0)
    taken = paths[round(start * len(paths)) : round(end * len(paths))]
    if not taken:
        raise ConfigurationError(
            f"{source}: expected a folder of pictures or a pattern, none there"
        )
    return tuple(taken)


def _part(text: str, source: str) -> tuple[float, float]:
    try:
        start, end = (float(word) for word in text.split(":"))
    except ValueError as error:
        raise ConfigurationError(f"{source}: expected @FROM:TO such as @0:0.6") from error
    if not 0 <= start < end <= 1:
        raise ConfigurationError(f"{source}: expected 0 <= FROM < TO <= 1, got {text}")
    return start, end


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
