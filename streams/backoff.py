"""How long to wait before a camera is tried again."""

import random

from domain.backoff import Backoff, Uniform
from domain.health import FaultKind
from streams.stream_settings import StreamSettings

SLOW_FAULTS = frozenset({FaultKind.UNAUTHORIZED, FaultKind.UNSUPPORTED_CODEC})
"""What a person must mend first; trying again soon can only do harm."""

_SLOW_SPREAD = 0.2


class CameraBackoff:
    """Pauses that grow with each failure, and a long one at once after what a person must mend."""

    def __init__(self, settings: StreamSettings, rng: Uniform | None = None) -> None:
        self._slow_s = settings.unauthorized_backoff_s
        self._rng = rng or random.Random()
        self._usual = Backoff(settings.backoff_first_s, settings.backoff_max_s, rng=self._rng)

    def pause_s(self, fault: FaultKind) -> float:
        """Seconds to wait after one more failure of this kind."""
        if fault in SLOW_FAULTS:
            return self._rng.uniform(self._slow_s, self._slow_s * (1 + _SLOW_SPREAD))
        return self._usual.next_s()

    def reset(self) -> None:
        """The camera delivers again."""
        self._usual.reset()
