"""Servers that many tests share, and logs that no test leaves changed for the next."""

import logging
from collections.abc import Iterator

import pytest
import redis
import structlog

from events_bridge.embedded import EmbeddedBus


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command that a test runs in this process sets up the logs of the whole process."""
    configuration = structlog.get_config()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.configure(**configuration)
    root.handlers, root.level = handlers, level


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
