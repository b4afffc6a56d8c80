"""Noise of many scales, and fields bent by it: what makes flames and smoke curl."""

import cv2
import numpy as np

from lab.footage.composed.layer import Field

Random = np.random.Generator


def noise(
    random: Random,
    size_wh: tuple[int, int],
    cells: tuple[float, float],
    *,
    octaves: int = 4,
    gain: float = 0.5,
) -> Field:
    """Noise of several scales, (height, width) float32, mean 0.5, mostly 0-1.

    `cells` are how many of the largest eddies fit across and down; each octave has twice as many
    of `gain` times the strength.
    """
    width, height = size_wh
    total = np.zeros((height, width), np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        across, down = (max(round(n * 2**octave), 1) for n in cells)
        if across > width or down > height:
            break
        coarse = random.random((down + 2, across + 2), dtype=np.float32)
        total += weight * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        weights += weight
        weight *= gain
    return np.asarray(0.5 + (total / max(weights, 1e-6) - 0.5) * 1.5, np.float32)


def grid(size_wh: tuple[int, int]) -> tuple[Field, Field]:
    """x from -1 (left) to 1 and y from 0 (lower edge) to 1, each (height, width) float32."""
    width, height = size_wh
    x, y = np.meshgrid(
        np.linspace(-1, 1, width, dtype=np.float32), np.linspace(1, 0, height, dtype=np.float32)
    )
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def step(values: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def softened(field: Field, sigma: float) -> Field:
    """Blurred by `sigma` pixels; wide blurs are made small, which nobody sees."""
    if sigma < 0.3:
        return field
    shrink = max(int(sigma / 3), 1)
    height, width = field.shape[:2]
    if shrink == 1:
        return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma), np.float32)
    small_wh = max(width // shrink, 2), max(height // shrink, 2)
    small = cv2.resize(field, small_wh, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / shrink)
    return np.asarray(cv2.resize(blurred, (width, height)), np.float32)
