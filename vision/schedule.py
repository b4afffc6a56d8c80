"""Weekly hours in a site's own time zone: ``[{days: mon-fri, from: "06:30", to: "22:30"}]``."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from domain.base import Settings

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60
_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})$")


def _parse_days(value: Any) -> Any:
    """``mon-fri``, ``sat, sun``, ``fri-mon``, ``daily`` or a list of such → weekdays, Monday 0."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, Iterable):
        raise ValueError(f"expected days such as mon-fri or sat,sun, got {value!r}")
    return tuple(sorted({day for part in value for day in _day_span(part)}))


def _day_span(part: Any) -> tuple[int, ...]:
    if isinstance(part, int) and 0 <= part <= 6:
        return (part,)
    text = str(part).strip().lower()
    if text == "daily":
        return tuple(range(7))
    first, _, last = text.partition("-")
    names = first.strip(), (last or first).strip()
    if any(name not in DAYS for name in names):
        raise ValueError(f"expected days out of {', '.join(DAYS)} or daily, got {part!r}")
    start, end = (DAYS.index(name) for name in names)
    return tuple((start + i) % 7 for i in range((end - start) % 7 + 1))


def _parse_clock(value: Any) -> Any:
    """``06:30`` → minutes since midnight. YAML itself reads an unquoted 22:30 as 22 × 60 + 30, so
    what is less than 60 is no clock that it has read, but an hour that somebody meant."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value == 0 or 60 <= value <= _DAY_MINUTES:
            return value
        if 0 < value <= 24:
            raise ValueError(f"expected a time of day, got {value}: write '{value:02d}:00'")
    match = _CLOCK.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected a time of day such as 06:30, got {value!r}")
    hours, minutes = int(match[1]), int(match[2])
    if minutes > 59 or hours * 60 + minutes > _DAY_MINUTES:
        raise ValueError(f"expected a time of day between 00:00 and 24:00, got {value!r}")
    return hours * 60 + minutes


def _clock_words(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


Days = Annotated[
    tuple[int, ...],
    BeforeValidator(_parse_days),
    PlainSerializer(lambda days: ",".join(DAYS[day] for day in days), return_type=str),
    Field(min_length=1),
]
"""Weekdays, Monday 0."""

TimeOfDay = Annotated[int, BeforeValidator(_parse_clock), PlainSerializer(_clock_words)]
"""Minutes since local midnight, 0–1440; written ``HH:MM``."""


class Window(Settings):
    """One span of hours on some days. ``to`` before ``from`` runs over midnight into the next
    day; the days are those on which the window begins."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    days: Days = tuple(range(7))
    """Days on which the window begins: mon … sun, ranges, lists, or daily (default)."""
    from_min: TimeOfDay = Field(default=0, alias="from")
    """First minute of the window, local time (default 00:00)."""
    to_min: TimeOfDay = Field(default=_DAY_MINUTES, alias="to")
    """End of the window, local time, itself outside (default 24:00)."""

    @model_validator(mode="after")
    def _has_a_length(self) -> "Window":
        if self.from_min == self.to_min:
            raise ValueError(
                f"expected from and to to differ, got {_clock_words(self.from_min)} twice "
                "(a whole day is 00:00 to 24:00)"
            )
        return self

    def holds(self, weekday: int, minute: int) -> bool:
        """Whether a local weekday (Monday 0) and minute of the day lie inside."""
        if self.from_min < self.to_min:
            return weekday in self.days and self.from_min <= minute < self.to_min
        begun_today = weekday in self.days and minute >= self.from_min
        begun_yesterday = (weekday - 1) % 7 in self.days and minute < self.to_min
        return begun_today or begun_yesterday


Schedule = tuple[Window, ...]
"""Windows that together make up the hours; none at all means always."""


def is_on(schedule: Schedule, at: datetime, timezone: ZoneInfo) -> bool:
    """Whether `at` (aware) lies in the hours.

    Decided by what the clock on the wall shows at that instant, so a change to or from summer
    time needs no care: the hour that comes twice is inside twice, the skipped one never comes.
    """
    if not schedule:
        return True
    local = at.astimezone(timezone)
    minute = local.hour * 60 + local.minute
    return any(window.holds(local.weekday(), minute) for window in schedule)
