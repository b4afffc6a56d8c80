"""Pairs what was expected with what came, for scoring. Pure."""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from lab.trials.truth import ExpectedSpan

Expected = TypeVar("Expected", bound=ExpectedSpan)
Came = TypeVar("Came")


def paired(
    expected: Sequence[Expected],
    came: Sequence[Came],
    *,
    alike: Callable[[Expected, Came], bool],
    began_s: Callable[[Came], float],
) -> list[tuple[Expected, Came]]:
    """Pair as many as can be, in order of time.

    Each that came, in order of time, takes the expectation that ends soonest of those it lies
    in, which is optimal for points and intervals.
    """
    waiting = sorted(expected, key=lambda one: one.to_s)
    pairs = []
    for come in sorted(came, key=began_s):
        for one in waiting:
            if alike(one, come) and one.from_s <= began_s(come) <= one.to_s:
                pairs.append((one, come))
                waiting.remove(one)
                break
    return pairs


def p95(values: Sequence[float]) -> float | None:
    """The 95th percentile by nearest rank; none of nothing."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1] if values else None
