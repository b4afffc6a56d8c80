"""Non-maximum suppression: of boxes that mean one thing, the surest stays."""

import numpy as np
from numpy.typing import NDArray

from models.detections import Floats, Ints

AT_ONCE = 128
"""So many rows are compared with each other at once: fewer calls of numpy, each of which costs
more than its sums."""


def iou_with(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union of one box (4,) with each of `boxes` (n, 4): (n,) float32; of boxes
    by columns, (4, m, 1), with each: (m, n)."""
    x1, y1, x2, y2 = boxes.T  # whole columns: numpy is slow along an axis of two
    widths = np.minimum(box[2], x2) - np.maximum(box[0], x1)
    heights = np.minimum(box[3], y2) - np.maximum(box[1], y1)
    shared = np.maximum(widths, 0) * np.maximum(heights, 0)
    union = (box[2] - box[0]) * (box[3] - box[1]) + (x2 - x1) * (y2 - y1) - shared
    overlap = np.zeros(union.shape, np.float32)
    np.divide(shared, union, out=overlap, where=union > 0)
    return overlap


def suppress(xyxy: Floats, scores: Floats, class_ids: Ints, *, iou: float, limit: int) -> Ints:
    """The rows to keep, surest first, at most `limit`.

    A row goes when a surer row of the same class overlaps it by more than `iou`. Equal scores
    keep their order.

    Args:
        xyxy: (n, 4) float32 corners, any unit.
        scores: (n,) float32.
        class_ids: (n,) int64.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[Ints] = []
    room = limit
    while len(order) and room > 0:
        some, order = order[:AT_ONCE], order[AT_ONCE:]
        chosen = some[_surest(xyxy[some], class_ids[some], iou)][:room]
        kept.append(chosen)
        room -= len(chosen)
        if len(order):
            doubled = _doubles(xyxy[chosen], class_ids[chosen], xyxy[order], class_ids[order], iou)
            order = order[~doubled.any(axis=0)]
    return np.concatenate(kept) if kept else np.zeros(0, np.int64)


def _surest(xyxy: Floats, class_ids: Ints, iou: float) -> list[int]:
    """Of rows from the surest on, the places of those that no surer one that stays doubles."""
    doubled = _doubles(xyxy, class_ids, xyxy, class_ids, iou)
    waiting = np.ones(len(xyxy), bool)
    stay: list[int] = []
    for place in range(len(xyxy)):
        if waiting[place]:
            stay.append(place)
            waiting &= ~doubled[place]
    return stay


def _doubles(
    xyxy: Floats, class_ids: Ints, other_xyxy: Floats, other_ids: Ints, iou: float
) -> NDArray[np.bool_]:
    """Which of n boxes double which of m others, (n, m): of one class, and overlapping by more."""
    overlaps = iou_with(xyxy.T[:, :, None], other_xyxy)
    doubled: NDArray[np.bool_] = overlaps > iou
    doubled &= class_ids[:, None] == other_ids
    return doubled
