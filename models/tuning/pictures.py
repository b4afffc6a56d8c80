"""The pictures that ways to compute are compared on: a real square with people, by day and dark.

`square.jpg` is one picture of `vtest.avi`, of OpenCV's samples (Apache-2.0), scaled to 512×384:
the clip of which the demo's cameras are made. patrol-n sees some 15 things in it, sure and doubtful
ones.
"""

from pathlib import Path

import cv2
import numpy as np

from domain.errors import ModelMissing
from models.letterbox import Image, SizeWH

FILE = Path(__file__).with_name("square.jpg")
DARKER = 0.35
SMALLER = 0.5


def real_pictures(input_wh: SizeWH, file: Path = FILE) -> list[Image]:
    """Pictures (h, w, 3) uint8 BGR: the square, a dark one, one from its other side, and a coarse
    one. They are as large as the network's input, so that none is trimmed by one way and padded by
    another (docs/decisions/). Raises ModelMissing."""
    read = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if read is None:
        raise ModelMissing(f"{file}: expected the picture that came with the program, found none")
    square = _filling(np.asarray(read, np.uint8), input_wh)
    coarse = cv2.resize(square, None, fx=SMALLER, fy=SMALLER, interpolation=cv2.INTER_AREA)
    dark = (square * DARKER).astype(np.uint8)
    mirrored = np.ascontiguousarray(square[:, ::-1])
    return [square, dark, mirrored, np.asarray(cv2.resize(coarse, input_wh), np.uint8)]


def _filling(image: Image, size_wh: SizeWH) -> Image:
    """The middle of a picture, scaled to fill a size."""
    height, width = image.shape[:2]
    scale = min(width / size_wh[0], height / size_wh[1])
    wide, high = (max(1, round(side * scale)) for side in size_wh)
    left, top = (width - wide) // 2, (height - high) // 2
    middle = image[top : top + high, left : left + wide]
    return np.asarray(cv2.resize(middle, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)
