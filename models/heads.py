"""Heads: how the raw output of each family of networks becomes boxes.

Each head reads the output of ONE picture and gives candidates in input pixels. Classes that are
not asked for are never looked at, and what is below the floor is dropped before anything else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from domain.errors import ModelShapeError
from models.detections import Floats, Ints
from models.entry import HeadKind
from models.letterbox import InputForm, SizeWH
from models.session import Shape

ULTRALYTICS_INPUT = InputForm(centred=True, rgb=True, scale=1 / 255)
YOLOX_INPUT = InputForm(centred=False, rgb=False, scale=1.0)
STRIDES = 8, 16, 32
BINS = 16
"""Into how many distances, of one stride each, a side of a box is spread."""


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


class Head(Protocol):
    """One family of networks."""

    form: InputForm
    needs_nms: bool
    layout: str
    """The output of one picture in words, for error messages."""
    output_shape: Shape
    """The same in numbers."""

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        """The candidates with a score of at least `floor`; of the class ids `wanted`, if given."""
        ...


class YoloV8Head:
    """YOLOv8 and YOLO11: (4 + classes, anchors) float32; rows are cx cy w h in input pixels and
    one score per class."""

    form = ULTRALYTICS_INPUT
    needs_nms = True
    layout = "4 + classes, anchors"

    def __init__(self, input_wh: SizeWH, classes: int) -> None:
        self.output_shape: Shape = (4 + classes, _cells(input_wh))

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        scores = output[4:] if wanted is None else output[4 + wanted]
        anchors = np.flatnonzero(scores.max(axis=0) >= floor)
        scores = scores[:, anchors]
        return Candidates(
            _corners(output[:4, anchors].T),
            scores.max(axis=0),
            _named(scores.argmax(axis=0), wanted),
        )


class YoloDflHead:
    """YOLOv8 and YOLO11 with the distances of a box's sides left as the network says them:
    (64 + classes, anchors) float32; rows are 16 logits for each of left, top, right, bottom, then
    one score per class.

    A side lies as far from its cell's centre as the mean of 0…15 strides under the softmax of its
    logits (distribution focal loss, Li et al. 2020, arXiv:2006.04388). In the graph that is
    computed for all anchors, a tenth of its time; here only for those that are candidates.
    """

    form = ULTRALYTICS_INPUT
    needs_nms = True
    layout = "64 + classes, anchors"

    def __init__(self, input_wh: SizeWH, classes: int) -> None:
        self.output_shape: Shape = (4 * BINS + classes, _cells(input_wh))
        cells_xy, self._strides = _anchors(input_wh)
        self._centres_xy = (cells_xy + np.float32(0.5)) * self._strides

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        scores = output[4 * BINS :] if wanted is None else output[4 * BINS + wanted]
        anchors = np.flatnonzero(scores.max(axis=0) >= floor)
        scores = scores[:, anchors]
        reach = _expected(output[: 4 * BINS, anchors]) * self._strides[anchors]
        centres = self._centres_xy[anchors]
        return Candidates(
            np.concatenate([centres - reach[:, :2], centres + reach[:, 2:]], axis=1),
            scores.max(axis=0),
            _named(scores.argmax(axis=0), wanted),
        )


class Yolo26Head:
    """End-to-end networks (YOLO26, or any export with its own NMS): (rows, 6) float32; columns are
    x1 y1 x2 y2 in input pixels, score, class."""

    form = ULTRALYTICS_INPUT
    needs_nms = False
    layout = "rows, 6"

    def __init__(self, input_wh: SizeWH, classes: int) -> None:
        self.output_shape: Shape = (None, 6)
        self._classes = classes

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        rows = output[output[:, 4] >= floor]
        rows = rows[np.argsort(-rows[:, 4], kind="stable")]
        class_ids = rows[:, 5].astype(np.int64)
        # The shape of the output does not tell the number of classes, so only a box can.
        if class_ids.size and class_ids.max() >= self._classes:
            raise ModelShapeError(
                f"expected class ids below {self._classes}, as there are labels, "
                f"got {class_ids.max()}; import the model again with all its labels"
            )
        kept = (
            np.arange(len(rows)) if wanted is None else np.flatnonzero(np.isin(class_ids, wanted))
        )
        return Candidates(rows[:, :4], rows[:, 4], class_ids)[kept]


class YoloXHead:
    """YOLOX: (cells, 5 + classes) float32; columns are the centre's offset in its cell and the
    logarithm of the size, both in strides, objectness, one score per class."""

    form = YOLOX_INPUT
    needs_nms = True
    layout = "cells, 5 + classes"

    def __init__(self, input_wh: SizeWH, classes: int) -> None:
        self.output_shape: Shape = (_cells(input_wh), 5 + classes)
        self._cells_xy, self._strides = _anchors(input_wh)

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        # A score is objectness × class ≤ objectness: most cells go before classes are read.
        rows = np.flatnonzero(output[:, 4] >= floor)
        classes = output[rows, 5:] if wanted is None else output[rows[:, None], 5 + wanted]
        scores = output[rows, 4] * classes.max(axis=1)
        sure = scores >= floor
        rows = rows[sure]
        strides = self._strides[rows]
        centres = (output[rows, :2] + self._cells_xy[rows]) * strides
        sizes = np.exp(output[rows, 2:4]) * strides
        return Candidates(
            _corners(np.concatenate([centres, sizes], axis=1)),
            scores[sure],
            _named(classes[sure].argmax(axis=1), wanted),
        )


HEADS: dict[HeadKind, Callable[[SizeWH, int], Head]] = {
    "yolov8": YoloV8Head,
    "yolo-dfl": YoloDflHead,
    "yolo26": Yolo26Head,
    "yolox": YoloXHead,
}


def head_for(kind: HeadKind, input_wh: SizeWH, labels: Sequence[str]) -> Head:
    return HEADS[kind](input_wh, len(labels))


def _corners(cxcywh: Floats) -> Floats:
    """Centre and size (n, 4) to corners (n, 4)."""
    half = cxcywh[:, 2:] / 2
    return np.concatenate([cxcywh[:, :2] - half, cxcywh[:, :2] + half], axis=1)


def _named(columns: Ints, wanted: Ints | None) -> Ints:
    """Positions among the classes asked for, as class ids."""
    return columns if wanted is None else wanted[columns]


def _expected(logits: Floats) -> Floats:
    """The mean bin of each side under its softmax: (64, n) float32 to (n, 4) float32."""
    sides = logits.reshape(4, BINS, -1)
    shares = np.exp(sides - sides.max(axis=1, keepdims=True))
    bins = np.arange(BINS, dtype=np.float32)[:, None]
    mean: Floats = (shares * bins).sum(axis=1) / shares.sum(axis=1)
    return mean.T


def _anchors(input_wh: SizeWH) -> tuple[Floats, Floats]:
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


def _cells(input_wh: SizeWH) -> int:
    """How many cells (anchors) the three strides make together."""
    return sum((input_wh[0] // stride) * (input_wh[1] // stride) for stride in STRIDES)
