"""Shares and rates of few cases, with what may be said of them. Pure."""

import math

from domain.base import Value
from lab.trials.false_rate import upper_bound

ENOUGH = 30
"""Of fewer cases nothing is established: 30 of 30 still leave room for one in nine."""
_Z = 1.959964
"""The normal quantile of a two-sided 95 % interval."""
_DAY_HOURS = 24.0


class Share(Value):
    """A share, with its 95 % interval by Wilson (J. Am. Stat. Assoc. 22, 1927)."""

    hits: int
    n: int
    value: float | None
    """None of nothing."""
    low: float
    high: float
    established: bool
    """Whether there are cases enough to speak of it."""

    @classmethod
    def of(cls, hits: int, n: int) -> "Share":
        low, high = wilson(hits, n)
        return cls(
            hits=hits,
            n=n,
            value=hits / n if n else None,
            low=low,
            high=high,
            established=n >= ENOUGH,
        )


class FalseRate(Value):
    """How often something false comes, with what a Poisson count allows: 0 in T hours is at most
    3/T, with 95 % confidence."""

    count: int
    hours: float
    per_camera_day: float | None
    at_most_per_camera_day: float | None
    """None of no hours."""

    @classmethod
    def of(cls, count: int, hours: float) -> "FalseRate":
        days = hours / _DAY_HOURS
        return cls(
            count=count,
            hours=hours,
            per_camera_day=count / days if days else None,
            at_most_per_camera_day=upper_bound(count) / days if days else None,
        )


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) of nothing."""
    if not n:
        return 0.0, 1.0
    share, z2 = hits / n, _Z * _Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return (0.0 if hits == 0 else low), (1.0 if hits == n else high)
