"""Flames that are only computed: tongues bent by turbulence, white-hot inside, dark red outside."""

import numpy as np

from lab.footage.composed.layer import Canvas, Field, Layer
from lab.footage.composed.turbulence import Random, grid, noise, step

_LARGEST_PX, _SMALLEST_PX = 224, 48
"""Flames are computed at this height at most and at least, then scaled."""
_HEATS = (0.0, 0.10, 0.28, 0.50, 0.75, 1.0)
_LIGHTS_BGR = np.array(
    (
        (0.00, 0.00, 0.00),
        (0.00, 0.04, 0.30),
        (0.01, 0.20, 0.85),
        (0.05, 0.50, 1.05),
        (0.28, 0.88, 1.15),
        (0.80, 1.08, 1.20),
    )
)
"""The light of gas of these heats: black, dark red, red, orange, yellow, near white."""
_RAMP = np.stack(
    [np.interp(np.linspace(0, 1, 256), _HEATS, channel) for channel in _LIGHTS_BGR.T], axis=1
).astype(np.float32)


def flames(random: Random, height_px: int, *, night: bool) -> Layer:
    """A fire of `height_px`, a third to three times as wide; at night its core is overexposed."""
    drawn_px = int(np.clip(height_px * 1.25, _SMALLEST_PX, _LARGEST_PX))
    wide = float(random.choice([0.6, 0.8, 1.1, 1.6, 2.4], p=[0.2, 0.25, 0.25, 0.2, 0.1]))
    drawn = _drawn(random, (max(round(drawn_px * wide), 24), drawn_px), wide, night)
    size_wh = max(round(drawn.size_wh[0] * height_px / drawn_px), 3), max(height_px, 3)
    return drawn if size_wh == drawn.size_wh else drawn.resized(size_wh)


def _drawn(random: Random, size_wh: tuple[int, int], wide: float, night: bool) -> Layer:
    heat = _heat(random, size_wh, wide)
    exposure = random.uniform(0.9, 1.5) if night else random.uniform(0.65, 1.15)
    light = _light(heat * np.float32(exposure), random)
    cover = step(heat, 0.03, 0.30) * np.float32(random.uniform(0.8, 1.0))
    return Layer(light, np.asarray(cover, np.float32))


def _light(heat: Field, random: Random) -> Canvas:
    """The light of the gas, more or less yellow from fire to fire."""
    index = np.clip(heat * 255, 0, 255).astype(np.uint8)
    tint = np.array([random.uniform(0.6, 1.3), random.uniform(0.85, 1.1), 1.0], np.float32)
    return np.asarray(_RAMP[index] * tint, np.float32)


def _heat(random: Random, size_wh: tuple[int, int], wide: float) -> Field:
    """How hot the gas is, 0 to about 1.2."""
    x, y = grid(size_wh)
    eddies = 2.2 * wide, 1.6
    swing = noise(random, size_wh, (max(eddies[0] / 2, 1), 1.5), octaves=2) - 0.5
    curl_x = noise(random, size_wh, (eddies[0] * 1.5, 3.0), octaves=4, gain=0.6) - 0.5
    curl_y = noise(random, size_wh, (eddies[0] * 2.0, 2.0), octaves=4, gain=0.6) - 0.5
    loose = 0.15 + y
    bent_x = x + (0.55 * swing * y + 0.55 * curl_x * loose) / max(wide, 0.8)
    bent_y = y + 0.42 * curl_y * loose
    heat = np.zeros_like(x)
    for _ in range(int(random.integers(1, 3 + round(2 * wide)))):
        heat = np.maximum(heat, _tongue(random, bent_x, bent_y, wide))
    grain = noise(random, size_wh, (5 * wide, 3), octaves=4, gain=0.65)
    heat = heat * (0.62 + 0.75 * grain) - 0.22 * step(y, 0.1, 1.0) * (1.4 - grain)
    # Nothing may be cut off straight at the drawing's edges; the foot is a ragged heap.
    heat *= step(1 - np.abs(x), 0.0, 0.14) * step(1 - y, 0.0, 0.08)
    heat *= step(y - 0.16 * x**2 - 0.12 * (1 - grain), -0.02, 0.1)
    return np.asarray(np.clip(heat, 0, 1.2), np.float32)


def _tongue(random: Random, x: Field, y: Field, wide: float) -> Field:
    """One lick: broad in its lower third, pointed above."""
    tall = random.uniform(0.35, 0.95)
    half = random.uniform(0.25, 0.6) / max(wide, 0.7) ** 0.6
    middle = random.uniform(-1, 1) * max(1 - half - 0.25, 0) + random.uniform(-0.2, 0.2) * y
    up = np.clip(y / tall, 0, 1)
    reach = half * (0.62 + 1.1 * up) * (1 - up) ** 0.75 + 1e-3
    inside = np.clip(1.15 - (np.abs(x - middle) / reach) ** 1.4, 0, 1)
    return np.asarray(inside * (1.15 - 0.55 * up) * (y < tall), np.float32)
