"""Whether the values a network gives are those that a head expects.

Shapes prove little: rows of six columns are corners, score and class; or centre, size and two
scores; or centre, size, objectness and one score. What the columns hold tells them apart.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from models.catalogue.entry import BoxUnit, HeadKind
from models.detections import Floats
from models.heads.families import BINS
from models.letterbox import SizeWH

SLACK = 1e-3
"""By so much a score may leave 0-1, and a class number a whole one."""
UNIT_REACH = 2.0
"""Boxes of 0-1 reach over the border, but not by a whole picture; boxes of pixels reach further."""
PIXEL_REACH = 8.0
"""Input sizes that a box of pixels may reach at most; beyond them it counts something else."""
MOSTLY = 0.9
"""A share of rows that is taken for all of them: a network's worst guesses may be anything."""
RAW_OFFSET = 16.0
"""YOLOX's raw centres lie some cells from their own at most; decoded ones anywhere in the input."""


class Verdict(NamedTuple):
    """What the values say of a head."""

    doubt: str = ""
    """Why they are not that head's; empty if they may be."""
    boxes: BoxUnit = "pixels"
    proven: bool = True
    """False if there was nothing to judge by."""


def judge(kind: HeadKind, outputs: Floats, input_wh: SizeWH, classes: int) -> Verdict:
    """Judge the outputs of some pictures (n, *head.output_shape) float32."""
    doubts = list(_doubts(kind, outputs, classes))
    boxes = _boxes(kind, outputs)
    if doubts or kind in ("yolo-dfl", "yolox"):
        return Verdict(doubts[0] if doubts else "")
    if not len(boxes):
        return Verdict(proven=False)
    reach = float(np.abs(boxes).max())
    if kind == "rtdetr":
        too_far = f"its boxes reach to {reach:g}, expected 0 to 1"
        return Verdict(too_far if reach > UNIT_REACH else "")
    if reach > PIXEL_REACH * max(input_wh):
        return Verdict(f"its boxes reach to {reach:g} in an input of {input_wh[0]} × {input_wh[1]}")
    return Verdict(boxes="unit" if reach <= UNIT_REACH else "pixels")


def _doubts(kind: HeadKind, outputs: Floats, classes: int) -> Iterator[str]:
    boxes = _boxes(kind, outputs)
    yield from _score_doubts(_scores(kind, outputs))
    if kind == "yolo26":
        yield from _class_doubts(outputs[..., 5][_told(outputs)], classes)
        if len(boxes) and _share_in_order(boxes) < MOSTLY:
            yield "its first four columns are no corners x1 y1 x2 y2"
    elif kind == "yolox":
        offsets = np.abs(outputs[..., :2])
        if float(np.median(offsets)) > RAW_OFFSET:
            yield "its boxes are decoded already; export it without decode_in_inference"
    elif kind != "yolo-dfl" and len(boxes):
        if float(np.mean(boxes[:, 2:] < 0)) > 1 - MOSTLY:
            yield "its third and fourth columns are no sizes: some are below 0"
        elif kind != "rtdetr" and _share_in_order(boxes) > MOSTLY:
            yield "its first four columns are corners x1 y1 x2 y2, expected centre and size"


def _boxes(kind: HeadKind, outputs: Floats) -> Floats:
    """The first four columns of all rows that tell of a box, (m, 4)."""
    rows = outputs[:, :4].transpose(0, 2, 1) if kind == "yolov8" else outputs[..., :4]
    told = np.asarray(rows.any(axis=-1))
    return rows[told] if kind != "yolo26" else rows[_told(outputs)]


def _told(outputs: Floats) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """Which rows of an end-to-end output hold a thing; the rest is filled up with zeros."""
    return np.asarray((outputs[..., 4] > 0) & outputs[..., :4].any(axis=-1))


def _scores(kind: HeadKind, outputs: Floats) -> Floats:
    match kind:
        case "yolov8":
            return outputs[:, 4:]
        case "yolo-dfl":
            return outputs[:, 4 * BINS :]
        case "yolo26":
            return outputs[..., 4]
        case _:
            return outputs[..., 4:]


def _score_doubts(scores: Floats) -> Iterator[str]:
    least, most = float(scores.min()), float(scores.max())
    if least < -SLACK or most > 1 + SLACK:
        yield f"its scores run from {least:.3g} to {most:.3g}, expected 0 to 1"


def _class_doubts(class_ids: Floats, classes: int) -> Iterator[str]:
    if not len(class_ids):
        return
    if float(np.mean(np.abs(class_ids - np.round(class_ids)) > SLACK)) > 0:
        odd = class_ids[np.abs(class_ids - np.round(class_ids)) > SLACK][0]
        yield f"its sixth column holds {odd:.3g}, expected whole class numbers"
    elif class_ids.min() < 0 or class_ids.max() >= classes:
        yield f"it tells of class {class_ids.max():g}, but has {classes} class names"


def _share_in_order(boxes: Floats) -> float:
    """How many of the rows could be corners, 0-1."""
    return float(np.mean((boxes[:, 2] >= boxes[:, 0]) & (boxes[:, 3] >= boxes[:, 1])))
