"""Whether two ways to compute see the same."""

from collections.abc import Sequence

import numpy as np

from models.detections import Detections
from models.heads.nms import iou_with

OVERLAP_AT_LEAST = 0.5
"""Boxes that overlap less (intersection over union) are not one and the same."""


def furthest(one: Sequence[Detections], other: Sequence[Detections], *, floor: float) -> float:
    """How far the scores of the same boxes are apart at most, 0-1, in the same pictures.

    The same box is one of the same class that overlaps enough; of several the nearest score counts.
    A box that the other side lacks may have been just below `floor` there, where both sides drop
    boxes: it counts with what it stands above that. So does one beside a far surer one, for that
    may have been its double, which is dropped or not by a hair.
    """
    pairs = list(zip(one, other, strict=True))
    return max((max(_one_way(a, b, floor), _one_way(b, a, floor)) for a, b in pairs), default=0.0)


def _one_way(boxes: Detections, others: Detections, floor: float) -> float:
    apart = [_apart(boxes, row, others, floor) for row in range(len(boxes))]
    return max(apart, default=0.0)


def _apart(boxes: Detections, row: int, others: Detections, floor: float) -> float:
    same = iou_with(boxes.xyxy[row], others.xyxy) >= OVERLAP_AT_LEAST
    same &= others.class_ids == boxes.class_ids[row]
    score = float(boxes.scores[row])
    alone = max(score - floor, 0.0)
    return min(alone, float(np.abs(others.scores[same] - np.float32(score)).min(initial=1.0)))
