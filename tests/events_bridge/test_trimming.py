"""News leaves the bus by age and acknowledgement only."""

from collections.abc import Iterator
from contextlib import closing

import pytest
import redis
from structlog.testing import capture_logs

from domain.errors import BusUnavailable
from events_bridge.bus_settings import BusSettings
from events_bridge.trimming import NewsTrimmer

STREAM = BusSettings().news_stream
LONG_AGO_MS = 1_000_000
HOUR_S = 3_600.0


@pytest.fixture
def client(bus_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(bus_url, protocol=2) as client:
        yield client


def add_old(client: redis.Redis, count: int) -> list[str]:
    """Entries from the beginning of the clock."""
    ids = [f"{LONG_AGO_MS + number}-0" for number in range(count)]
    for entry_id in ids:
        client.xadd(STREAM, {"envelope": "x"}, id=entry_id)
    return ids


def trim(url: str, *, keep_s: float = HOUR_S, max_age_s: float = 1e12) -> int:
    settings = BusSettings(news_keep_s=keep_s, news_max_age_s=max_age_s)
    with closing(NewsTrimmer(url, settings)) as trimmer:
        return trimmer.trim()


def read(client: redis.Redis, group: str, count: int) -> None:
    client.xgroup_create(STREAM, group, id="0", mkstream=True)
    client.xreadgroup(group, "me", {STREAM: ">"}, count=count)


def test_nothing_to_trim(bus_url: str) -> None:
    assert trim(bus_url) == 0


def test_what_no_group_has_read_stays(bus_url: str, client: redis.Redis) -> None:
    add_old(client, 10)
    assert trim(bus_url) == 0


def test_acknowledged_by_all_groups_and_old_leaves(bus_url: str, client: redis.Redis) -> None:
    ids = add_old(client, 10)
    read(client, "center", 10)
    read(client, "auditor", 6)
    client.xack(STREAM, "center", *ids)
    client.xack(STREAM, "auditor", *ids[:6])
    assert trim(bus_url) == 6
    assert client.xlen(STREAM) == 4


def test_what_is_unacknowledged_stays(bus_url: str, client: redis.Redis) -> None:
    ids = add_old(client, 10)
    read(client, "center", 10)
    client.xack(STREAM, "center", *ids[:3], *ids[5:])
    assert trim(bus_url) == 3


def test_acknowledged_but_young_stays(bus_url: str, client: redis.Redis) -> None:
    ids = add_old(client, 5)
    young = client.xadd(STREAM, {"envelope": "x"})
    read(client, "center", 10)
    client.xack(STREAM, "center", *ids, young)
    assert trim(bus_url) == 5
    assert trim(bus_url, keep_s=0.0) <= 1  # the server's clock may still show the same moment
    assert client.xlen(STREAM) in (0, 1)


def test_unread_for_too_long_leaves_aloud(bus_url: str, client: redis.Redis) -> None:
    add_old(client, 10)
    read(client, "gone", 2)
    with capture_logs() as logs:
        assert trim(bus_url, max_age_s=HOUR_S) == 10
    assert [(e["event"], e["log_level"]) for e in logs] == [("news left the bus unread", "error")]


def test_without_a_bus() -> None:
    with pytest.raises(BusUnavailable, match="could not trim"):
        trim("redis://127.0.0.1:1")
