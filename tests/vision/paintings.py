"""Painted pictures of a street, and looks at them: deterministic, with true textures and noise."""

from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np

from streams.frame import Image
from tests.vision.looks import SIZE_WH, Row, at, detections, patrol
from vision.incidents import IncidentMessage
from vision.look import Look

WIDTH, HEIGHT = 320, 180
Place = tuple[float, float, float, float]


def street(seed: int = 0) -> Image:
    """An empty street: asphalt with grain, a kerb, a wall with windows."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH, 3), 110, np.int16)
    picture[:50] = (95, 120, 140)
    for x in range(10, WIDTH - 20, 40):
        picture[10:35, x : x + 18] = (60, 50, 45)
    picture[50:56] = 160
    for x in range(0, WIDTH, 40):
        picture[118:121, x : x + 20] = 210
    picture += rng.integers(-6, 7, (HEIGHT, WIDTH, 1), np.int16)
    return np.asarray(picture.clip(0, 255), np.uint8)


def with_thing(picture: Image, place: Place, seed: int, *, parts: int = 40) -> Image:
    """A heap of coloured boxes and stripes within the place (frame units)."""
    rng = np.random.default_rng(seed)
    painted = picture.copy()
    x1, y1, x2, y2 = (round(v * s) for v, s in zip(place, (WIDTH, HEIGHT) * 2, strict=True))
    painted[y1:y2, x1:x2] = rng.integers(40, 220, 3)
    for _ in range(parts):
        x, y = rng.integers(x1, x2 - 3), rng.integers(y1, y2 - 3)
        w, h = rng.integers(3, max((x2 - x1) // 3, 4)), rng.integers(3, max((y2 - y1) // 3, 4))
        painted[y : min(y + h, y2), x : min(x + w, x2)] = rng.integers(20, 240, 3)
    return painted


def with_shadow(picture: Image, place: Place, depth: float = 0.5) -> Image:
    """The shadow of something outside the picture."""
    painted = picture.astype(np.float32)
    x1, y1, x2, y2 = (round(v * s) for v, s in zip(place, (WIDTH, HEIGHT) * 2, strict=True))
    painted[y1:y2, x1:x2] *= depth
    return np.asarray(painted, np.uint8)


def exposed(picture: Image, gain: float) -> Image:
    return np.asarray((picture.astype(np.float32) * gain).clip(0, 255), np.uint8)


def grainy(picture: Image, seed: int) -> Image:
    """The picture with the noise of a sensor."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 2.5, picture.shape)
    return np.asarray((picture + noise).clip(0, 255), np.uint8)


def turned(picture: Image, dx: int, dy: int) -> Image:
    """The picture of a camera that was turned."""
    place = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    moved = cv2.warpAffine(picture, place, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.uint8)


Shown = tuple[float, Image, Sequence[Row]]


def told_of(
    shown: Iterable[Shown], rules: dict[str, Any], zones: Iterable[dict[str, Any]] = ()
) -> list[tuple[float, IncidentMessage]]:
    """What a camera's patrol tells of pictures and boxes: (second, message)."""
    camera = patrol(rules, zones)
    told: list[tuple[float, IncidentMessage]] = []
    for seconds, picture, rows in shown:
        picture = grainy(picture, int(seconds * 10))
        look = Look("gate-1", at(seconds), detections(rows), SIZE_WH, picture)
        told += [(seconds, message) for message in camera.look(look)]
    return told


def opened_at(told: Sequence[tuple[float, IncidentMessage]]) -> list[float]:
    return [seconds for seconds, message in told if message.type.split(".")[2] == "opened"]
