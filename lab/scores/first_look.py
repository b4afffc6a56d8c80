"""What the first look misses, and what it spares, at each limit.

It is measured against what it stands before: of the pictures in which the detector suspects fire or
smoke, how many it would have let the detector see; of those in which nothing burns, how many it
would have spared it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.base import Value
from domain.labels import FLAMES, SMOKE
from lab.footage.sources import Sight
from models.detector import Detects
from models.first_look import FirstLook

LIMITS = (0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)
SUSPECTED = {"fire": 0.15, "smoke": 0.12}
"""From these scores of the detector the fire rule counts anything at all."""
SURE = {"fire": 0.5, "smoke": 0.6}
"""From these it counts by itself."""

Scores = NDArray[np.float32]
Progress = Callable[[int, int], None]


class FirstLookRow(Value):
    """One limit."""

    limit: float
    passed: dict[str, float | None]
    """Of the pictures in which the detector suspects it, or is sure of it, the share that is
    passed on to it: `fire`, `smoke`, `sure fire`, `sure smoke`; none where there is none."""
    spared: float | None
    """Of the pictures in which nothing burns, the share that the detector need not see."""


class FirstLookReport(Value):
    """All limits."""

    pictures: int
    suspected: dict[str, int]
    """In how many the detector suspects each."""
    negatives: int
    rows: tuple[FirstLookRow, ...]


def score_first_look(
    first: FirstLook,
    detector: Detects,
    burning: Sequence[Sight],
    nothing: Sequence[Sight],
    progress: Progress = lambda done, of: None,
) -> FirstLookReport:
    """Look at all pictures with both, as a worker does: at the detector's size."""
    of = len(burning) + len(nothing)
    looks: list[tuple[Scores, Scores]] = []
    for done, sight in enumerate((*burning, *nothing), start=1):
        looks.append(_both(first, detector, sight))
        progress(done, of)
    heat = np.array([one for one, _ in looks]).reshape(-1, 2)
    said = np.array([other for _, other in looks]).reshape(-1, 2)
    groups = _groups(said, np.arange(of) < len(burning))
    negative = np.arange(of) >= len(burning)
    rows = [_row(limit, heat.max(axis=1) >= limit, groups, negative) for limit in LIMITS]
    return FirstLookReport(
        pictures=len(burning),
        suspected={name: int(chosen.sum()) for name, chosen in groups.items()},
        negatives=len(nothing),
        rows=tuple(rows),
    )


def _both(first: FirstLook, detector: Detects, sight: Sight) -> tuple[Scores, Scores]:
    """The first look's and the detector's best scores of fire and of smoke, (2,) each."""
    heat = first.look(sight.image)
    (seen,) = detector.detect([sight.image])
    flames, smoke = seen.of(*FLAMES).scores, seen.of(SMOKE).scores
    fire = max(heat.of(flame) for flame in FLAMES)
    told = [fire, heat.of(SMOKE)], [flames.max(initial=0), smoke.max(initial=0)]
    return np.array(told[0], np.float32), np.array(told[1], np.float32)


def _groups(said: Scores, burning: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Which of the burning pictures the detector suspects, and is sure of."""
    fire, smoke = said[:, 0], said[:, 1]
    return {
        "fire": burning & (fire >= SUSPECTED["fire"]),
        "smoke": burning & (smoke >= SUSPECTED["smoke"]),
        "sure fire": burning & (fire >= SURE["fire"]),
        "sure smoke": burning & (smoke >= SURE["smoke"]),
    }


def _row(
    limit: float,
    passed: NDArray[np.bool_],
    groups: dict[str, NDArray[np.bool_]],
    negative: NDArray[np.bool_],
) -> FirstLookRow:
    def share(of: NDArray[np.bool_], which: NDArray[np.bool_]) -> float | None:
        return round(float(which[of].mean()), 4) if of.any() else None

    shares = {name: share(of, passed) for name, of in groups.items()}
    return FirstLookRow(limit=limit, passed=shares, spared=share(negative, ~passed))
