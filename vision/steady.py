"""Seconds that never run backwards, made from a wall clock that may."""

from datetime import datetime

STEP_BACK_S = 60.0
"""A clock this far behind was set back. Less is disorder: the time of a tick runs some seconds
ahead of the time of a picture, and late pictures come."""


class SteadySeconds:
    """Turns wall times into seconds that only grow, so that lifetimes survive a clock step.

    Small disorder holds the time still. A larger step back is taken as a new setting of the
    clock: time goes on from where it was. A step forward cannot be told from a pause.
    """

    def __init__(self, step_back_s: float = STEP_BACK_S) -> None:
        self._step_back_s = step_back_s
        self._offset_s = self._peeked_offset_s = 0.0
        self._last_s: float | None = None

    def advance(self, at: datetime) -> float:
        """Move to `at`; answers its steady time in seconds, at least that of any earlier move."""
        wall_s = at.timestamp()
        self._offset_s = self._offset_now_s(wall_s)
        self._last_s = self._at_least_last(wall_s + self._offset_s)
        return self._last_s

    def peek(self, at: datetime) -> float:
        """The steady time of `at` without moving there: ticks must not push pictures, whose
        times are some seconds older, out of their own rhythm. A clock that was set back is noticed,
        but pictures that are still dated by the old one are not taken to be hours later."""
        wall_s = at.timestamp()
        self._peeked_offset_s = self._offset_now_s(wall_s)
        return self._at_least_last(wall_s + self._peeked_offset_s)

    def _offset_now_s(self, wall_s: float) -> float:
        """What is added to wall times now: as before, as a peek found it since, or anew."""
        if self._last_s is None:
            return 0.0
        for offset_s in (self._offset_s, self._peeked_offset_s):
            if wall_s + offset_s >= self._last_s - self._step_back_s:
                return offset_s
        return self._last_s - wall_s

    def _at_least_last(self, steady_s: float) -> float:
        return steady_s if self._last_s is None else max(self._last_s, steady_s)
