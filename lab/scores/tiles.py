"""A picture looked at in tiles 分块: small things get more pixels, at the price of more looks."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.detections import Detections, Floats
from models.letterbox import Image

SHARED = 0.2
"""Share of a tile that the next one sees too, so that what a border cuts is whole in one."""
SAME = 0.6
"""Two boxes of one class are one thing if this share of the smaller lies in the other."""


class Tile(NamedTuple):
    """A part of a picture, in frame units."""

    x1: float
    y1: float
    x2: float
    y2: float


def tiles_of(size_wh: tuple[int, int], input_wh: tuple[int, int], count: int) -> tuple[Tile, ...]:
    """`count` parts that overlap: one above the other in a picture taller than the network's
    input is, in proportion, else side by side."""
    extent = 1 / (count - (count - 1) * SHARED)
    starts = [i * extent * (1 - SHARED) for i in range(count)]
    stacked = size_wh[1] * input_wh[0] > size_wh[0] * input_wh[1]
    if stacked:
        return tuple(Tile(0.0, start, 1.0, min(start + extent, 1.0)) for start in starts)
    return tuple(Tile(start, 0.0, min(start + extent, 1.0), 1.0) for start in starts)


def cut(image: Image, tile: Tile) -> Image:
    """The tile's pixels of a picture (h, w, 3)."""
    height, width = image.shape[:2]
    x1, x2 = round(tile.x1 * width), round(tile.x2 * width)
    y1, y2 = round(tile.y1 * height), round(tile.y2 * height)
    return np.ascontiguousarray(image[y1:y2, x1:x2])


def joined(tiles: Sequence[Tile], seen: Sequence[Detections]) -> Detections:
    """What was seen in the tiles, in units of the whole frame, each thing once."""
    boxes = [_in_frame(tile, one) for tile, one in zip(tiles, seen, strict=True)]
    together = Detections.joined(boxes)
    return _each_once(together[np.argsort(-together.scores, kind="stable")])


def _each_once(seen: Detections) -> Detections:
    """Without the boxes that lie in a surer one of their class, or it in them."""
    kept = np.ones(len(seen), np.bool_)
    for row in range(len(seen)):
        if kept[row]:
            same = seen.class_ids == seen.class_ids[row]
            same[: row + 1] = False
            kept &= ~(same & (_shared(seen.xyxy[row], seen.xyxy) >= SAME))
    return seen[kept]


def _shared(box: Floats, boxes: Floats) -> Floats:
    """Intersection of a box (4,) with each of `boxes` (n, 4) over the smaller: (n,) float32."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    smaller = np.minimum(area, np.prod(box[2:] - box[:2]))
    return np.asarray(np.prod(np.maximum(sides, 0), axis=1) / np.maximum(smaller, 1e-12), "f4")


def _in_frame(tile: Tile, seen: Detections) -> Detections:
    size = np.array([tile.x2 - tile.x1, tile.y2 - tile.y1] * 2, np.float32)
    start = np.array([tile.x1, tile.y1] * 2, np.float32)
    return Detections(seen.xyxy * size + start, seen.scores, seen.class_ids, seen.labels)
