"""Non-maximum suppression: of boxes that mean one thing, the surest stays."""

import numpy as np

from models.detections import Floats, Ints


def iou_with(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union of one box (4,) with each of `boxes` (n, 4): (n,) float32."""
    x1, y1, x2, y2 = boxes.T  # whole columns: numpy is slow along an axis of two
    widths = np.minimum(box[2], x2) - np.maximum(box[0], x1)
    heights = np.minimum(box[3], y2) - np.maximum(box[1], y1)
    shared = np.maximum(widths, 0) * np.maximum(heights, 0)
    union = (box[2] - box[0]) * (box[3] - box[1]) + (x2 - x1) * (y2 - y1) - shared
    overlap = np.zeros(len(boxes), np.float32)
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
    waiting = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(waiting) and len(kept) < limit:
        best, waiting = waiting[0], waiting[1:]
        kept.append(int(best))
        overlaps = iou_with(xyxy[best], xyxy[waiting]) > iou
        waiting = waiting[~overlaps | (class_ids[waiting] != class_ids[best])]
    return np.array(kept, np.int64)
