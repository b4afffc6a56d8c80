"""Non-maximum suppression: of boxes that mean one thing, the surest stays."""

import numpy as np

from models.detections import Floats, Ints


def iou_with(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union of one box (4,) with each of `boxes` (n, 4): (n,) float32."""
    top_left = np.maximum(box[:2], boxes[:, :2])
    bottom_right = np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(bottom_right - top_left, 0, None).prod(axis=1)
    union = np.prod(box[2:] - box[:2]) + np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) - shared
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
        doubles = class_ids[waiting] == class_ids[best]
        doubles &= iou_with(xyxy[best], xyxy[waiting]) > iou
        waiting = waiting[~doubles]
    return np.array(kept, np.int64)
