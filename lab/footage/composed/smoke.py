"""Smoke that is only computed: columns that widen, lean in the wind and roll, and thin out."""

from dataclasses import dataclass

import cv2
import numpy as np

from lab.footage.composed.layer import Field, Layer
from lab.footage.composed.turbulence import Random, grid, noise, softened, step

_DRAWN_PX = 200
"""Smoke is computed at this height at most and then scaled: it is soft."""
_GREYS = {"black": (0.06, 0.16), "grey": (0.3, 0.55), "white": (0.66, 0.9)}
"""How bright the smoke of a kind is, from - to."""


@dataclass(frozen=True)
class Plume:
    """How a plume stands: shares of the half width, and how much it hides."""

    foot: float
    head: float
    lean: float
    density: float
    grey: float
    tint_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)


def any_plume(random: Random, *, night: bool, lit: bool) -> Plume:
    """Black, grey or white smoke; at night it is dark, or orange where a fire lights it."""
    kind = str(random.choice(["black", "grey", "white"], p=[0.35, 0.4, 0.25]))
    grey = float(random.uniform(*_GREYS[kind]))
    tint = 1.0 + float(random.uniform(-0.04, 0.10)), 1.0, 1.0 + float(random.uniform(-0.06, 0.06))
    if night:
        grey *= float(random.uniform(0.25, 0.6))
        tint = (0.55, 0.8, 1.25) if lit else (1.1, 1.0, 0.95)
    return Plume(
        foot=float(random.uniform(0.06, 0.22)),
        head=float(random.uniform(0.3, 0.75)),
        lean=float(random.uniform(-0.75, 0.75)),
        density=float(random.uniform(1.2, 5.0)),
        grey=grey,
        tint_bgr=tint,
    )


def smoke(random: Random, size_wh: tuple[int, int], plume: Plume) -> Layer:
    """A plume that fills `size_wh`; it rises from the middle of the lower edge."""
    shrink = max(size_wh[1] / _DRAWN_PX, size_wh[0] / (1.5 * _DRAWN_PX), 1.0)
    drawn_wh = max(round(size_wh[0] / shrink), 8), max(round(size_wh[1] / shrink), 8)
    density = _density(random, drawn_wh, plume)
    cover = np.asarray(0.97 - 0.97 * np.exp(-plume.density * density), np.float32)
    shade = np.clip(plume.grey * _relief(density), 0, 1)
    light = cover[..., None] * shade[..., None] * np.array(plume.tint_bgr, np.float32)
    layer = Layer(np.asarray(light, np.float32), cover)
    return layer if drawn_wh == size_wh else layer.resized(size_wh)


def _density(random: Random, size_wh: tuple[int, int], plume: Plume) -> Field:
    x, y = grid(size_wh)
    wide = size_wh[0] / size_wh[1]
    eddies = max(2.5 * wide, 1.5), 2.5
    curl_x = noise(random, size_wh, eddies, octaves=5, gain=0.55) - 0.5
    curl_y = noise(random, size_wh, eddies, octaves=5, gain=0.55) - 0.5
    bent_x = x + 0.75 * curl_x * (0.12 + y) * plume.head / 0.5
    bent_y = y + 0.35 * curl_y * (0.1 + y)
    middle = plume.lean * np.clip(bent_y, 0, 1.2) ** 1.4
    half = plume.foot + (plume.head - plume.foot) * np.clip(bent_y, 0, 1) ** 0.85
    body = np.clip(1.25 - (np.abs(bent_x - middle) / half) ** 2, 0, 1)
    puffs = noise(random, size_wh, (eddies[0] * 1.6, 4.0), octaves=5, gain=0.6)
    thin = step(1.15 - bent_y, 0.1, 1.05)
    density = body * (0.25 + 1.3 * step(puffs, 0.2, 0.85)) * (0.18 + thin)
    edges = step(1 - np.abs(x), 0, 0.25) * step(1 - y, 0, 0.3) * step(y, -0.02, 0.12)
    return softened(np.asarray(density * edges, np.float32), size_wh[1] / 160)


def _relief(density: Field) -> Field:
    """How light falls on the rolls: brighter above and left, darker below, mean near 1."""
    smooth = softened(density, max(density.shape[0] / 60, 0.8))
    slope = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3) + 0.6 * cv2.Sobel(
        smooth, cv2.CV_32F, 1, 0, ksize=3
    )
    return np.asarray(1 + np.clip(0.6 * slope, -0.22, 0.25), np.float32)
