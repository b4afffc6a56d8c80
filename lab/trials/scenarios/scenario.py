"""What a scenario is: how it is staged from a seed, and what is true of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.base import Text
from lab.trials.scenarios.stage import Stage

Truth = dict[str, Any]
"""What a truth file says of a clip, but for its name and boxes."""


@dataclass(frozen=True)
class Staged:
    """One scenario with one seed."""

    stage: Stage
    truth: Truth


Make = Callable[[np.random.Generator], Staged]
"""Draws times, places and colours; what is true follows from them."""


@dataclass(frozen=True)
class Scenario:
    """One kind of scene that a rule must get right."""

    name: str
    words: Text
    make: Make
    drawn_boxes: bool = True
    """Whether boxes stand in for the detector. Without, the carried detector looks itself."""

    def staged(self, seed: int) -> Staged:
        return self.make(np.random.default_rng((seed, *self.name.encode())))


def expected(kind: str, from_s: float, to_s: float) -> list[dict[str, Any]]:
    """The one incident that must open."""
    return [{"kind": kind, "from_s": round(from_s, 1), "to_s": round(to_s, 1)}]


def drawn(name: str, zh: str, en: str, make: Make) -> Scenario:
    """A scenario that is judged by the boxes of what was drawn."""
    return Scenario(name, Text.of(zh, en), make)


def seen(name: str, zh: str, en: str, make: Make) -> Scenario:
    """A scenario that the carried detector looks at itself."""
    return Scenario(name, Text.of(zh, en), make, drawn_boxes=False)
