"""A crowd and a parked van, composed out of the bench's own source: a place that a fixed camera
sees."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.geometry import Box
from streams.encode import read_video
from streams.frame import Image

MOMENTS = 5
"""A crowd is the people of so many moments at once."""
MOMENTS_APART_S = 16.0
_CHANGED = 28
"""Grey levels by which somebody differs from the empty place."""
VAN = Box(x1=0.835, y1=0.05, x2=0.955, y2=0.185)
"""Where the demo's clip shows a parked van."""
VAN_STANDS = Box(x1=0.46, y1=0.06, x2=0.74, y2=0.36)
"""The zone that is watched for it where it is planted."""
_VAN_PLANTED = Box(x1=0.48, y1=0.09, x2=0.72, y2=0.36)
"""Twice its own size."""


def empty_place(source: Path) -> Image:
    """What stays when all that moves is taken away: the median of pictures 2 s apart,
    (height, width, 3) uint8 BGR."""
    pictures = list(read_video(source, fps=1))[::2]
    return np.asarray(np.median(np.stack(pictures), axis=0), np.uint8)


def crowded(moments: Iterable[tuple[Image, ...]], empty: Image) -> Iterator[Image]:
    """Whoever is in one of the moments is in the picture, (height, width, 3) uint8 BGR."""
    for first, *others in moments:
        picture = first.copy()
        for other in others:
            people = _changed(other, empty)
            picture[people] = other[people]
        yield picture


def van_of(source: Path) -> Image:
    """The van of the demo's clip, as a picture of its own."""
    empty = empty_place(source)
    x1, y1, x2, y2 = _pixels(VAN, empty)
    return np.ascontiguousarray(empty[y1:y2, x1:x2])


def with_van(pictures: Iterable[Image], van: Image) -> Iterator[Image]:
    """The van stands in every picture, with soft edges."""
    pasted = cover = None
    for picture in pictures:
        x1, y1, x2, y2 = _pixels(_VAN_PLANTED, picture)
        if pasted is None or cover is None:
            pasted = cv2.resize(van, (x2 - x1, y2 - y1), interpolation=cv2.INTER_CUBIC)
            cover = _soft_oval(x2 - x1, y2 - y1)
        copy = picture.copy()
        copy[y1:y2, x1:x2] = copy[y1:y2, x1:x2] * (1 - cover) + pasted * cover
        yield copy


def _changed(image: Image, empty: Image) -> NDArray[np.bool_]:
    """Where somebody is, (height, width) bool."""
    differs = (cv2.absdiff(image, empty).max(axis=2) > _CHANGED).astype(np.uint8)
    whole = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    clean = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.dilate(clean, np.ones((3, 3), np.uint8)), np.bool_)


def _soft_oval(width: int, height: int) -> NDArray[np.float32]:
    """How much of each pixel is covered, (height, width, 1) float32 in 0-1."""
    oval = np.zeros((height, width), np.float32)
    axes = round(width * 0.46), round(height * 0.46)
    cv2.ellipse(oval, (width // 2, height // 2), axes, 0, 0, 360, (1.0,), -1)
    return np.asarray(cv2.GaussianBlur(oval, (0, 0), width * 0.03)[..., None], np.float32)


def _pixels(box: Box, image: Image) -> tuple[int, int, int, int]:
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (round(v * s) for v, s in zip(box.xyxy, (width, height) * 2, strict=True))
    return x1, y1, x2, y2
