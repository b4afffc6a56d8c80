"""Times as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from console.times import Times
from domain.base import Language

NOW = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
"""00:30 on 2026-11-24 in Shanghai."""
SHANGHAI = ZoneInfo("Asia/Shanghai")


def times(language: Language = "zh") -> Times:
    return Times(SHANGHAI, language, NOW)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (-5, "0 秒前", "0 s ago"),
        (0.9, "0 秒前", "0 s ago"),
        (59.9, "59 秒前", "59 s ago"),
        (60, "1 分钟前", "1 min ago"),
        (3599, "59 分钟前", "59 min ago"),
        (7200, "2 小时前", "2 h ago"),
        (86400 * 3, "3 天前", "3 d ago"),
    ],
)
def test_ago(seconds: float, zh: str, en: str) -> None:
    at = NOW - timedelta(seconds=seconds)
    assert times().ago(at) == zh
    assert times("en").ago(at) == en


@pytest.mark.parametrize(
    ("seconds", "zh"),
    [
        (-1, "0 秒"),
        (3.2, "3.2 秒"),
        (4.0, "4 秒"),
        (59, "59 秒"),
        (60, "1 分"),
        (200, "3 分 20 秒"),
        (3605, "1 小时"),
        (3660, "1 小时 1 分"),
        (90000, "1 天 1 小时"),
    ],
)
def test_span(seconds: float, zh: str) -> None:
    assert times().span(seconds) == zh


@pytest.mark.parametrize(
    ("at", "short"),
    [
        (datetime(2026, 11, 23, 16, 0, 7, tzinfo=UTC), "00:00:07"),
        (datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC), "11-23 23:59"),
        (datetime(2025, 11, 23, 4, tzinfo=UTC), "2025-11-23"),
    ],
)
def test_short_is_of_the_towns_day(at: datetime, short: str) -> None:
    assert times().short(at) == short


def test_exact_is_in_the_towns_zone() -> None:
    assert times().exact(NOW) == "2026-11-24 00:30:00"


def test_age_is_one_unit() -> None:
    assert times().age(14 * 60 + 30) == "14 分钟"
