"""What scenarios are drawn of: a street, and the things that come into it. Boxes are x1 y1 x2 y2 in
frame units, pictures (height, width, 3) uint8 BGR."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from streams.frame import Image

SIZE_WH = (480, 270)
Place = tuple[float, float, float, float]
Colour = tuple[int, int, int]
Draw = Callable[[Image, Place, Colour], None]
"""Draws a thing into the picture so that it fills the place."""

KERB_Y, MIDDLE_Y, NEAR_Y = 0.42, 0.64, 0.88
"""The far kerb, the line between the lanes, and the near kerb."""
PAINTS: tuple[Colour, ...] = (
    (200, 200, 205), (60, 50, 45), (150, 60, 40), (40, 40, 150), (90, 120, 90), (120, 115, 110),
)  # fmt: skip


def street(seed: int) -> Image:
    """An empty street: houses with windows, a pavement, two lanes, a near pavement."""
    random = np.random.default_rng(seed)
    width, height = SIZE_WH
    image = np.full((height, width, 3), (215, 205, 195), np.uint8)
    _houses(random, image)
    kerb, middle, near = (round(y * height) for y in (KERB_Y, MIDDLE_Y, NEAR_Y))
    pavement = round(0.33 * height)
    image[pavement:kerb] = (150, 155, 158)
    image[kerb:near] = (96, 94, 92)
    image[near:] = (140, 146, 150)
    for y in (kerb, near):
        image[y - 2 : y + 2] = (185, 188, 190)
    for x in range(0, width, 48):
        image[middle - 2 : middle + 1, x : x + 26] = (225, 225, 225)
    for x in range(0, width, 30):
        cv2.line(image, (x, pavement), (x - 12, kerb), (135, 140, 143), 1)
        cv2.line(image, (x, near), (x - 30, height), (125, 131, 135), 1)
    rough = random.normal(0, 5, (height, width, 1))
    return np.asarray(
        np.clip(image + cv2.GaussianBlur(rough, (3, 3), 0)[..., None], 0, 255), np.uint8
    )


def _houses(random: np.random.Generator, image: Image) -> None:
    x, width, foot = 0, SIZE_WH[0], round(0.33 * SIZE_WH[1])
    while x < width:
        wide = int(random.integers(50, 110))
        wall = tuple(int(v) for v in random.integers(110, 200, 3))
        top = int(random.integers(0, 30))
        cv2.rectangle(image, (x, top), (x + wide, foot), wall, -1)
        for row in range(top + 10, foot - 22, 24):
            for column in range(x + 8, x + wide - 14, 22):
                cv2.rectangle(image, (column, row), (column + 11, row + 14), (70, 60, 52), -1)
        sign = tuple(int(v) for v in random.integers(60, 200, 3))
        cv2.rectangle(image, (x + 4, foot - 18), (x + wide - 6, foot - 8), sign, -1)
        x += wide + 2


@dataclass(frozen=True, slots=True)
class _Pixels:
    """A place in pixels, and points within it by shares of its sides."""

    x1: float
    y1: float
    width: float
    height: float

    @classmethod
    def of(cls, image: Image, place: Place) -> "_Pixels":
        high, wide = image.shape[:2]
        x1, y1, x2, y2 = place
        return cls(x1 * wide, y1 * high, (x2 - x1) * wide, (y2 - y1) * high)

    def at(self, x: float, y: float) -> tuple[int, int]:
        return round(self.x1 + x * self.width), round(self.y1 + y * self.height)

    def polygon(self, *points: tuple[float, float]) -> np.ndarray:
        return np.array([self.at(*point) for point in points], np.int32)


def car(image: Image, place: Place, colour: Colour) -> None:
    """A saloon from the side."""
    at = _Pixels.of(image, place)
    dark = _shade(colour, 0.4)
    _shadow_below(image, at)
    roof = at.polygon((0.14, 0.42), (0.27, 0.03), (0.70, 0.0), (0.88, 0.42))
    cv2.fillPoly(image, [roof], _shade(colour, 0.85), cv2.LINE_AA)
    glass = at.polygon((0.20, 0.42), (0.30, 0.1), (0.67, 0.08), (0.80, 0.42))
    cv2.fillPoly(image, [glass], (58, 50, 44), cv2.LINE_AA)
    cv2.rectangle(image, at.at(0.0, 0.40), at.at(1.0, 0.86), colour, -1)
    cv2.line(image, at.at(0.48, 0.1), at.at(0.48, 0.84), dark, 1)
    _wheels(image, at, (0.2, 0.8), 0.16)


def van(image: Image, place: Place, colour: Colour) -> None:
    """A delivery van from the side."""
    at = _Pixels.of(image, place)
    _shadow_below(image, at)
    body = at.polygon((0.0, 0.0), (0.78, 0.0), (0.98, 0.42), (1.0, 0.86), (0.0, 0.86))
    cv2.fillPoly(image, [body], colour, cv2.LINE_AA)
    glass = at.polygon((0.72, 0.1), (0.79, 0.1), (0.93, 0.42), (0.72, 0.42))
    cv2.fillPoly(image, [glass], (58, 50, 44), cv2.LINE_AA)
    cv2.rectangle(image, at.at(0.1, 0.25), at.at(0.55, 0.42), _shade(colour, 0.6), -1)
    cv2.line(image, at.at(0.62, 0.04), at.at(0.62, 0.84), _shade(colour, 0.5), 1)
    _wheels(image, at, (0.18, 0.82), 0.13)


def bus(image: Image, place: Place, colour: Colour) -> None:
    """A town bus from the side."""
    at = _Pixels.of(image, place)
    _shadow_below(image, at)
    cv2.rectangle(image, at.at(0, 0), at.at(1, 0.9), colour, -1)
    for n in range(7):
        cv2.rectangle(image, at.at(0.04 + 0.135 * n, 0.12), at.at(0.15 + 0.135 * n, 0.45),
                      (70, 62, 55), -1)  # fmt: skip
    cv2.rectangle(image, at.at(0, 0.55), at.at(1, 0.62), (230, 230, 230), -1)
    _wheels(image, at, (0.15, 0.8), 0.1)


def person(image: Image, place: Place, colour: Colour) -> None:
    """Somebody who stands or walks."""
    at = _Pixels.of(image, place)
    cv2.rectangle(image, at.at(0.25, 0.52), at.at(0.75, 1.0), (60, 52, 48), -1)
    cv2.rectangle(image, at.at(0.12, 0.18), at.at(0.88, 0.58), colour, -1)
    radius = max(round(0.1 * at.height), 1)
    cv2.circle(image, at.at(0.5, 0.09), radius, (120, 150, 190), -1, cv2.LINE_AA)


def table(image: Image, place: Place, colour: Colour) -> None:
    """A table with boxes of goods on it and below."""
    at = _Pixels.of(image, place)
    cv2.rectangle(image, at.at(0, 0.35), at.at(1, 0.5), (70, 110, 150), -1)
    for x in (0.06, 0.9):
        cv2.rectangle(image, at.at(x, 0.5), at.at(x + 0.04, 1.0), (60, 90, 120), -1)
    for n in range(5):
        goods = (30 + 45 * n, 200 - 30 * n, 90 + 30 * n)
        cv2.rectangle(image, at.at(0.05 + 0.19 * n, 0.05), at.at(0.19 + 0.19 * n, 0.34), goods, -1)
    cv2.rectangle(image, at.at(0.2, 0.62), at.at(0.8, 0.98), colour, -1)


def umbrella(image: Image, place: Place, colour: Colour) -> None:
    """A market umbrella on its pole."""
    at = _Pixels.of(image, place)
    cv2.line(image, at.at(0.5, 0.1), at.at(0.5, 1.0), (90, 90, 90), 2)
    for n in range(6):
        slice_ = at.polygon((n / 6, 0.36), ((n + 1) / 6, 0.36), (0.5, 0.0))
        tone = colour if n % 2 else (235, 235, 235)
        cv2.fillPoly(image, [slice_], tone, cv2.LINE_AA)


def heap(image: Image, place: Place, colour: Colour) -> None:
    """Crates and sacks, one on another."""
    at = _Pixels.of(image, place)
    for n in range(12):
        x, y = (n * 0.37) % 0.75, 0.7 - 0.22 * (n % 4)
        tone = _shade(colour, 0.6 + 0.1 * (n % 6))
        cv2.rectangle(image, at.at(x, max(y, 0)), at.at(x + 0.25, min(y + 0.3, 1)), tone, -1)


def _shadow_below(image: Image, at: _Pixels) -> None:
    cv2.ellipse(image, at.at(0.5, 0.95), (round(at.width * 0.5), max(round(at.height * 0.07), 1)),
                0, 0, 360, (55, 54, 53), -1, cv2.LINE_AA)  # fmt: skip


def _wheels(image: Image, at: _Pixels, places: tuple[float, ...], size: float) -> None:
    for x in places:
        radius = max(round(size * at.height), 2)
        cv2.circle(image, at.at(x, 0.86), radius, (28, 28, 28), -1, cv2.LINE_AA)
        cv2.circle(image, at.at(x, 0.86), max(radius // 2, 1), (120, 120, 120), -1, cv2.LINE_AA)


def _shade(colour: Colour, by: float) -> Colour:
    blue, green, red = (round(value * by) for value in colour)
    return blue, green, red
