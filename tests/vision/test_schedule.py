"""Weekly hours."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from vision.schedule import Schedule, Window, is_on

SCHEDULE: TypeAdapter[Schedule] = TypeAdapter(Schedule)
BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
WORKDAYS = [{"days": "mon-fri", "from": "06:30", "to": "22:30"}]
NIGHT = [{"days": "fri", "from": "22:00", "to": "06:00"}]


def local(text: str, timezone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone).astimezone(UTC)


@pytest.mark.parametrize(
    ("windows", "text", "on"),
    [
        ([], "2026-01-01T00:00", True),
        (WORKDAYS, "2026-01-01T06:29:59", False),  # a Thursday
        (WORKDAYS, "2026-01-01T06:30", True),
        (WORKDAYS, "2026-01-01T22:29:59", True),
        (WORKDAYS, "2026-01-01T22:30", False),
        (WORKDAYS, "2026-01-03T12:00", False),  # a Saturday
        (NIGHT, "2026-01-02T21:59", False),
        (NIGHT, "2026-01-02T22:00", True),
        (NIGHT, "2026-01-03T05:59", True),
        (NIGHT, "2026-01-03T06:00", False),
        (NIGHT, "2026-01-02T05:59", False),
        ([{}], "2026-01-02T05:59", True),
        ([{"days": "sun", "to": "24:00"}], "2026-01-04T23:59:59", True),
        ([{"days": "sun", "to": "24:00"}], "2026-01-05T00:00", False),
        ([{"days": "sun", "from": "23:00", "to": "01:00"}], "2026-01-05T00:59", True),
        ([*WORKDAYS, {"days": "sat"}], "2026-01-03T12:00", True),
        ([{"from": 390, "to": 1350}], "2026-01-03T06:30", True),  # unquoted in YAML
        ([{"from": 0, "to": 60}], "2026-01-03T00:59", True),
    ],
)
def test_hours(windows: list[dict[str, Any]], text: str, on: bool) -> None:
    assert is_on(SCHEDULE.validate_python(windows), local(text), SHANGHAI) is on


@pytest.mark.parametrize(
    ("days", "parsed"),
    [
        ("daily", (0, 1, 2, 3, 4, 5, 6)),
        ("mon", (0,)),
        ("Mon - Wed", (0, 1, 2)),
        ("fri-mon", (0, 4, 5, 6)),
        ("sat, sun,sat", (5, 6)),
        (["tue", "thu-fri"], (1, 3, 4)),
        ([0, 6], (0, 6)),
    ],
)
def test_days(days: Any, parsed: tuple[int, ...]) -> None:
    assert Window.model_validate({"days": days}).days == parsed


@pytest.mark.parametrize(
    ("window", "where", "words"),
    [
        ({"days": "monday"}, ("days",), "expected days out of mon, tue"),
        ({"days": 3}, ("days",), "expected days such as mon-fri"),
        ({"days": [9]}, ("days",), "got 9"),
        ({"days": []}, ("days",), "at least 1"),
        ({"from": "6.30"}, ("from",), "expected a time of day such as 06:30, got '6.30'"),
        ({"from": "24:01"}, ("from",), "between 00:00 and 24:00"),
        ({"from": "12:60"}, ("from",), "between 00:00 and 24:00"),
        ({"from": 1441}, ("from",), "got 1441"),
        ({"from": 8, "to": "18:00"}, ("from",), "got 8: write '08:00'"),
        ({"to": 24}, ("to",), "got 24: write '24:00'"),
        ({"from": 59}, ("from",), "expected a time of day such as 06:30, got 59"),
        ({"to": True}, ("to",), "got True"),
        ({"from": "08:00", "to": "08:00"}, (), "got 08:00 twice"),
        ({"until": "08:00"}, ("until",), "Extra inputs"),
    ],
)
def test_what_is_wrong_is_said(window: Any, where: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValidationError) as error:
        Window.model_validate(window)
    (problem,) = error.value.errors()
    assert problem["loc"] == where
    assert words in problem["msg"]


def test_a_window_is_written_as_it_is_read() -> None:
    window = Window.model_validate({"days": "sat-sun", "from": "06:30", "to": "24:00"})
    written = window.model_dump(mode="json")
    assert written == {"days": "sat,sun", "from": "06:30", "to": "24:00"}
    assert Window.model_validate(written) == window


@pytest.mark.parametrize(
    ("windows", "day", "hours"),
    [
        # The hour from 02:00 to 03:00 does not come on 2026-03-29, and comes twice on 10-25.
        ([{"from": "02:00", "to": "03:00"}], "2026-03-29", 0),
        ([{"from": "02:00", "to": "03:00"}], "2026-10-25", 2),
        ([{"from": "01:00", "to": "04:00"}], "2026-03-29", 2),
        ([{"from": "01:00", "to": "04:00"}], "2026-10-25", 4),
        ([{"from": "06:30", "to": "22:30"}], "2026-03-29", 16),
    ],
)
def test_summer_time(windows: list[dict[str, Any]], day: str, hours: float) -> None:
    schedule = SCHEDULE.validate_python(windows)
    begin, end = local(f"{day}T00:00", BERLIN), local(f"{day}T23:59", BERLIN)
    minutes = int((end - begin).total_seconds() // 60) + 1
    inside = sum(is_on(schedule, begin + timedelta(minutes=m), BERLIN) for m in range(minutes))
    assert inside == hours * 60


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(0, 1439),
    st.integers(0, 1439),
)
def test_a_window_and_its_complement_make_up_the_day(at: datetime, a: int, b: int) -> None:
    if a != b:
        begins, ends = (f"{minutes // 60}:{minutes % 60:02d}" for minutes in (a, b))
        one, other = (
            Window.model_validate({"from": x, "to": y}) for x, y in ((begins, ends), (ends, begins))
        )
        assert is_on((one,), at, BERLIN) is not is_on((other,), at, BERLIN)
