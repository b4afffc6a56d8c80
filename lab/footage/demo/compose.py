"""What the demo does to single pictures: a view, the night, a sensor's grain, a caption."""

import cv2
import numpy as np

from streams.frame import Image

View = tuple[float, float, float, float]
"""A part of a picture: x1, y1, x2, y2 in 0-1."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_NIGHT_GAMMA = 1.7
_NIGHT_BGR = (0.55, 0.45, 0.38)
_LEVELS = np.arange(256, dtype=np.float32)[:, None] / 255
_NIGHT = np.asarray(255 * _LEVELS**_NIGHT_GAMMA * _NIGHT_BGR, np.uint8)[None]
"""What each level of each colour becomes at night, (1, 256, 3) uint8."""


def seen(image: Image, view: View, size_wh: tuple[int, int]) -> Image:
    """What a camera sees that shows only `view` of a picture, (height, width, 3) of `size_wh`."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (round(v * side) for v, side in zip(view, (width, height) * 2, strict=True))
    part = image[y1:y2, x1:x2]
    if (part.shape[1], part.shape[0]) == size_wh:
        return part
    how = cv2.INTER_AREA if part.shape[1] > size_wh[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, size_wh, interpolation=how), np.uint8)


class Sensor:
    """The grain of a camera's sensor: a few fields of noise, each time shifted and turned, since
    fresh noise for every picture costs more than encoding it."""

    _FIELDS = 4

    def __init__(self, size_wh: tuple[int, int], sigma: float, seed: int) -> None:
        """`sigma` in grey levels."""
        self._random = np.random.default_rng(seed)
        shape = (self._FIELDS, size_wh[1], size_wh[0])
        noise = self._random.standard_normal(shape, dtype=np.float32) * np.float32(sigma)
        self._fields = np.round(noise).astype(np.int16)

    def grainy(self, image: Image) -> Image:
        """A copy of the picture, (height, width, 3), with grain on it."""
        which, down, right, flip = (int(n) for n in self._random.integers((4, 97, 97, 2)))
        field = np.roll(self._fields[which], (down, right), axis=(0, 1))[:: 1 - 2 * flip]
        return np.asarray(np.clip(image + field[..., None], 0, 255), np.uint8)


def night(image: Image) -> Image:
    """The picture as a cheap camera has it at night: dark and bluish."""
    return np.asarray(cv2.LUT(image, _NIGHT), np.uint8)


def captioned(image: Image, text: str) -> Image:
    """A copy of the picture with `text` (ASCII) burnt in on a dark bar at its lower edge."""
    height, width = image.shape[:2]
    size = width / 768
    bar, thick = round(34 * size), max(round(2 * size), 1)
    copy = image.copy()
    copy[height - bar :] //= 4
    (text_w, text_h), _ = cv2.getTextSize(text, _FONT, 0.7 * size, thick)
    at = ((width - text_w) // 2, height - (bar - text_h) // 2)
    cv2.putText(copy, text, at, _FONT, 0.7 * size, (255, 255, 255), thick, cv2.LINE_AA)
    return copy
