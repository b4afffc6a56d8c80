"""Time as an argument: the clock everything asks, real or virtual.

A machine's wall clock may be set at any moment; how long something lasted is therefore never told
by it. Each `Moment` has both: wall time for people, and seconds that only grow for durations.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

SET_S = 0.5
"""Wall time that differs from the seconds that passed by more than this was set meanwhile: the two
are read one after the other, and a busy machine may come between."""


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """One moment. What lies between two is the difference of their seconds, and so is their
    order."""

    s: float
    """Seconds of a clock that nobody sets; only differences mean anything."""
    at: datetime = field(compare=False)
    """Wall time (aware, UTC), to be shown and kept."""

    @classmethod
    def of(cls, at: datetime) -> "Moment":
        """A moment of virtual time, which nobody sets: a file's, or a test's."""
        return cls(at.timestamp(), at)

    def __sub__(self, earlier: "Moment") -> float:
        """Seconds since an earlier one."""
        return self.s - earlier.s

    def set_since(self, earlier: "Moment") -> float:
        """By how many seconds the wall clock was set between: 0 if it was not."""
        stepped_s = (self.at - earlier.at).total_seconds() - (self.s - earlier.s)
        return stepped_s if abs(stepped_s) > SET_S else 0.0

    def dated_by(self, now: "Moment") -> datetime:
        """The wall time of this moment as the clock of `now` tells it: if that was set between,
        this moment moves with it, so that what lies between keeps its length."""
        stepped_s = now.set_since(self)
        return self.at + timedelta(seconds=stepped_s) if stepped_s else self.at


class Clock(Protocol):
    """Tells the time, aware and in UTC."""

    def now(self) -> datetime: ...
    def moment(self) -> Moment: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def moment(self) -> Moment:
        return Moment(time.monotonic(), datetime.now(UTC))


class VirtualClock:
    """A clock that stands still until it is told to move; for replays and tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._s = self._now.timestamp()

    def now(self) -> datetime:
        return self._now

    def moment(self) -> Moment:
        return Moment(self._s, self._now)

    def advance(self, seconds: float) -> datetime:
        """Time passes."""
        self._now += timedelta(seconds=seconds)
        self._s += seconds
        return self._now

    def move_to(self, at: datetime) -> datetime:
        """Time passes until `at`; if that is before now, the clock is set back to it."""
        at = at.astimezone(UTC)
        self._s += max((at - self._now).total_seconds(), 0.0)
        self._now = at
        return self._now

    def set_by(self, seconds: float) -> datetime:
        """Somebody sets the clock; no time passes."""
        self._now += timedelta(seconds=seconds)
        return self._now
