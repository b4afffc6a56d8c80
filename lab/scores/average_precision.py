"""Average precision as COCO defines it: greedy matching, 101 recall points, no crowds, all sizes.

Agrees with pycocotools on the same boxes (tests/lab/scores/test_score.py shows it).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.detections import Detections, Floats
from models.heads.nms import iou_with

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALL_POINTS = np.linspace(0, 1, 101)
MAX_BOXES = 100
"""Boxes of one class that count in one picture, the surest first."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoredPicture:
    """What is in one picture and what was found; class ids of both index the same names."""

    file: str
    size_wh: tuple[int, int]
    truth: Detections
    found: Detections


def average_precisions(
    pictures: Sequence[ScoredPicture], class_id: int
) -> NDArray[np.float64] | None:
    """AP of one class at each IoU threshold, (10,) 0-1; None if nothing of it is marked."""
    _, hits, truths = ranked(pictures, class_id)
    return np.array([_area_under(row, truths) for row in hits]) if truths else None


def ranked(
    pictures: Sequence[ScoredPicture], class_id: int
) -> tuple[Floats, NDArray[np.bool_], int]:
    """All boxes of one class, surest first: their scores (n,), whether each hit, (10, n), one row
    per IoU threshold, and how many are marked."""
    truths = sum(int(np.sum(p.truth.class_ids == class_id)) for p in pictures)
    matches = [_match(picture, class_id) for picture in pictures]
    scores = np.concatenate([scores for scores, _ in matches])
    hits = np.concatenate([hits for _, hits in matches], axis=1)
    order = np.argsort(-scores, kind="stable")
    return scores[order], hits[:, order], truths


def _match(picture: ScoredPicture, class_id: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Give each box, surest first, the best marked box that is still free.

    Returns the scores (n,) and whether each box hit, (10, n), one row per IoU threshold.
    """
    truth = picture.truth[picture.truth.class_ids == class_id]
    found = picture.found[picture.found.class_ids == class_id]
    found = found[np.argsort(-found.scores, kind="stable")[:MAX_BOXES]]
    hits = np.zeros((len(IOU_THRESHOLDS), len(found)), bool)
    free = np.ones((len(IOU_THRESHOLDS), len(truth)), bool)
    if not len(truth):
        return found.scores, hits
    every = np.arange(len(IOU_THRESHOLDS))
    for column, box in enumerate(found.xyxy):
        overlaps = np.where(free, iou_with(box, truth.xyxy), -1.0)
        best = overlaps.argmax(axis=1)
        hits[:, column] = overlaps[every, best] >= IOU_THRESHOLDS
        free[every, best] &= ~hits[:, column]
    return found.scores, hits


def _area_under(hits: NDArray[np.bool_], truths: int) -> float:
    """The mean over the recall points of the best precision at that recall or a higher one."""
    right = np.cumsum(hits)
    recalls = right / truths
    precisions = right / np.arange(1, len(hits) + 1)
    best_from_here = np.maximum.accumulate(precisions[::-1])[::-1]
    places = np.searchsorted(recalls, RECALL_POINTS, side="left")
    reached = places < len(hits)
    return float(best_from_here[places[reached]].sum() / len(RECALL_POINTS))
