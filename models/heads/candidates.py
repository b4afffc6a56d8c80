"""Candidates: boxes as a network gave them, and the geometry that its heads share."""

from dataclasses import dataclass

import numpy as np

from models.detections import Floats, Ints
from models.letterbox import SizeWH

STRIDES = 8, 16, 32


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes as the network gave them.

    Attributes:
        xyxy: (n, 4) float32, corners in input pixels, may reach over the border.
        scores: (n,) float32, 0-1.
        class_ids: (n,) int64.
    """

    xyxy: Floats
    scores: Floats
    class_ids: Ints

    def __getitem__(self, rows: Ints) -> "Candidates":
        return Candidates(self.xyxy[rows], self.scores[rows], self.class_ids[rows])


def corners(cxcywh: Floats) -> Floats:
    """Centre and size (n, 4) to corners (n, 4)."""
    half = cxcywh[:, 2:] / 2
    return np.concatenate([cxcywh[:, :2] - half, cxcywh[:, :2] + half], axis=1)


def named(columns: Ints, wanted: Ints | None) -> Ints:
    """Positions among the classes asked for, as class ids."""
    return columns if wanted is None else wanted[columns]


def anchors(input_wh: SizeWH) -> tuple[Floats, Floats]:
    """All cells, stride by stride: (n, 2) float32 column, row, and (n, 1) float32 stride."""
    grids = [_grid(input_wh, stride) for stride in STRIDES]
    strides = np.repeat(np.array(STRIDES, np.float32), [len(grid) for grid in grids])
    return np.concatenate(grids), strides[:, None]


def _grid(input_wh: SizeWH, stride: int) -> Floats:
    """The cells of one stride, row by row: (n, 2) float32 column, row."""
    columns, rows = np.meshgrid(
        np.arange(input_wh[0] // stride), np.arange(input_wh[1] // stride), indexing="xy"
    )
    return np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float32)


def cells(input_wh: SizeWH) -> int:
    """How many cells (anchors) the three strides make together."""
    return sum((input_wh[0] // stride) * (input_wh[1] // stride) for stride in STRIDES)
