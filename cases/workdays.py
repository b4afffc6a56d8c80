"""The calendar of a town: what the State Council announced year by year, and the town's own days.

The announced days come with a library; a year it does not know yet has only its weeks, and every
deadline that reaches into it is 暂定. The town's override file says what the library cannot know:

    announced: [2027]              # these years are complete, by what is said here
    days_off: [2027-01-01, 2027-02-05]
    days_on: [2027-02-14]          # worked all the same 调休
"""

from collections.abc import Sequence
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import yaml
from pydantic import Field, ValidationError, field_validator

from domain.base import Settings
from domain.words import first_in_words
from domain.worktime import WorkCalendar

USUAL_HOURS = ((time(9), time(12)), (time(13), time(17)))
"""Offices in Chengdu: seven hours a day."""


class CalendarFile(Settings):
    """A town's days over the announced ones. A day named here wins."""

    announced: tuple[int, ...] = Field(default=())
    """Years of which this file says all."""
    days_off: tuple[date, ...] = ()
    """Days off."""
    days_on: tuple[date, ...] = ()
    """Days that are worked though the week or the announcement says otherwise (调休)."""

    @field_validator("days_on")
    @classmethod
    def _never_both(cls, on: tuple[date, ...], info: Any) -> tuple[date, ...]:
        if both := sorted(set(on) & set(info.data.get("days_off", ()))):
            raise ValueError(f"expected a day off or on, got both of {both[0]}")
        return on


def read_yaml(path: Path) -> Any:
    """What a file says. Raises ValueError that names it."""
    try:
        return yaml.safe_load(path.read_text("utf-8")) or {}
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from error
    except (yaml.YAMLError, ValueError) as error:  # the latter of a day that there is not
        first = str(error).splitlines()[0]
        raise ValueError(f"{path}: expected YAML in UTF-8, {first}") from error


def read_calendar_file(path: Path) -> CalendarFile:
    """Raises ValueError that says what is wrong in which file."""
    try:
        return CalendarFile.model_validate(read_yaml(path))
    except ValidationError as error:
        raise ValueError(f"{path}: {first_in_words(error)}") from error


@cache
def _announced() -> tuple[frozenset[date], frozenset[date], frozenset[int]]:
    """Days off, days worked by 调休, and the years of which all is known."""
    off, on = frozenset(chinese_calendar.holidays), frozenset(chinese_calendar.workdays)
    return off, on, frozenset(day.year for day in off)


def calendar_of(
    zone: ZoneInfo,
    hours: Sequence[tuple[time, time]] = USUAL_HOURS,
    own: CalendarFile | None = None,
) -> WorkCalendar:
    """The town's calendar. Raises ValueError for hours that are none."""
    own = own or CalendarFile()
    off, on, years = _announced()
    return WorkCalendar(
        zone=zone,
        hours=tuple(hours),
        off=(off | set(own.days_off)) - set(own.days_on),
        on=(on | set(own.days_on)) - set(own.days_off),
        announced=years | set(own.announced),
    )
