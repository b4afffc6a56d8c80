"""Boxes that were written down beside a clip, and stand in for what a detector would see in it.

    {"boxes": [{"at_s": 0.0, "seen": [["car", 0.62, 0.1, 0.5, 0.3, 0.7]]}, …]}

Each moment lists label, score and the corners x1 y1 x2 y2 in frame units, and holds until the
next. They are for clips that are drawn: a detector that learned from photographs need not know a
drawn car, while the rules that judge it can be tried all the same.
"""

import bisect
import hashlib
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from domain.base import Value
from domain.documents import UnreadableText, read_bytes
from domain.errors import ConfigurationError
from domain.incident import ModelRef
from domain.words import first_in_words
from models.detections import Detections

MOST_BYTES = 64 * 1024 * 1024
"""Hours of a crowded street."""
WrittenBox = tuple[str, float, float, float, float, float]
"""Label, score, x1 y1 x2 y2 in frame units."""


class Moment(Value):
    """What is seen from one second of the clip on."""

    at_s: float
    seen: tuple[WrittenBox, ...]


class _File(Value):
    boxes: tuple[Moment, ...]


class WrittenBoxes:
    """The boxes of one clip, by time."""

    def __init__(self, moments: tuple[Moment, ...], ref: ModelRef) -> None:
        self.ref = ref
        self._moments = sorted(moments, key=lambda moment: moment.at_s)
        self._times_s = [moment.at_s for moment in self._moments]
        names = {box[0]: None for moment in self._moments for box in moment.seen}
        self._labels = tuple(names)

    @classmethod
    def read(cls, path: Path) -> "WrittenBoxes":
        """Read a file of boxes.

        Raises:
            ConfigurationError: it is not there, or is not such a file.
        """
        try:
            text = read_bytes(path, MOST_BYTES)
            moments = _File.model_validate_json(text).boxes
        except UnreadableText as error:
            raise ConfigurationError(f"expected a file of boxes at {path}: {error}") from error
        except ValidationError as error:
            raise ConfigurationError(f"{path}: {first_in_words(error)}") from error
        return cls(moments, ModelRef(name="boxes", sha256=hashlib.sha256(text).hexdigest()))

    def at(self, at_s: float) -> Detections:
        """What is seen at a second of the clip; nothing before the first moment."""
        number = bisect.bisect_right(self._times_s, at_s + 1e-3) - 1
        seen = self._moments[number].seen if number >= 0 else ()
        return Detections(
            np.array([box[2:] for box in seen], np.float32).reshape(-1, 4),
            np.array([box[1] for box in seen], np.float32),
            np.array([self._labels.index(box[0]) for box in seen], np.int64),
            self._labels,
        )


def write_boxes(path: Path, moments: list[Moment]) -> None:
    """Write down what is seen from which second on."""
    path.write_text(_File(boxes=tuple(moments)).model_dump_json() + "\n", encoding="utf-8")
