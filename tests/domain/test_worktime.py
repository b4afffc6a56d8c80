"""Working time: exact, additive, and a day off never brings a deadline forward."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.worktime import WorkCalendar
from tests.steps import steps

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = ((time(9), time(12)), (time(13), time(17)))
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
FEW = settings(max_examples=steps(20, 1_000), deadline=None)
_DAYS = st.frozensets(st.dates(FIRST, LAST), max_size=40)
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_MOMENTS = st.timedeltas(timedelta(0), timedelta(days=364)).map(lambda later: _BEGIN + later)
_WORK = st.timedeltas(timedelta(0), timedelta(hours=70))


def calendar(off: frozenset[date] = frozenset(), on: frozenset[date] = frozenset()) -> WorkCalendar:
    return WorkCalendar(ZONE, HOURS, off, on, frozenset({2026}))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@FEW
@given(off=_DAYS, on=_DAYS, more=_DAYS, start=_MOMENTS, work=_WORK)
def test_a_deadline_never_moves_earlier_when_a_holiday_is_added(
    off: frozenset[date], on: frozenset[date], more: frozenset[date], start: datetime,
    work: timedelta,
) -> None:  # fmt: skip
    before = calendar(off, on).add(start, work)
    after = calendar(off | more, on - more).add(start, work)
    assert start <= before <= after


@FEW
@given(off=_DAYS, on=_DAYS, start=_MOMENTS, work=_WORK)
def test_what_was_added_lies_between_to_the_microsecond(
    off: frozenset[date], on: frozenset[date], start: datetime, work: timedelta
) -> None:
    found = calendar(off, on)
    due_at = found.add(start, work)
    assert found.between(start, due_at) == work
    if work:  # and no moment before it would do
        assert found.between(start, due_at - timedelta(microseconds=1)) < work


@FEW
@given(off=_DAYS, start=_MOMENTS, first=_WORK, second=_WORK)
def test_a_pause_loses_nothing(
    off: frozenset[date], start: datetime, first: timedelta, second: timedelta
) -> None:
    found = calendar(off)
    assert found.add(found.add(start, first), second) == found.add(start, first + second)


@FEW
@given(start=_MOMENTS, work=_WORK, more=_WORK)
def test_more_time_is_never_over_earlier(start: datetime, work: timedelta, more: timedelta) -> None:
    assert calendar().add(start, work) <= calendar().add(start, work + more)


@FEW
@given(off=_DAYS, start=_MOMENTS, work=_WORK)
def test_a_deadline_lies_in_working_hours(
    off: frozenset[date], start: datetime, work: timedelta
) -> None:
    found = calendar(off)
    if work:
        due = found.add(start, work).astimezone(ZONE)
        assert found.is_workday(due.date())
        assert any(begin <= due.time() <= end for begin, end in HOURS)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-23 09:00", 2, "2026-11-23 11:00"),
        ("2026-11-23 11:00", 2, "2026-11-23 14:00"),  # over noon
        ("2026-11-23 12:30", 1, "2026-11-23 14:00"),
        ("2026-11-23 16:00", 1, "2026-11-23 17:00"),  # the end of the day, not the next morning
        ("2026-11-23 16:00", 2, "2026-11-24 10:00"),
        ("2026-11-27 16:00", 2, "2026-11-30 10:00"),  # over a weekend
        ("2026-11-28 03:00", 7, "2026-11-30 17:00"),
        ("2026-11-23 23:59", 1, "2026-11-24 10:00"),
    ],
)
def test_hours_are_counted_where_they_are_worked(start: str, hours: float, due: str) -> None:
    assert calendar().add(local(start), timedelta(hours=hours)) == local(due)


def test_no_time_at_all_is_over_at_once_and_time_does_not_run_back() -> None:
    at = local("2026-11-28 03:00")
    assert calendar().add(at, timedelta(0)) == at
    assert calendar().between(at, at - timedelta(days=9)) == timedelta(0)


def test_a_day_is_as_long_as_its_hours() -> None:
    assert calendar().day_length == timedelta(hours=7)


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        ((), "got none"),
        (((time(12), time(9)),), "got 12:00-09:00"),
        (((time(9), time(12)), (time(11), time(17))), "got 09:00-12:00, 11:00-17:00"),
    ],
)
def test_hours_that_are_none_are_refused(hours: tuple[tuple[time, time], ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        WorkCalendar(ZONE, hours)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="with its zone"):
        calendar().add(datetime(2026, 11, 23), timedelta(hours=1))  # noqa: DTZ001


def test_what_is_never_worked_is_said() -> None:
    never = WorkCalendar(ZONE, ((time(9), time(9, 1)),))
    with pytest.raises(ValueError, match="within 3660 days"):
        never.add(local("2026-11-23 09:00"), timedelta(days=30))


def test_a_year_nobody_announced_is_tentative_and_said_60_days_ahead() -> None:
    found = calendar()
    assert not found.is_tentative(local("2026-12-30 09:00"), local("2026-12-31 17:00"))
    assert found.is_tentative(local("2026-12-30 09:00"), local("2027-01-04 10:00"))
    assert found.unannounced(local("2026-11-01 23:00")) is None
    assert found.unannounced(local("2026-11-03 00:00")) == 2027
    assert found.unannounced(local("2027-05-01 00:00")) == 2027
