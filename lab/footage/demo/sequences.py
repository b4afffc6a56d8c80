"""Composed sequences for the second look: what burns, and what only looks like it in one picture.

Each is a function of a size and a row of times that paints one picture for each time. Nothing in
them was filmed, so they may be carried, and every kind can be made harder at will.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from domain.geometry import Box
from lab.footage.demo.fire import STEP_S, Fire
from lab.footage.demo.painter import HEATS, LIGHTS_BGR
from streams.frame import Image
from vision.second_look.footage import Crop, region_around

SIZE_WH = (640, 360)
BOX = Box(x1=0.40, y1=0.35, x2=0.60, y2=0.75)
"""Where a detector would have seen it."""
_WARM_UP_S = 2.0

Paint = Callable[[Image, float], Image]
"""Paints what is there at a time into a copy of the background."""


@dataclass(frozen=True)
class Scenario:
    """One kind of sequence: its name, what it is, and how it is painted."""

    name: str
    kind: str
    """``flame``, ``smoke`` or ``neither``."""
    make: Callable[[int], Paint]
    """From a seed to a painter whose times must not go back."""
    camera: Callable[[Image, float], Image] | None = None
    """What the camera does to the whole picture."""


def crops_of(scenario: Scenario, times_s: Sequence[float], seed: int = 0) -> list[Crop]:
    """The crops that a second look at `BOX` gets, with a sensor's grain on them."""
    random = np.random.default_rng(seed)
    background, paint = _background(seed), scenario.make(seed)
    x1, y1, x2, y2 = _pixels(region_around(BOX))
    crops: list[Crop] = []
    for at_s in times_s:
        image = paint(background, at_s)
        if scenario.camera is not None:
            image = scenario.camera(image, at_s)
        grain = random.normal(0, 1.5, image.shape)
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
        crops.append(Crop(at_s, image[y1:y2, x1:x2]))
    return crops


class _Gas:
    """A composed fire that has been burning for a while."""

    def __init__(self, fire: Fire) -> None:
        self._fire = fire
        self._now_s = -_WARM_UP_S

    def at(self, at_s: float) -> Fire:
        """The gas as it is at a time, which must not go back."""
        while self._now_s < at_s:
            self._fire.step(1.0)
            self._now_s += STEP_S
        return self._fire


def _pixels(box: Box) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = (round(v * side) for v, side in zip(box.xyxy, SIZE_WH * 2, strict=True))
    return x1, y1, x2, y2


def _background(seed: int) -> Image:
    """A street of sorts: soft patches with hard edges, dim to bright by seed."""
    random = np.random.default_rng(1000 + seed)
    image = np.full((SIZE_WH[1], SIZE_WH[0], 3), random.integers(35, 120), np.uint8)
    for _ in range(40):
        x, y = int(random.integers(0, SIZE_WH[0])), int(random.integers(0, SIZE_WH[1]))
        width, height = (int(side) for side in random.integers(10, 120, 2))
        grey = int(random.integers(20, 170))
        cv2.rectangle(image, (x, y), (x + width, y + height), (grey, grey, grey), -1)
    return np.asarray(cv2.GaussianBlur(image, (3, 3), 0), np.uint8)


def _flame(seed: int) -> Paint:
    """The gas of the composed fire, small, seen by its own light."""
    gas = _Gas(Fire((96, 120), seat_w=40, seat_at=(0.5, 0.93), seed=seed + 7))
    x1, y1, x2, y2 = _pixels(Box(x1=0.38, y1=0.3, x2=0.62, y2=0.75))

    def painted(image: Image, at_s: float) -> Image:
        heat = np.maximum(cv2.resize(gas.at(at_s).heat, (x2 - x1, y2 - y1)), 0)
        light = 255 * np.stack([np.interp(heat, HEATS, channel) for channel in LIGHTS_BGR.T], 2)
        cover = np.minimum(heat * 2.2, 0.95)[..., None]
        copy = image.copy()
        copy[y1:y2, x1:x2] = np.clip(copy[y1:y2, x1:x2] * (1 - cover) + light, 0, 255)
        return copy

    return painted


def _grey_flame(seed: int) -> Paint:
    paint = _flame(seed)

    def painted(image: Image, at_s: float) -> Image:
        grey = cv2.cvtColor(paint(image, at_s), cv2.COLOR_BGR2GRAY)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)

    return painted


def _smoke(seed: int) -> Paint:
    """Smoke without flames: the gas of the composed fire, seen by its smoke alone."""
    gas = _Gas(Fire((64, 72), seat_w=30, seat_at=(0.5, 0.9), seed=seed + 3))
    x1, y1, x2, y2 = _pixels(Box(x1=0.35, y1=0.15, x2=0.65, y2=0.75))

    def painted(image: Image, at_s: float) -> Image:
        cover = 0.9 - 0.9 * np.exp(-2.0 * gas.at(at_s).smoke)
        cover = cv2.resize(cover, (x2 - x1, y2 - y1))[..., None]
        copy = image.copy()
        copy[y1:y2, x1:x2] = copy[y1:y2, x1:x2] * (1 - cover) + 175 * cover
        return copy

    return painted


def _light(level: Callable[[float], float], bgr: tuple[int, int, int] = (40, 150, 255)) -> Paint:
    """A lamp with its halo whose brightness is a function of time, 0-1."""
    x1, y1, x2, y2 = _pixels(BOX)
    y, x = np.mgrid[0 : SIZE_WH[1], 0 : SIZE_WH[0]]
    distance = np.hypot((x - (x1 + x2) / 2) / (x2 - x1), (y - (y1 + y2) / 2) / (y2 - y1))
    glow = np.clip(1.6 - 3.2 * distance, 0, 1).astype(np.float32)[..., None]

    def painted(image: Image, at_s: float) -> Image:
        light = glow * level(at_s) * np.array(bgr) * 1.4
        return np.asarray(np.clip(image + light, 0, 255), np.uint8)

    return painted


def _chaser(seed: int) -> Paint:
    """Rows of bulbs that take turns, as around a sign."""
    x1, y1, x2, y2 = _pixels(BOX)
    hz = 1.0 + 0.5 * (seed % 4)

    def painted(image: Image, at_s: float) -> Image:
        copy = image.copy()
        cv2.rectangle(copy, (x1 + 12, y1 + 12), (x2 - 12, y2 - 12), (30, 60, 230), -1)
        for i, x in enumerate(range(x1 + 8, x2, 14)):
            for j, y in enumerate(range(y1 + 8, y2, 14)):
                if (i + j + int(at_s * hz * 3)) % 3 == 0:
                    cv2.circle(copy, (x, y), 5, (90, 200, 255), -1)
        return copy

    return painted


def _vest(seed: int) -> Paint:
    """A worker in an orange vest who stands and sways, arms moving."""
    x1, y1, x2, y2 = _pixels(BOX)
    middle = (x1 + x2) // 2

    def painted(image: Image, at_s: float) -> Image:
        copy = image.copy()
        x = middle + round(10 * np.sin(1.3 * at_s + seed))
        arm = round(14 * np.sin(4.0 * at_s + seed))
        cv2.rectangle(copy, (x - 24, y1 + 30), (x + 24, y2 - 40), (30, 110, 245), -1)
        cv2.rectangle(copy, (x - 24, y1 + 60), (x + 24, y1 + 70), (190, 215, 215), -1)
        cv2.line(copy, (x + 24, y1 + 40), (x + 44, y1 + 70 + arm), (30, 110, 245), 9)
        cv2.circle(copy, (x, y1 + 16), 12, (120, 150, 190), -1)
        return copy

    return painted


def _tail_lights(seed: int) -> Paint:
    """Two red lights that drive through the box."""
    x1, y1, _, y2 = _pixels(BOX)

    def painted(image: Image, at_s: float) -> Image:
        copy = image.copy()
        x = x1 - 40 + round((60 + 10 * (seed % 5)) * (at_s % 4))
        for dx in (0, 46):
            cv2.circle(copy, (x + dx, (y1 + y2) // 2), 11, (60, 70, 255), -1)
            cv2.circle(copy, (x + dx, (y1 + y2) // 2), 6, (190, 200, 255), -1)
        return copy

    return painted


def _passer_by(seed: int) -> Paint:
    """A grey van that crosses the box once."""
    x1, y1, _, y2 = _pixels(BOX)

    def painted(image: Image, at_s: float) -> Image:
        copy = image.copy()
        x = x1 - 150 + round((110 + 15 * (seed % 4)) * at_s)
        cv2.rectangle(copy, (x, y1 + 10), (x + 120, y2 - 10), (150, 150, 150), -1)
        cv2.rectangle(copy, (x + 85, y1 + 25), (x + 112, y1 + 60), (60, 60, 60), -1)
        return copy

    return painted


def _fog(_seed: int) -> Paint:
    """Grey without change, as of fog or a bright wall."""
    x1, y1, x2, y2 = _pixels(BOX)
    veil = np.zeros((SIZE_WH[1], SIZE_WH[0], 1), np.float32)
    veil[y1:y2, x1:x2] = 0.7
    soft = np.asarray(cv2.GaussianBlur(veil, (0, 0), 20))[..., None]
    return lambda image, _at_s: np.asarray(image * (1 - soft) + 190 * soft, np.uint8)


def _exposure(image: Image, at_s: float) -> Image:
    """Everything becomes brighter and darker, as under lamps on alternating current."""
    swing = 1 + 0.25 * np.sin(2 * np.pi * 2.3 * at_s)
    return np.asarray(np.clip(image * swing, 0, 255), np.uint8)


def _shaking(image: Image, at_s: float) -> Image:
    """A mast in the wind."""
    dx, dy = 2.5 * np.sin(2 * np.pi * 1.7 * at_s), 1.5 * np.sin(2 * np.pi * 2.6 * at_s + 1)
    place = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    moved = cv2.warpAffine(image, place, SIZE_WH, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _steady(_seed: int) -> Paint:
    return _light(lambda _at_s: 1.0)


def _blinking(seed: int) -> Paint:
    return _light(lambda at_s: float((at_s * (0.8 + 0.6 * (seed % 4))) % 1 < 0.5))


def _pulsing(seed: int) -> Paint:
    return _light(lambda at_s: 0.6 + 0.4 * float(np.sin(2 * np.pi * (1 + seed % 3) * at_s)))


SCENARIOS = (
    Scenario("flame", "flame", _flame),
    Scenario("flame, shaking camera", "flame", _flame, _shaking),
    Scenario("flame without colour", "flame", _grey_flame),
    Scenario("drifting smoke", "smoke", _smoke),
    Scenario("steady lamp", "neither", _steady),
    Scenario("lamp, brightness of all changes", "neither", _steady, _exposure),
    Scenario("lamp, shaking camera", "neither", _steady, _shaking),
    Scenario("blinking neon", "neither", _blinking),
    Scenario("pulsing light", "neither", _pulsing),
    Scenario("chasing bulbs", "neither", _chaser),
    Scenario("moving vest", "neither", _vest),
    Scenario("tail lights", "neither", _tail_lights),
    Scenario("passing van", "neither", _passer_by),
    Scenario("fog", "neither", _fog),
)
