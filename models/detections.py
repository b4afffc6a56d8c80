"""What a detector saw in one picture, by column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain.geometry import Box
from domain.incident import LabelledBox

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The detections 检测 of one picture: row i of every column is one box.

    Filter by indexing with a boolean array: ``detections[detections.scores > 0.5]``.

    Attributes:
        xyxy: (n, 4) float32, corners x1 y1 x2 y2 in frame units (0-1, y down).
        scores: (n,) float32, 0-1.
        class_ids: (n,) int64, indices into `labels`.
        labels: the detector's class names.
    """

    xyxy: Floats
    scores: Floats
    class_ids: Ints
    labels: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        n = len(self.xyxy)
        if self.xyxy.shape != (n, 4):
            raise ValueError(f"xyxy: expected shape (n, 4), got {self.xyxy.shape}")
        if self.scores.shape != (n,) or self.class_ids.shape != (n,):
            came = f"{self.scores.shape}, {self.class_ids.shape}"
            raise ValueError(f"expected {n} scores and class ids, got {came}")

    @classmethod
    def empty(cls, labels: tuple[str, ...] = ()) -> "Detections":
        return cls(
            np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), labels
        )

    @classmethod
    def joined(cls, parts: Sequence["Detections"]) -> "Detections":
        """The rows of all parts, of which there is at least one; they have the same labels."""
        return cls(
            np.concatenate([part.xyxy for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.class_ids for part in parts]),
            parts[0].labels,
        )

    def __len__(self) -> int:
        return len(self.xyxy)

    def __getitem__(self, rows: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Detections":
        return Detections(self.xyxy[rows], self.scores[rows], self.class_ids[rows], self.labels)

    def of(self, *labels: str) -> "Detections":
        """Only the rows of these classes."""
        wanted = [i for i, label in enumerate(self.labels) if label in labels]
        return self[np.isin(self.class_ids, wanted)]

    def as_classes(self, labels: Sequence[str]) -> "Detections":
        """Only the rows of the classes `labels`, their ids counted among these."""
        places = [labels.index(name) if name in labels else -1 for name in self.labels]
        class_ids = np.array(places, np.int64)[self.class_ids]
        return Detections(self.xyxy, self.scores, class_ids, tuple(labels))[class_ids >= 0]

    def at_least(self, score: float) -> "Detections":
        return self[self.scores >= score]

    def counts(self) -> dict[str, int]:
        """How many boxes of each label there are."""
        ids, counts = np.unique(self.class_ids, return_counts=True)
        return {self.labels[int(i)]: int(n) for i, n in zip(ids, counts, strict=True)}

    def boxes(self) -> tuple[LabelledBox, ...]:
        """The same in words that may leave the process."""
        return tuple(self._labelled())

    def _labelled(self) -> Iterator[LabelledBox]:
        for corners, score, class_id in zip(self.xyxy, self.scores, self.class_ids, strict=True):
            x1, y1, x2, y2 = (float(v) for v in corners)
            yield LabelledBox(
                label=self.labels[int(class_id)],
                score=min(max(float(score), 0.0), 1.0),
                box=Box.clipped(x1, y1, x2, y2),
            )


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """What a first look says of one picture."""

    labels: tuple[str, ...]
    scores: Floats
    """(classes,): the highest probability of each class anywhere in the picture."""
    places: Floats
    """(classes, rows, columns): the same by place of the network's input."""

    def of(self, label: str) -> float:
        """How likely a class is somewhere in the picture, 0-1; 0 for one that is not known."""
        return float(self.scores[self.labels.index(label)]) if label in self.labels else 0.0
