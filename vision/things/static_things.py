"""Still things: connected cells of the ground that something stands on, and whether it is one."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import Floats
from vision.things.static_cells import CellMask, Planes, edge_strength, per_cell, pixels

THICK_CELLS = 3
"""A thing is at least this many cells thick somewhere: the edge of a shadow is not."""
RING_CELLS = 2
"""A place is compared with the ground this many cells around it."""
STANDS_OUT = 0.1
"""A thing stands out from its surroundings, and has edges, more than the ground below it: the sum
of the logarithms of both ratios is above this. Measured with 314 real things pasted into real
streets: 2 % of them fall below; of the places that they leave, 1 % lie above."""
LIGHT_STEP = 0.12
"""Pixels whose log brightness moved by less are the same."""
LIGHT_SPREAD = 0.12
"""Light and shadow move the log brightness of all their pixels alike: their deviation from the
middle stays below this; things have edges and colours of their own."""
DEEPEST_SHADOW = 1.2
"""No shadow takes more of the log brightness than this (70 % of the light)."""
ONE_SIGN = 0.9
"""… and darken, or lighten, nine of ten of the pixels that change at all."""
SAME_COLOUR = 0.025
"""Light leaves the shares of red and blue as they are, but for this."""
_LEAST = 1e-3  # a painted wall has no edge at all
_SCALES = np.array([0.5, 0.05, 0.05, 0.1], np.float32)
"""What counts as one step of log brightness, red, blue and edges."""


@dataclass(frozen=True, slots=True, eq=False)
class StillThing:
    """One thing that stands."""

    cells: CellMask
    xyxy: Floats
    """Its box (4,) float32, frame units."""
    since_s: float
    """When most of it had come to stand."""
    looks: int = 1
    """The looks since then that could tell, and those of them that saw it."""
    hits: int = 1

    @property
    def share(self) -> float:
        """The share 0-1 of the looks that saw it."""
        return self.hits / max(self.looks, 1)

    @property
    def area(self) -> float:
        """The share of the frame that it covers."""
        return float(self.cells.sum()) / self.cells.size


def parts_of(mask: CellMask, since_s: NDArray[np.float64]) -> list[StillThing]:
    """The things in a mask of cells, largest first. Gaps of one cell are closed, threads left."""
    if not mask.any():
        return []
    block = np.ones((3, 3), np.uint8)
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, block)
    count, numbers, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    core = cv2.erode(closed, block, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    things = []
    for number in sorted(range(1, count), key=lambda n: -int(stats[n, cv2.CC_STAT_AREA])):
        cells = np.asarray(numbers == number, np.bool_)
        if not core[cells].any():
            continue
        things.append(StillThing(cells, _box(cells), float(np.median(since_s[cells & mask]))))
    return things


def is_left_over(thing: StillThing, now: Planes, usual: Planes, taken: CellMask) -> bool:
    """Whether the ground shows now, and a thing was taken for ground before: what is there now
    is more like its surroundings, and smoother, than the background is."""
    ring = _ring(thing.cells, taken)
    if not ring.any():
        return False
    stands_out = [_stands_out(planes, thing.cells, ring) for planes in (now, usual)]
    edges = [float(edge_strength(p)[thing.cells].mean()) + _LEAST for p in (now, usual)]
    more = math.log(stands_out[0] / stands_out[1]) + math.log(edges[0] / edges[1])
    return more < STANDS_OUT


def came_from_light(thing: StillThing, now: Planes, usual: Planes) -> bool:
    """Whether only the brightness changed, and by one factor: a shadow, or sun on the ground."""
    where = pixels(thing.cells)
    step: Any = (now - usual)[where]
    moved = step[np.abs(step[:, 0]) > LIGHT_STEP]
    colour = float(np.abs(step[:, 1:]).mean(axis=0).max())
    if colour >= SAME_COLOUR:
        return False
    if len(moved) == 0:
        return True
    middle = float(np.median(moved[:, 0]))
    one_sign = float((np.sign(moved[:, 0]) == np.sign(middle)).mean())
    spread = float(np.median(np.abs(moved[:, 0] - middle)))
    alike = one_sign >= ONE_SIGN and spread < LIGHT_SPREAD
    return alike and abs(middle) < DEEPEST_SHADOW


def _box(cells: CellMask) -> Floats:
    rows, columns = np.nonzero(cells)
    height, width = cells.shape
    corners = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    return np.asarray(np.array(corners) / (width, height, width, height), np.float32)


def _ring(cells: CellMask, taken: CellMask) -> CellMask:
    side = 2 * RING_CELLS + 1
    wide = cv2.dilate(cells.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return np.asarray(wide & ~cells & ~taken, np.bool_)


def _stands_out(planes: Planes, cells: CellMask, ring: CellMask) -> float:
    """How much cells differ from the ring around them, in steps."""
    what = np.concatenate([per_cell(planes), edge_strength(planes)[..., None]], axis=2)
    usual = np.median(what[ring], axis=0)
    return float((np.abs(what[cells] - usual) / _SCALES).mean()) + _LEAST
