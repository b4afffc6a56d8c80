"""Every error of the redis library comes in through one door."""

import io

import pytest
import redis
import redis.exceptions

from domain.errors import BusUnavailable
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import GroupMissing, bus_errors, connect

REDIS_ERRORS = sorted(
    (
        kind
        for kind in vars(redis.exceptions).values()
        if isinstance(kind, type) and issubclass(kind, redis.RedisError)
    ),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", [*REDIS_ERRORS, ConnectionResetError, TimeoutError])
def test_mapped(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    with (
        pytest.raises(BusUnavailable, match="could not publish"),
        bus_errors("redis://b", "publish"),
    ):
        raise error


def test_a_missing_group_is_told_apart(bus_url: str) -> None:
    client = connect(bus_url, BusSettings())
    with pytest.raises(GroupMissing, match="NOGROUP"), bus_errors(bus_url, "read"):
        client.xreadgroup("nobody", "me", {BusSettings().news_stream: ">"})
    client.close()


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), bus_errors("redis://bus", "divide"):
        raise ZeroDivisionError


def test_a_connection_that_another_thread_closed_is_a_bus_that_is_away() -> None:
    read = io.BytesIO()
    read.close()
    with pytest.raises(BusUnavailable, match="could not read commands"):
        with bus_errors("redis://bus", "read commands"):
            read.seek(0)


def test_other_values_that_are_wrong_stay_what_they_are() -> None:
    with pytest.raises(ValueError, match="invalid literal"), bus_errors("redis://bus", "count"):
        int("many")
