"""Working time 工作时: how much of it lies between two moments, and when so much of it is over.

A day is a working day or it is not (调休 included, which no rule tells: it is announced year by
year), and a working day has its hours. All sums are of whole microseconds in UTC, so that nothing
is lost by rounding, and a day that becomes a holiday can only move a deadline back.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.base import to_utc

Hours = tuple[time, time]
"""From, and up to: local times of one day."""

DAYS_AHEAD = 3_660
"""So far ahead working time is looked for: no deadline of ours is ten years away."""
SAID_AHEAD = timedelta(days=60)
"""A year whose days nobody has announced is told so long before it begins."""
_A_DAY = timedelta(days=1)
_NONE = timedelta(0)


@dataclass(frozen=True)
class WorkCalendar:
    """Which days of a town are worked, and from when to when.

    Raises ValueError for hours that are empty, upside down or out of order.
    """

    zone: ZoneInfo
    hours: tuple[Hours, ...]
    off: frozenset[date] = frozenset()
    """Days off that the week does not tell."""
    on: frozenset[date] = frozenset()
    """Worked days that the week does not tell (调休); they win over `off`."""
    announced: frozenset[int] = frozenset()
    """Years of which all such days are known."""

    def __post_init__(self) -> None:
        if not self.hours:
            raise ValueError("expected hours of a working day, got none")
        ends = [end for hours in self.hours for end in hours]
        if any(later <= earlier for earlier, later in pairwise(ends)):
            told = ", ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in self.hours)
            raise ValueError(f"expected hours one after the other, got {told}")

    @property
    def day_length(self) -> timedelta:
        """Working time of one working day: what 1 工作日 stands for."""
        any_day = date(2000, 1, 1)
        spans = (
            datetime.combine(any_day, end) - datetime.combine(any_day, begin)
            for begin, end in self.hours
        )
        return sum(spans, _NONE)

    @property
    def digest(self) -> str:
        """Differs between calendars that may tell different deadlines."""
        days = [",".join(sorted(map(str, found))) for found in (self.off, self.on, self.announced)]
        told = "|".join([self.zone.key, str(self.hours), *days])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def is_workday(self, day: date) -> bool:
        return day in self.on or (day.weekday() < 5 and day not in self.off)

    def is_announced(self, day: date) -> bool:
        return day.year in self.announced

    def add(self, start: datetime, work: timedelta) -> datetime:
        """The earliest moment by which so much working time has passed since `start`.

        Raises:
            ValueError: a naive time; or there is not so much of it within `DAYS_AHEAD`.
        """
        start = to_utc(start)
        if work <= _NONE:
            return start
        left = work
        for begin, end in self._spans(start, start + DAYS_AHEAD * _A_DAY):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        raise ValueError(f"expected {work} of working time within {DAYS_AHEAD} days after {start}")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time that lies between; none if the end comes first."""
        spans = self._spans(to_utc(start), to_utc(end))
        return sum((until - begin for begin, until in spans), _NONE)

    def is_tentative(self, start: datetime, end: datetime) -> bool:
        """暂定: whether what lies between reaches into a year of which not all is announced."""
        first, last = (at.astimezone(self.zone).year for at in (start, max(start, end)))
        return any(year not in self.announced for year in range(first, last + 1))

    def unannounced(self, at: datetime) -> int | None:
        """The first year that begins within `SAID_AHEAD` and is not announced, this one included;
        None: all is known."""
        first, last = (t.astimezone(self.zone).year for t in (at, at + SAID_AHEAD))
        return next((y for y in range(first, last + 1) if y not in self.announced), None)

    def _spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of working time between, in order and in UTC."""
        day = start.astimezone(self.zone).date()
        last = end.astimezone(self.zone).date()
        while day <= last:
            for hours in self.hours if self.is_workday(day) else ():
                begin, until = (self._at(day, local) for local in hours)
                begin, until = max(begin, start), min(until, end)
                if begin < until:
                    yield begin, until
            day += _A_DAY

    def _at(self, day: date, local: time) -> datetime:
        return datetime.combine(day, local, self.zone).astimezone(UTC)
