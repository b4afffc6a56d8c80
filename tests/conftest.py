"""Servers that many tests share."""

from collections.abc import Iterator

import pytest
import redis

from events_bridge.embedded import EmbeddedBus


@pytest.fixture(scope="session")
def bus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBus]:
    """One real embedded Valkey for the whole session."""
    with EmbeddedBus(tmp_path_factory.mktemp("bus")) as bus:
        yield bus


@pytest.fixture
def bus_url(bus_server: EmbeddedBus) -> str:
    """The address of a bus that holds nothing yet. Do not stop this one: others use it."""
    with redis.Redis.from_url(bus_server.url) as client:
        client.flushall()
    return bus_server.url
