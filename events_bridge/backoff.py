"""How long to wait before the next attempt."""

import random


class Backoff:
    """Doubles from `first_s` to `max_s`, each wait shortened at random by up to a half, so that
    many clients of one restarted server do not come at once."""

    def __init__(self, first_s: float, max_s: float) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._failures = 0

    def next_s(self) -> float:
        # The exponent is bounded, since 2.0 ** 1024 is an OverflowError after a long night.
        wait_s = min(self._first_s * 2.0 ** min(self._failures, 32), self._max_s)
        self._failures += 1
        return wait_s * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._failures = 0

    @property
    def failures(self) -> int:
        return self._failures
