"""The baseline 常态: how many people are usual here at this hour of the week, learned from counts.

Each hour that was watched is summed up by a high quantile of its counts; what is usual is the
median of the last weeks' sums for the same hour. So neither a flicker nor one feast day moves it.
"""

from datetime import date, datetime
from math import ceil
from statistics import median

from pydantic import Field

from domain.base import Settings, Value

WATCHED_S = 600.0
"""An hour that was watched for less says nothing."""
LONGEST_S = 60.0
"""A count stands for the time since the look before, but not for a longer pause."""
HOURS = 7 * 24


class BaselineSettings(Settings):
    """What is usual here at this hour of the week raises the limit."""

    quantile: float = Field(default=0.95, gt=0, le=1)
    """The count that was not passed for this share of an hour (default 0.95, §5.4)."""
    factor: float = Field(default=1.5, ge=1)
    """The limit is this many times what is usual (default 1.5, §5.4: 50 % more)."""
    weeks: int = Field(default=3, ge=2, le=52)
    """Weeks in which an hour must have been watched before its baseline is used (default 3)."""
    memory_weeks: int = Field(default=8, ge=2, le=104)
    """Weeks that are remembered (default 8, so that a new season is learned in two months)."""


class BaselineMemory(Value):
    """What was learned, as it is kept over a restart."""

    of: str = ""
    """What the counts depended on; counts of another zone or detector score are not comparable."""
    hours: dict[int, tuple[tuple[int, float], ...]] = Field(default_factory=dict)
    """By hour of the week (Monday 00:00 is 0): number of the week, and what was usual in it."""


class Baseline:
    """Learns one rule's counts in one zone. Times are arguments: local wall time for the hour,
    steady seconds for how long."""

    def __init__(self, settings: BaselineSettings, of: str) -> None:
        self._settings = settings
        self._memory = BaselineMemory(of=of)
        self._hour: tuple[int, int] | None = None
        self._seconds: dict[int, float] = {}
        self._looked_s: float | None = None

    @property
    def memory(self) -> BaselineMemory:
        return self._memory

    def recall(self, memory: BaselineMemory) -> None:
        """Go on from what an earlier run learned, if it counted the same."""
        if memory.of == self._memory.of:
            self._memory = memory

    def see(self, count: int, local: datetime, now_s: float) -> None:
        """Take in the count of one look."""
        hour = _week(local.date()), local.weekday() * 24 + local.hour
        if hour != self._hour:
            self._sum_up()
            self._hour, self._seconds = hour, {}
        if self._looked_s is not None:
            lasted_s = min(now_s - self._looked_s, LONGEST_S)
            self._seconds[count] = self._seconds.get(count, 0.0) + lasted_s
        self._looked_s = now_s

    def pause(self) -> None:
        """Nobody looks for now: count the running hour as it stands. If looks follow in it, it is
        counted anew with them."""
        self._sum_up()
        self._looked_s = None

    def usual(self, local: datetime) -> float | None:
        """The usual count at an hour of the week; none before it is known."""
        week = _week(local.date())
        known = self._memory.hours.get(local.weekday() * 24 + local.hour, ())
        values = [value for at, value in known if 0 < week - at <= self._settings.memory_weeks]
        return median(values) if len(values) >= self._settings.weeks else None

    def limit(self, floor: int, local: datetime) -> int:
        """The limit at an hour of the week: never below `floor`."""
        usual = self.usual(local)
        return floor if usual is None else max(floor, ceil(usual * self._settings.factor))

    def _sum_up(self) -> None:
        """Remember the running hour."""
        if self._hour is None or sum(self._seconds.values()) < WATCHED_S:
            return
        week, hour = self._hour
        value = _quantile(self._seconds, self._settings.quantile)
        weeks = dict(self._memory.hours.get(hour, ())) | {week: value}
        kept = sorted(weeks.items())[-self._settings.memory_weeks :]
        hours = {**self._memory.hours, hour: tuple(kept)}
        self._memory = self._memory.model_copy(update={"hours": hours})


def _week(day: date) -> int:
    """The number of a week that begins on Monday."""
    return (day.toordinal() - 1) // 7


def _quantile(seconds: dict[int, float], share: float) -> float:
    """The least count that was not passed for this share of the time."""
    left_s = share * sum(seconds.values())
    for count in sorted(seconds):
        left_s -= seconds[count]
        if left_s <= 1e-6:
            return float(count)
    return float(max(seconds))
