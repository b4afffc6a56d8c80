"""Light and lens of a composed picture: the hour of the day before, the camera's faults after."""

from typing import Literal

import cv2
import numpy as np

from lab.footage.composed.layer import Canvas, Field
from lab.footage.composed.turbulence import Random
from models.letterbox import Image

Hour = Literal["day", "dusk", "night"]
JPEG_QUALITIES = (45, 95)


def any_hour(random: Random) -> Hour:
    hour: Hour = ("day", "dusk", "night")[int(random.choice(3, p=[0.5, 0.15, 0.35]))]
    return hour


def graded(random: Random, image: Image, hour: Hour) -> Canvas:
    """The background at this hour, (height, width, 3) float32 0-1."""
    if hour == "night":
        gamma, tint = random.uniform(1.4, 2.4), random.uniform(0.18, 0.7)
        cast = ((1.0, 0.85, 0.72), (0.65, 0.85, 1.0), (0.95, 0.95, 0.95))
    elif hour == "dusk":
        gamma, tint = random.uniform(1.1, 1.5), random.uniform(0.55, 0.95)
        cast = ((0.62, 0.82, 1.1), (0.8, 0.85, 1.05), (1.05, 0.9, 0.85))
    else:
        gamma, tint = random.uniform(0.75, 1.3), random.uniform(0.85, 1.1)
        cast = ((1.0, 1.0, 1.0), (1.06, 1.0, 0.95), (0.94, 1.0, 1.05))
    colour = np.array(cast[int(random.integers(3))]) * tint
    levels = (np.arange(256, dtype=np.float32)[:, None] / 255) ** gamma * colour
    table = np.asarray(np.clip(levels, 0, 1) * 255, np.uint8)[None]
    return np.asarray(cv2.LUT(image, table), np.float32) / np.float32(255)


def lit(canvas: Canvas, centre: tuple[float, float], radius: float, strength: float) -> None:
    """Let a fire's light fall on what is around `centre` (pixels), in place."""
    height, width = canvas.shape[:2]
    nearness = _falloff(width, height, centre, radius) * np.float32(strength)
    # What is lit gives back its own colour; a little light also hangs in the air.
    for channel, (given_back, in_air) in enumerate(((0.25, 0.01), (1.1, 0.06), (2.4, 0.15))):
        plane = canvas[..., channel]
        plane *= 1 + np.float32(given_back) * nearness
        plane += np.float32(in_air) * nearness


def _falloff(width: int, height: int, centre: tuple[float, float], radius: float) -> Field:
    x = (np.arange(width, dtype=np.float32) - centre[0]) / radius
    y = (np.arange(height, dtype=np.float32) - centre[1]) / (0.8 * radius)
    return np.asarray(1 / (1 + (x[None] ** 2 + y[:, None] ** 2)) ** 1.5, np.float32)


def photographed(random: Random, canvas: Canvas, hour: Hour) -> Image:
    """What a cheap camera makes of the canvas: blur, shake, few pixels, grain."""
    canvas = np.clip(canvas, 0, 1)
    if random.random() < 0.25:
        canvas = _coarse(canvas, float(random.uniform(0.45, 0.85)))
    if random.random() < 0.15:
        canvas = _shaken(random, canvas)
    elif random.random() < 0.3:
        sigma = float(random.uniform(0.4, 1.1))
        canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), sigma), np.float32)
    sigma = float(random.uniform(0.0, 0.035 if hour == "night" else 0.015))
    # A quarter of the noise, tiled: fresh noise for each pixel is slow and looks no better.
    height, width = canvas.shape[:2]
    tile = random.standard_normal((height // 2 + 1, width // 2 + 1, 1), dtype=np.float32)
    grain = np.tile(tile, (2, 2, 1))[:height, :width] * np.float32(sigma)
    return np.asarray(np.clip((canvas + grain) * 255, 0, 255), np.uint8)


def _coarse(canvas: Canvas, share: float) -> Canvas:
    height, width = canvas.shape[:2]
    small_wh = round(width * share), round(height * share)
    small = cv2.resize(canvas, small_wh, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height)), np.float32)


def _shaken(random: Random, canvas: Canvas) -> Canvas:
    length = int(random.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    ends = (0, int(random.integers(length))), (length - 1, int(random.integers(length)))
    cv2.line(kernel, ends[0], ends[1], 1.0)
    if random.random() < 0.4:
        kernel = np.ascontiguousarray(kernel.T)
    return np.asarray(cv2.filter2D(canvas, -1, kernel / kernel.sum()), np.float32)
