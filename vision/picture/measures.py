"""What a picture is like, in numbers: how bright, sharp, coloured and noisy it is, and how much of
it shows anything. Each measure takes one picture and remembers nothing.

Pictures come as (h, w) or (h, w, 3) uint8, `WIDTH` pixels wide, so that limits mean the same for
every camera and network.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.frame import Image

Grey = NDArray[np.uint8]
Plane = NDArray[np.float32]
"""Grey levels of a picture, (h, w)."""
Blocks = NDArray[np.float64]
"""One number for each block of a picture, (rows, columns)."""

WIDTH = 320
"""All measures are taken at this width in pixels."""
BLOCK = 20
"""Side of a block in pixels."""
WHITE = 245
"""From this grey level on a pixel shows nothing but light."""
STEP_PX = 16
"""A soft edge takes this long to rise; a sharp one a pixel or two."""
STRONG = 99.0
"""The strongest hundredth of the edges tells how sharp the picture can be."""
QUIET = 15.0
"""The quietest blocks (per cent) tell the noise: whatever moves or has texture is in the others."""
COLOURS_EVERY = 11
"""One pixel of so many tells the colours; it goes through all columns of a row of 320."""
_DARK, _BRIGHT = 12, 243
_BEND = np.array([1, -2, 1], np.float32)
"""Along rows and then columns: blind to flat areas and straight edges, so that what is left is
noise (Immerkaer 1996)."""


@dataclass(frozen=True, slots=True)
class Measures:
    """One picture in numbers."""

    white: float
    """Share 0-1 that is burnt out."""
    sharpness: float
    """How steep the strongest edges are, 0-1: rise over one pixel by rise over sixteen."""
    edge: float
    """Grey levels that the strongest edges rise over sixteen pixels."""
    bare: float
    """Share 0-1 of the blocks that show no structure."""
    cast: float
    """How far the mean colour is from grey, in Lab units."""
    cast_ratio: float
    """… and that by how far colours lie around the mean: of a tinted picture well over 1."""
    noise: float
    """Standard deviation of the noise in grey levels."""


def at_width(image: Image) -> Image:
    """The picture as it is measured, (h, WIDTH, 3)."""
    height, width = image.shape[:2]
    if width == WIDTH:
        return image
    size_wh = WIDTH, max(BLOCK, round(height * WIDTH / width))
    how = cv2.INTER_AREA if width > WIDTH else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size_wh, interpolation=how), np.uint8)


def measure(image: Image, grey: Grey, bare_below: float) -> Measures:
    """Measure a picture and its grey version. A block is bare if its contrast (standard
    deviation without what is slow) is below `bare_below` grey levels."""
    plane = grey.astype(np.float32)
    sharpness, edge = _sharpness(grey)
    cast, cast_ratio = _cast(image)
    return Measures(
        white=np.count_nonzero(grey >= WHITE) / grey.size,
        sharpness=sharpness,
        edge=edge,
        bare=float((_contrast(grey, plane) < bare_below).mean()),
        cast=cast,
        cast_ratio=cast_ratio,
        noise=_noise(plane),
    )


def _sharpness(grey: Grey) -> tuple[float, float]:
    (near,), (far,) = (
        percentiles(np.asarray(cv2.absdiff(grey[:, step:], grey[:, :-step]), np.uint8), STRONG)
        for step in (1, STEP_PX)
    )
    return near / max(far, 1.0), far


def percentiles(levels: Grey, *percents: float) -> list[float]:
    """As `np.percentile` of values 0-255, in a small part of its time: they are counted."""
    counts = cv2.calcHist([levels], [0], None, [256], [0, 256])
    at_most = np.cumsum(counts, dtype=np.float64)
    found: list[float] = []
    for percent in percents:
        rank = (levels.size - 1) * percent / 100
        whole = math.floor(rank)
        below, above = np.searchsorted(at_most, (whole, math.ceil(rank)), side="right")
        found.append(float(below + (above - below) * (rank - whole)))
    return found


def _contrast(grey: Grey, plane: Plane) -> Blocks:
    slow = cv2.boxFilter(grey, cv2.CV_32F, (BLOCK + 1, BLOCK + 1))
    fast = cv2.subtract(plane, slow)
    return np.sqrt(_by_block(np.asarray(cv2.multiply(fast, fast), np.float32)))


def _cast(image: Image) -> tuple[float, float]:
    some = np.ascontiguousarray(image.reshape(1, -1, 3)[:, ::COLOURS_EVERY])
    lab = cv2.cvtColor(some, cv2.COLOR_BGR2LAB)
    axes = [cv2.extractChannel(lab, axis).astype(np.float32) - 128 for axis in (1, 2)]
    means = [float(axis.mean()) for axis in axes]
    distance = math.hypot(*means)
    around = [float(np.abs(axis - mean).mean()) for axis, mean in zip(axes, means, strict=True)]
    return distance, distance / max(math.hypot(*around), 1.0)


def _noise(plane: Plane) -> float:
    lit = _by_block(plane)
    rough = np.abs(cv2.sepFilter2D(plane, -1, _BEND, _BEND))
    sigma = _by_block(rough)[(lit > _DARK) & (lit < _BRIGHT)] * np.sqrt(np.pi / 2) / 6
    return _interpolated(np.sort(sigma), QUIET) if sigma.size else 0.0


def _interpolated(ascending: NDArray[np.float64], percent: float) -> float:
    """As `np.percentile`, which takes a while to find out what it was given."""
    rank = (len(ascending) - 1) * (percent / 100)
    below = math.floor(rank)
    low, high = float(ascending[below]), float(ascending[min(below + 1, len(ascending) - 1)])
    share = rank - below
    step = high - low
    return low + step * share if share < 0.5 else high - step * (1 - share)


def _by_block(plane: Plane) -> Blocks:
    """The mean of each whole block of a plane (h, w)."""
    rows, columns = (side // BLOCK for side in plane.shape)
    whole = plane[: rows * BLOCK, : columns * BLOCK]
    small = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float64)
