"""How many pictures of fire are found when few pictures without fire may be taken for one."""

from collections.abc import Sequence

import numpy as np

from domain.base import Value
from lab.scores.average_precision import ScoredPicture
from models.detections import Detections

FALSE_SHARES = (0.01, 0.05)
"""Shares of the pictures without the class that may have a box of it."""
TOGETHER = ("fire", "smoke")
"""Classes that are also scored as one: either of them calls the same people."""


class RecallAt(Value):
    """What is found at one price."""

    false_share: float
    """What was asked for, 0-1."""
    threshold: float
    """The lowest score that a box may have: with it, no more negative pictures have one."""
    false_pictures: int
    """Negative pictures that have a box at this threshold."""
    recall: float
    """Share of the positive pictures that have a box at this threshold, 0-1."""


class PictureRecall(Value):
    """How well pictures, not boxes, are told apart by one class or several together."""

    label: str
    positives: int
    negatives: int
    at: tuple[RecallAt, ...]


class PictureScores:
    """The surest box of each class in each picture, positive and negative."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._marked: list[list[bool]] = []
        self._best: list[list[float]] = []

    @property
    def negatives(self) -> int:
        return len(self._best)

    def add_negative(self, found: Detections, marked: Detections) -> None:
        """A picture that is negative for every class that is not marked in it."""
        self._best.append([_best(found, name) for name in self._names])
        self._marked.append([bool(len(marked.of(name))) for name in self._names])

    def recalls(self, positives: Sequence[ScoredPicture]) -> tuple[PictureRecall, ...]:
        """One row for each class, and one for `TOGETHER`, where there is something to find.

        `positives` are the scored folder's; a picture without the class counts nowhere.
        """
        groups: list[tuple[str, ...]] = [(name,) for name in self._names]
        groups += [TOGETHER] if all(name in self._names for name in TOGETHER) else []
        rows = [self._recall(group, positives) for group in groups]
        return tuple(row for row in rows if row.positives and row.negatives)

    def _recall(self, names: tuple[str, ...], pictures: Sequence[ScoredPicture]) -> PictureRecall:
        columns = [self._names.index(name) for name in names]
        best = np.array(self._best, np.float32).reshape(-1, len(self._names))[:, columns]
        marked = np.array(self._marked, bool).reshape(-1, len(self._names))[:, columns]
        negative = best.max(axis=1, initial=0.0)[~marked.any(axis=1)]
        positive = np.array(
            [_best(p.found, *names) for p in pictures if len(p.truth.of(*names))], np.float32
        )
        at = [recall_at(share, positive, negative) for share in FALSE_SHARES]
        return PictureRecall(
            label="|".join(names), positives=len(positive), negatives=len(negative), at=tuple(at)
        )


def recall_at(false_share: float, positive: np.ndarray, negative: np.ndarray) -> RecallAt:
    """The recall where at most `false_share` of the negative pictures have a box.

    `positive` (n,) and `negative` (m,) are each picture's surest score; 0 stands for no box.
    """
    falling = np.sort(negative.astype(np.float32))[::-1]
    allowed = int(false_share * len(falling) + 1e-9)
    # The first picture that must not have a box says how sure a box must be: surer than that.
    bar = falling[allowed] if allowed < len(falling) else np.float32(0)
    threshold = float(np.nextafter(bar, np.float32(2)))
    return RecallAt(
        false_share=false_share,
        threshold=threshold,
        false_pictures=int(np.sum(falling >= threshold)),
        recall=float(np.mean(positive >= threshold)) if len(positive) else 0.0,
    )


def _best(found: Detections, *names: str) -> float:
    scores = found.of(*names).scores
    return float(scores.max()) if len(scores) else 0.0
