"""The publisher, with the bus there, away, killed and full."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from structlog.testing import capture_logs

from domain.errors import BusError, ConfigurationError
from events_bridge.bus_settings import BusSettings
from events_bridge.embedded import EmbeddedBus
from events_bridge.envelope import worker_source
from events_bridge.outbox import Outbox
from events_bridge.publisher import Publisher
from tests.books import make_book
from tests.events_bridge.bus_tools import Inbox, consuming, kill_server, on_stream
from tests.events_bridge.samples import MESSAGES_OF_EACH_TYPE, incident_message, looks_message
from tests.scarcity import no_descriptors
from tests.waiting import WAIT_S, wait_until

SOURCE = worker_source("edge-1")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """The real one: that of a worker's book."""
    with make_book(tmp_path) as book:
        yield book.outbox


def test_messages_arrive_in_order(bus_url: str, outbox: Outbox) -> None:
    messages = [incident_message(number) for number in range(250)]
    with Publisher(bus_url, outbox, source=SOURCE) as publisher:
        for message in messages:
            publisher.publish(message)
        assert publisher.flush(WAIT_S)
        assert publisher.waiting == 0
        assert publisher.connected
    assert on_stream(bus_url) == messages


def test_summaries_go_to_a_stream_of_their_own(bus_url: str, outbox: Outbox) -> None:
    with Publisher(bus_url, outbox, source=SOURCE) as publisher:
        for message in MESSAGES_OF_EACH_TYPE:
            publisher.publish(message)
        assert publisher.flush(WAIT_S)
    assert on_stream(bus_url) == list(MESSAGES_OF_EACH_TYPE[:-1])
    assert on_stream(bus_url, BusSettings().looks_stream) == [MESSAGES_OF_EACH_TYPE[-1]]


def test_only_the_newest_summaries_are_kept(bus_url: str, outbox: Outbox) -> None:
    settings = BusSettings(looks_max_length=100)
    with Publisher(bus_url, outbox, source=SOURCE, settings=settings) as publisher:
        for number in range(1_000):
            publisher.publish(looks_message(number))
        assert publisher.flush(WAIT_S)
    kept = on_stream(bus_url, BusSettings().looks_stream)
    assert 100 <= len(kept) < 300
    assert kept[-1] == looks_message(999)


def test_without_a_bus_messages_wait_for_the_next_process(
    own_bus: EmbeddedBus, outbox: Outbox, quick: BusSettings
) -> None:
    url = own_bus.url
    own_bus.stop()
    with capture_logs() as logs:
        with Publisher(url, outbox, source=SOURCE, settings=quick) as publisher:
            for number in range(5):
                publisher.publish(incident_message(number))
            assert publisher.waiting == 5
            assert not publisher.flush(0.2)
            assert not publisher.connected
    told = [entry["event"] for entry in logs]
    assert told == ["bus away, messages wait", "messages stay in the outbox"]
    own_bus.start()
    with Publisher(url, outbox, source=SOURCE, settings=quick) as publisher:
        publisher.publish(incident_message(5))
        assert publisher.flush(WAIT_S)
    assert on_stream(url) == [incident_message(number) for number in range(6)]


def test_a_bus_killed_on_the_way_costs_nothing(
    own_bus: EmbeddedBus, outbox: Outbox, quick: BusSettings
) -> None:
    """The server dies while messages flow and is restarted by its owner: everything arrives,
    in order, and once for whoever handles by name."""
    messages = [incident_message(number) for number in range(600)]
    inbox = Inbox()
    with (
        Publisher(own_bus.url, outbox, source=SOURCE, settings=quick) as publisher,
        consuming(own_bus.url, inbox, quick),
    ):
        for number, message in enumerate(messages):
            publisher.publish(message)
            if number == 100:
                wait_until(lambda: len(inbox) > 50, "the first messages")
                kill_server(own_bus)
            if number == 400:
                wait_until(lambda: len(inbox) > 250, "messages after the restart")
                kill_server(own_bus)
        wait_until(lambda: len(inbox) == len(messages), "all messages")
        assert publisher.flush(WAIT_S)
    assert inbox.messages == messages


def test_a_full_bus_makes_messages_wait(bus_url: str, outbox: Outbox, quick: BusSettings) -> None:
    client = redis.Redis.from_url(bus_url)
    before = str(client.config_get("maxmemory")["maxmemory"])
    try:
        client.config_set("maxmemory", 1)
        with Publisher(bus_url, outbox, source=SOURCE, settings=quick) as publisher:
            with capture_logs() as logs:
                publisher.publish(incident_message(0))
                wait_until(lambda: not publisher.connected, "the refusal")
            assert "OutOfMemory" in logs[0]["error"]
            assert publisher.waiting == 1
            client.config_set("maxmemory", before)
            assert publisher.flush(WAIT_S)
    finally:
        client.config_set("maxmemory", before)
        client.close()
    assert on_stream(bus_url) == [incident_message(0)]


def test_it_outlives_a_lack_of_descriptors(
    own_bus: EmbeddedBus, outbox: Outbox, quick: BusSettings
) -> None:
    url = own_bus.url
    own_bus.stop()
    with (
        Publisher(url, outbox, source=SOURCE, settings=quick) as publisher,
    ):
        publisher.publish(incident_message(0))
        wait_until(lambda: not publisher.connected, "an attempt without a bus")
        with no_descriptors():
            publisher.publish(incident_message(1))
        assert publisher.waiting == 2
        own_bus.start()
        assert publisher.flush(WAIT_S)
    assert on_stream(url) == [incident_message(0), incident_message(1)]


def test_a_closed_publisher_says_so(bus_url: str, outbox: Outbox) -> None:
    publisher = Publisher(bus_url, outbox, source=SOURCE)
    publisher.close()
    publisher.close()
    with pytest.raises(BusError, match=f"message=inc_00000:1: the publisher of {SOURCE} is"):
        publisher.publish(incident_message(0))


def test_an_unusable_address_is_told_at_once(outbox: Outbox) -> None:
    with pytest.raises(ConfigurationError, match=r"bus\.url"):
        Publisher("http://bus", outbox, source=SOURCE)
