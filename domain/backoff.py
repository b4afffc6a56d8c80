"""How long to wait before the next attempt: longer each time, and not in step with others."""

import math
import random
from typing import Protocol

_MAX_DOUBLINGS = 32
"""A bound, since 2.0 ** 1024 is an OverflowError after a long night."""


class Uniform(Protocol):
    """The one thing asked of a source of randomness."""

    def uniform(self, a: float, b: float) -> float: ...


def doubled_s(first_s: float, times: int, max_s: float = math.inf) -> float:
    """`first_s`, doubled so many times, `max_s` at most."""
    return min(first_s * 2.0 ** min(max(times, 0), _MAX_DOUBLINGS), max_s)


class Backoff:
    """Counts failures and tells the pause after each: from `first_s`, doubling, to `max_s`.

    The share `chance` of every pause is left to chance, and only ever shortens it, so that the many
    clients of one restarted server, or a hundred cameras behind one switch, do not come back in
    step.
    """

    def __init__(
        self, first_s: float, max_s: float, *, chance: float = 0.5, rng: Uniform | None = None
    ) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._certain = 1.0 - chance
        self._rng = rng or random.Random()
        self._failures = 0

    @property
    def failures(self) -> int:
        """How many there were in a row."""
        return self._failures

    def next_s(self) -> float:
        """Seconds to wait after one more failure."""
        longest_s = doubled_s(self._first_s, self._failures, self._max_s)
        self._failures += 1
        return self._rng.uniform(longest_s * self._certain, longest_s)

    def reset(self) -> None:
        """An attempt went well."""
        self._failures = 0
