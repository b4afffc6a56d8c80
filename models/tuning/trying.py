"""Trying ways to compute in a child process, which may hang or crash in our place."""

import json
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from domain.closing import Closing
from models.asked_child import AnswerTooLong, AskedChild, ChildEnded
from models.detector_settings import DetectorSettings
from models.tuning import way_child
from models.tuning.ways import SCORES_WITHIN, Tried, Way

WAY_WITHIN_S = 20.0
"""One way takes a second; a graph of YOLO11x at 1280 some ten."""


class TriesWays(Protocol):
    """Whoever times ways."""

    def __call__(self, way: Way) -> Tried: ...


class WayTrial(Closing):
    """Times ways of one model. The child is started again after a way that ended it."""

    def __init__(
        self,
        models_dir: Path | None,
        asked: DetectorSettings,
        cores: int,
        *,
        within_s: float = WAY_WITHIN_S,
    ) -> None:
        self._arguments = [str(models_dir or ""), str(cores)]
        self._asked = asked
        self._within_s = within_s
        self._child: AskedChild | None = None

    def __call__(self, way: Way) -> Tried:
        """Time a way and compare it. Raises OSError when no process can be started."""
        if self._child is None:
            self._child = AskedChild(way_child.__name__, self._arguments, within_s=self._within_s)
        try:
            return judged(way, self._answer(self._child, way))
        except (ChildEnded, AnswerTooLong, ValueError) as error:
            self.close()
            late = isinstance(error, ChildEnded) and error.late
            why = f"it was not done after {self._within_s:g} s" if late else str(error)
            return Tried(way=way, why_not=why or type(error).__name__)

    def close(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None

    def _answer(self, child: AskedChild, way: Way) -> dict[str, object]:
        settings = way.applied(self._asked).model_copy(
            update={"confidence": way_child.COMPARED_FROM, "labels": ()}
        )
        request = {
            "settings": settings.model_dump(mode="json"),
            "reference": self._asked.model,
            "within_s": self._within_s,
        }
        child.allow(self._within_s)
        child.send(json.dumps(request).encode() + b"\n")
        said, _ = child.answer()
        return said


def judged(way: Way, said: dict[str, object]) -> Tried:
    """What a child said of a way; what disagrees with the reference cannot be taken."""
    try:
        tried = Tried.model_validate({**said, "way": way})
    except ValidationError as error:
        return Tried(way=way, why_not=f"expected its time, got {error.error_count()} wrong values")
    if tried.ms is None and not tried.why_not:
        return tried.model_copy(update={"why_not": "it told no time"})
    if tried.furthest is not None and tried.furthest > SCORES_WITHIN:
        why = f"its scores are up to {tried.furthest:.2f} from the reference"
        return tried.model_copy(update={"why_not": f"{why}, more than {SCORES_WITHIN:g}"})
    return tried
