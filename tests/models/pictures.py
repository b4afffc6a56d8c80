"""Pictures with squares of pure colours, for the graphs of tests/models/graphs.py."""

import numpy as np

from models.letterbox import Image

RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)
"""BGR, as OpenCV has it."""


def square(
    x: int,
    y: int,
    colour: tuple[int, int, int] = RED,
    *,
    side: int = 8,
    size_wh: tuple[int, int] = (64, 64),
) -> Image:
    """A black picture with one square, its left top corner at x, y."""
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    image[y : y + side, x : x + side] = colour
    return image
