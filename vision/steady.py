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
        self._offset_s = 0.0
        self._last_s: float | None = None

    def advance(self, at: datetime) -> float:
        """Move to `at`; answers its steady time in seconds, at least that of any earlier move."""
        self._last_s = self.peek(at)
        return self._last_s

    def peek(self, at: datetime) -> float:
        """The steady time of `at` without moving there: ticks must not push pictures, whose
        times are some seconds older, out of their own rhythm."""
        wall_s = at.timestamp()
        if self._last_s is None:
            return wall_s
        if wall_s + self._offset_s < self._last_s - self._step_back_s:
            self._offset_s = self._last_s - wall_s
        return max(self._last_s, wall_s + self._offset_s)
