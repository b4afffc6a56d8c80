"""Heads: how the raw output of each family of networks becomes boxes.

Each head reads the output of ONE picture and gives candidates in input pixels. Classes that are
not asked for are never looked at, and what is below the floor is dropped before anything else.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from models.catalogue.entry import BoxUnit, HeadKind
from models.detections import Floats, Ints
from models.heads.candidates import Candidates, anchors, cells, corners, named
from models.heads.end_to_end_heads import RtDetrHead, Yolo26Head
from models.heads.input_forms import ULTRALYTICS_INPUT, YOLOX_INPUT
from models.letterbox import InputForm, SizeWH
from models.sessions.graph import Shape

BINS = 16
"""Into how many distances, of one stride each, a side of a box is spread."""
ROWS_PER_CELL = 3
"""YOLOv5 looks at each cell with three shapes of boxes in mind."""


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
        self.output_shape: Shape = (4 + classes, cells(input_wh))

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        scores = output[4:] if wanted is None else output[4 + wanted]
        best = scores.max(axis=0)
        anchors = np.flatnonzero(best >= floor)
        return Candidates(
            corners(output[:4, anchors].T),
            best[anchors],
            named(scores[:, anchors].argmax(axis=0), wanted),
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
        self.output_shape: Shape = (4 * BINS + classes, cells(input_wh))
        cells_xy, self._strides = anchors(input_wh)
        self._centres_xy = (cells_xy + np.float32(0.5)) * self._strides

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        scores = output[4 * BINS :] if wanted is None else output[4 * BINS + wanted]
        best = scores.max(axis=0)
        anchors = np.flatnonzero(best >= floor)
        reach = _expected(output[: 4 * BINS, anchors]) * self._strides[anchors]
        centres = self._centres_xy[anchors]
        return Candidates(
            np.concatenate([centres - reach[:, :2], centres + reach[:, 2:]], axis=1),
            best[anchors],
            named(scores[:, anchors].argmax(axis=0), wanted),
        )


class YoloV5Head:
    """YOLOv5 and YOLOv7 with their decoding: (rows, 5 + classes) float32, three rows a cell;
    columns are cx cy w h in input pixels, objectness, one score per class."""

    form = ULTRALYTICS_INPUT
    needs_nms = True
    layout = "3 × cells, 5 + classes"

    def __init__(self, input_wh: SizeWH, classes: int) -> None:
        self.output_shape: Shape = (ROWS_PER_CELL * cells(input_wh), 5 + classes)

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        rows, scores, class_ids = _sure_rows(output, floor, wanted)
        return Candidates(corners(output[rows, :4]), scores, class_ids)


class YoloXHead:
    """YOLOX: (cells, 5 + classes) float32; columns are the centre's offset in its cell and the
    logarithm of the size, both in strides, objectness, one score per class."""

    form = YOLOX_INPUT
    needs_nms = True
    layout = "cells, 5 + classes"

    def __init__(self, input_wh: SizeWH, classes: int) -> None:
        self.output_shape: Shape = (cells(input_wh), 5 + classes)
        self._cells_xy, self._strides = anchors(input_wh)

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        rows, scores, class_ids = _sure_rows(output, floor, wanted)
        strides = self._strides[rows]
        centres = (output[rows, :2] + self._cells_xy[rows]) * strides
        sizes = np.exp(output[rows, 2:4]) * strides
        return Candidates(corners(np.concatenate([centres, sizes], axis=1)), scores, class_ids)


class UnitBoxes:
    """A head whose network gives boxes in 0-1 of its input instead of pixels."""

    def __init__(self, head: Head, input_wh: SizeWH) -> None:
        self._head = head
        self._scale = np.array(input_wh * 2, np.float32)
        self.form, self.needs_nms = head.form, head.needs_nms
        self.layout, self.output_shape = f"{head.layout}, boxes in 0-1", head.output_shape

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        found = self._head.decode(output, floor, wanted)
        return Candidates(found.xyxy * self._scale, found.scores, found.class_ids)


HEADS: dict[HeadKind, Callable[[SizeWH, int], Head]] = {
    "yolov8": YoloV8Head,
    "yolo-dfl": YoloDflHead,
    "yolo26": Yolo26Head,
    "yolov5": YoloV5Head,
    "rtdetr": RtDetrHead,
    "yolox": YoloXHead,
}


def head_for(
    kind: HeadKind, input_wh: SizeWH, labels: Sequence[str], boxes: BoxUnit = "pixels"
) -> Head:
    head = HEADS[kind](input_wh, len(labels))
    return head if boxes == "pixels" else UnitBoxes(head, input_wh)


def _sure_rows(output: Floats, floor: float, wanted: Ints | None) -> tuple[Ints, Floats, Ints]:
    """Of an output (rows, 5 + classes) the rows with a score of at least `floor`: their numbers,
    scores and class ids, each (n,). A score is objectness × class ≤ objectness: most rows go
    before classes are read."""
    rows = np.flatnonzero(output[:, 4] >= floor)
    classes = output[rows, 5:] if wanted is None else output[rows[:, None], 5 + wanted]
    scores = output[rows, 4] * classes.max(axis=1)
    sure = scores >= floor
    return rows[sure], scores[sure], named(classes[sure].argmax(axis=1), wanted)


def _expected(logits: Floats) -> Floats:
    """The mean bin of each side under its softmax: (64, n) float32 to (n, 4) float32."""
    sides = logits.reshape(4, BINS, -1)
    shares = np.exp(sides - sides.max(axis=1, keepdims=True))
    bins = np.arange(BINS, dtype=np.float32)[:, None]
    mean: Floats = (shares * bins).sum(axis=1) / shares.sum(axis=1)
    return mean.T
