"""What a small picture is compared by: shapes and colours, whatever the light.

A picture is kept as three planes: the logarithm of its brightness and two shares of colour. Rising
exposure adds a constant to the logarithm and leaves its gradient as it was; a white balance
that drifts moves the colour of the whole picture, which is taken out. So a cloud, an exposure step
and a lamp change nothing, while a heap of boxes brings edges that were not there.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import Floats
from streams.frame import Image

Planes = NDArray[np.float32]
"""(height, width, 3) float32: log brightness, share of red, share of blue."""
Cells = NDArray[np.float32]
"""One value per cell of the picture, (rows, columns) float32."""
CellMask = NDArray[np.bool_]
"""(rows, columns) bool."""

WIDTH_PX = 256
CELL_PX = 4
"""Pictures are 256 pixels wide and judged in cells of 4 x 4: 64 x 36 cells for 16:9. A stall of
1 % of the frame (§5.4) has 23 of them."""
EDGE_CHANGE = 0.6
"""Edges have changed when the difference of gradients is more than this share of the stronger
ones. Measured on standing streets: 0.1 to 0.3 from look to look; what appears makes 0.8 to 1."""
EDGE_FLOOR = 0.05
"""Gradients of the logarithm (per pixel) that are noise: a wall at night has 0.02 to 0.04."""
COLOUR_CHANGE = 0.035
"""Colour has changed when a share of red or blue moved by this (0-1). A shadow under a blue sky
moves it by 0.01 to 0.02."""
_DARK = 12.0  # grey levels added before the logarithm: below, sensors show noise
_BLUR_PX = 3


def planes_of(picture: Image, rows: int | None = None) -> Planes:
    """The planes of a picture (h, w, 3) uint8 BGR, scaled to whole cells: to so many `rows` of
    them if they are given, for a camera's second stream shows the same as its first in another
    shape."""
    height, width = picture.shape[:2]
    rows = rows or max(round(height / width * WIDTH_PX / CELL_PX), 2)
    small: Any = cv2.resize(picture, (WIDTH_PX, rows * CELL_PX), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (_BLUR_PX, _BLUR_PX), 0).astype(np.float32)
    blue, green, red = (np.asarray(plane, np.float32) for plane in cv2.split(small + _DARK))
    total = blue + green + red
    return np.asarray(cv2.merge([cv2.log(total), red / total, blue / total]), np.float32)


def balanced(newest: Planes, usual: Planes) -> Planes:
    """The newest planes with the change of brightness and colour that the whole picture shares
    taken out."""
    step = per_cell(newest - usual).reshape(-1, 3)
    shared = np.median(step.T.copy(), axis=1).astype(np.float32)
    return np.asarray(newest - shared, np.float32)


def change(one: Planes, other: Planes) -> Cells:
    """How different the cells of two pictures are: 1 and more is another thing."""
    strongest = np.maximum(edge_strength(one), edge_strength(other))
    edges = edge_strength(one - other) / (strongest + EDGE_FLOOR) / EDGE_CHANGE
    red, blue = cv2.split(np.abs(per_cell(one) - per_cell(other)))[1:]
    return np.asarray(np.maximum(edges, np.maximum(red, blue) / COLOUR_CHANGE), np.float32)


def edge_strength(planes: Planes) -> Cells:
    """How much of an edge there is in each cell: its mean gradient of the log brightness."""
    luma = np.ascontiguousarray(planes[..., 0])
    across, down = (cv2.Sobel(luma, cv2.CV_32F, dx, 1 - dx, scale=1 / 8) for dx in (1, 0))
    return np.asarray(_per_cell(np.abs(across) + np.abs(down)), np.float32)


def per_cell(planes: Planes) -> Planes:
    """The mean planes of each cell, (rows, columns, 3)."""
    return np.asarray(_per_cell(planes), np.float32)


def pixels(mask: CellMask) -> CellMask:
    """A mask of cells as one of pixels."""
    return mask.repeat(CELL_PX, axis=0).repeat(CELL_PX, axis=1)


def ground_below(planes: Planes, cells: CellMask) -> Planes:
    """A copy of the planes in which the cells show what is around them."""
    free = (~pixels(cells)).astype(np.float32)
    side = planes.shape[1] // 4 | 1
    weight = cv2.blur(free, (side, side), borderType=cv2.BORDER_CONSTANT)
    around = cv2.blur(planes * free[..., None], (side, side), borderType=cv2.BORDER_CONSTANT)
    drawn = around / np.maximum(weight, 1e-6)[..., None]
    return np.asarray(np.where(free[..., None] > 0, planes, drawn), np.float32)


def cells_under(boxes: Floats, shape: tuple[int, ...]) -> CellMask:
    """The cells that boxes (n, 4), frame units, touch."""
    rows, columns = shape[:2]
    mask = np.zeros((rows, columns), np.bool_)
    for x1, y1, x2, y2 in boxes * (columns, rows, columns, rows):
        mask[max(int(y1), 0) : int(np.ceil(y2)), max(int(x1), 0) : int(np.ceil(x2))] = True
    return mask


def centres(shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """The middles of all cells, x and y in frame units, each (rows * columns,) float32."""
    rows, columns = shape[:2]
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    return ((x + 0.5) / columns).ravel(), ((y + 0.5) / rows).ravel()


def _per_cell(values: Any) -> Any:
    height, width = values.shape[:2]
    size_wh = width // CELL_PX, height // CELL_PX
    return cv2.resize(values, size_wh, interpolation=cv2.INTER_AREA)
