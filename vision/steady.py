"""Seconds that never run backwards, made from a wall clock that may."""

from datetime import datetime

STEP_BACK_S = 60.0
"""A clock this far behind was set back. Less is disorder: the time of a tick runs some seconds
ahead of the time of a picture, and late pictures come."""


class SteadySeconds:
    """Turns wall times into seconds that only grow, so that lifetimes survive a clock step.

    Whoever knows seconds that nobody sets says them too, and then they alone count: a step of the
    wall clock is none. Without them small disorder holds the time still, and a larger step back is
    taken as a new setting of the clock: time goes on from where it was. A step forward cannot be
    told from a pause.
    """

    def __init__(self, step_back_s: float = STEP_BACK_S) -> None:
        self._step_back_s = step_back_s
        self._offset_s = self._tick_offset_s = 0.0
        self._last_s: float | None = None
        self._ticked_s = float("inf")
        self._tie_s: float | None = None
        """What is added to seconds that nobody sets."""

    def advance(self, at: datetime, now_s: float | None = None) -> float:
        """Move to `at`, which is `now_s` of a clock that nobody sets, if that is known; answers its
        steady time in seconds, at least that of any earlier move."""
        if now_s is not None:
            self._last_s = self._at_least_last(self._tied(at, now_s))
            return self._last_s
        wall_s = at.timestamp()
        offset_s = self._first_fit(wall_s, self._offset_s, self._tick_offset_s)
        if offset_s != self._offset_s:
            self._offset_s = self._tick_offset_s = offset_s
        self._last_s = self._at_least_last(wall_s + offset_s)
        return self._last_s

    def peek(self, at: datetime, now_s: float | None = None) -> float:
        """The steady time of `at` without moving there: ticks must not push pictures, whose
        times are some seconds older, out of their own rhythm.

        A clock that was set back is noticed, and ticks go on by it though pictures are still dated
        by the old one; set forward again, ticks follow the pictures.
        """
        if now_s is not None:
            return self._at_least_last(self._tied(at, now_s))
        wall_s = at.timestamp()
        offsets = self._tick_offset_s, self._offset_s
        if wall_s - self._ticked_s > self._step_back_s:
            offsets = self._offset_s, self._tick_offset_s
        self._tick_offset_s, self._ticked_s = self._first_fit(wall_s, *offsets), wall_s
        return self._at_least_last(wall_s + self._tick_offset_s)

    def _first_fit(self, wall_s: float, *offsets_s: float) -> float:
        """What is added to wall times now: the first that does not lead far back, or one that goes
        on from where it was."""
        if self._last_s is None:
            return 0.0
        fit = (o for o in offsets_s if wall_s + o >= self._last_s - self._step_back_s)
        return next(fit, self._last_s - wall_s)

    def _tied(self, at: datetime, now_s: float) -> float:
        """Seconds that nobody sets, tied to the wall time at which they are first said."""
        if self._tie_s is None:
            self._tie_s = self._at_least_last(at.timestamp()) - now_s
        return now_s + self._tie_s

    def _at_least_last(self, steady_s: float) -> float:
        return steady_s if self._last_s is None else max(self._last_s, steady_s)
