"""The grain of a sensor over a whole clip: fresh for each picture, and cheaper than encoding it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.frame import Image

_FIELDS = 3
_ROOM = 128
"""A field is so many pixels larger than a picture, so that it can be laid over each elsewhere."""


class Grain:
    """A few fields of noise, of which each picture gets one, at a place of its own."""

    def __init__(self, size_wh: tuple[int, int], levels: float, seed: int) -> None:
        """`levels`: the standard deviation, in grey levels of 0-255."""
        self._random = np.random.default_rng(seed)
        self._size_wh = size_wh
        width, height = size_wh
        shape = (_FIELDS, height + _ROOM, width + _ROOM)
        noise = self._random.standard_normal(shape, dtype=np.float32) * np.float32(levels)
        self._fields = [_grey(np.rint(field).astype(np.int16)) for field in noise]

    def on(self, image: Image) -> Image:
        """A copy of the picture, (height, width, 3) uint8, with grain on it."""
        width, height = self._size_wh
        which, down, right = (int(n) for n in self._random.integers((_FIELDS, _ROOM, _ROOM)))
        field = self._fields[which][down : down + height, right : right + width]
        return np.asarray(cv2.add(image, field, dtype=cv2.CV_8U), np.uint8)


def _grey(field: NDArray[np.int16]) -> NDArray[np.int16]:
    """The same for each colour, (h, w, 3): a sensor's noise is mostly one of brightness."""
    return np.ascontiguousarray(np.repeat(field[..., None], 3, axis=2))
