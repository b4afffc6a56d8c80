"""How far figures move when other clips had been at hand: a bootstrap over sources.

Clips of one source are not independent, so sources are drawn, with replacement, not clips (the
cluster bootstrap: Field and Welsh, J. R. Stat. Soc. B 69, 2007). Several seeds draw, so that
what only the drawing does can be seen.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.base import Value

SEEDS = (0, 1, 2)
DRAWS = 1000
"""Per seed."""
_EDGES = (2.5, 97.5)

Source = TypeVar("Source")
Figure = Callable[[Sequence[Source]], float | None]
Interval = tuple[float, float]


class Spread(Value):
    """Where 95 % of the draws lie. Draws that have nothing to show a figure by are left out; the
    interval is none where all were."""

    sources: int
    interval: Interval | None
    """Over all seeds."""
    by_seed: tuple[Interval | None, ...]


def spread(
    sources: Sequence[Source],
    figure: Figure[Source],
    *,
    seeds: Sequence[int] = SEEDS,
    draws: int = DRAWS,
) -> Spread:
    """The spread of a figure of sources: at least one, each with all that came of it."""
    drawn = [_drawn(sources, figure, seed, draws) for seed in seeds]
    return Spread(
        sources=len(sources),
        interval=_interval(np.concatenate(drawn)) if drawn else None,
        by_seed=tuple(_interval(one) for one in drawn),
    )


def _drawn(
    sources: Sequence[Source], figure: Figure[Source], seed: int, draws: int
) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    rows = random.integers(0, len(sources), (draws, len(sources)))
    figures = (figure([sources[row] for row in draw]) for draw in rows)
    return np.array([value for value in figures if value is not None], np.float64)


def _interval(values: NDArray[np.float64]) -> Interval | None:
    if not len(values):
        return None
    low, high = np.percentile(values, _EDGES)
    return float(low), float(high)
