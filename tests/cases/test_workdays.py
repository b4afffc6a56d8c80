"""The town's calendar: announced days, 调休, and the town's own file over them."""

from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cases.workdays import CalendarFile, calendar_of, read_calendar_file

ZONE = ZoneInfo("Asia/Shanghai")
ON_2026 = ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")
OFF_2026 = (
    *(f"01-{day:02}" for day in (1, 2, 3)),
    *(f"02-{day:02}" for day in range(15, 24)),
    *(f"04-{day:02}" for day in (4, 5, 6)),
    *(f"05-{day:02}" for day in range(1, 6)),
    *(f"06-{day:02}" for day in (19, 20, 21)),
    *(f"09-{day:02}" for day in (25, 26, 27)),
    *(f"10-{day:02}" for day in range(1, 8)),
)
"""国办发明电〔2025〕: the holidays of 2026, and the weekends worked for them."""


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2019-05-05", True),  # a Sunday worked for a holiday that was prolonged late
        ("2020-01-31", False),  # the Spring Festival that was prolonged by an epidemic
        ("2024-02-04", True),
        ("2024-02-18", True),
        *((f"2026-{day}", True) for day in ON_2026),
        *((f"2026-{day}", False) for day in OFF_2026),
        ("2026-11-23", True),
        ("2026-11-28", False),
    ],
)
def test_named_days(day: str, worked: bool) -> None:
    assert calendar_of(ZONE).is_workday(date.fromisoformat(day)) is worked


def test_2026_has_as_many_days_off_as_announced() -> None:
    found = calendar_of(ZONE)
    assert len(OFF_2026) == len({day for day in found.off if day.year == 2026})
    assert len(ON_2026) == len({day for day in found.on if day.year == 2026})


def test_the_towns_file_wins_and_announces_a_year(tmp_path: Path) -> None:
    path = tmp_path / "days.yaml"
    path.write_text(
        "announced: [2027]\ndays_off: [2026-11-23, 2026-10-10]\ndays_on: [2026-11-28]\n"
    )
    found = calendar_of(ZONE, own=read_calendar_file(path))
    days = ("2026-11-23", "2026-10-10", "2026-11-28", "2026-11-24")
    assert [found.is_workday(date.fromisoformat(day)) for day in days] == [
        False, False, True, True,
    ]  # fmt: skip
    assert found.is_announced(date(2027, 3, 1))
    assert found.digest != calendar_of(ZONE).digest == calendar_of(ZONE).digest


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("days_off: [2026-13-40]", "expected YAML in UTF-8, month must be in 1..12"),
        ("holidays: []", "holidays: unknown key"),
        ("days_off: [2026-11-23]\ndays_on: [2026-11-23]", "got both of 2026-11-23"),
        ("days_off: [", "expected YAML"),
    ],
)
def test_a_file_that_says_nothing_of_use_is_named(tmp_path: Path, words: str, says: str) -> None:
    path = tmp_path / "days.yaml"
    path.write_text(words)
    with pytest.raises(ValueError, match=says) as refused:
        read_calendar_file(path)
    assert "days.yaml" in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot read .*none\.yaml"):
        read_calendar_file(tmp_path / "none.yaml")


def test_hours_may_differ() -> None:
    found = calendar_of(ZONE, ((time(8), time(20)),), CalendarFile())
    assert found.day_length.total_seconds() == 12 * 3600
