"""How long to wait before a camera is tried again: exponential, with jitter."""

import random
from typing import Protocol

from domain.health import FaultKind
from streams.stream_settings import StreamSettings

SLOW_FAULTS = frozenset({FaultKind.UNAUTHORIZED, FaultKind.UNSUPPORTED_CODEC})
"""What a person must mend first; trying again soon can only do harm."""

_SLOW_SPREAD = 0.2
_MAX_DOUBLINGS = 32


class Uniform(Protocol):
    """The one thing asked of a source of randomness."""

    def uniform(self, a: float, b: float) -> float: ...


class Backoff:
    """Counts failures and names the pause after each. Half of every pause is certain, half is
    chance, so that a hundred cameras behind one switch do not come back in step."""

    def __init__(self, settings: StreamSettings, rng: Uniform | None = None) -> None:
        self._settings = settings
        self._rng = rng or random.Random()
        self._failures = 0

    def pause_s(self, fault: FaultKind) -> float:
        """Seconds to wait after one more failure of this kind."""
        if fault in SLOW_FAULTS:
            slow_s = self._settings.unauthorized_backoff_s
            return self._rng.uniform(slow_s, slow_s * (1 + _SLOW_SPREAD))
        doublings = min(self._failures, _MAX_DOUBLINGS)
        self._failures += 1
        longest_s = min(self._settings.backoff_first_s * 2**doublings, self._settings.backoff_max_s)
        return self._rng.uniform(longest_s / 2, longest_s)

    def reset(self) -> None:
        """The camera delivers again."""
        self._failures = 0
