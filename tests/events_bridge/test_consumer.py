"""The consumer: at least once, whatever dies."""

import subprocess
import sys
import threading
from pathlib import Path
from textwrap import dedent

import pytest
import redis
from structlog.testing import capture_logs

from domain.errors import BusUnavailable, CaseStoreUnavailable, MessageInvalid
from domain.messages import Message
from events_bridge.connection import connect
from events_bridge.consumer import Consumer
from events_bridge.embedded import EmbeddedBus
from events_bridge.envelope import to_envelope
from events_bridge.settings import BusSettings
from tests.events_bridge.bus_tools import GROUP, Inbox, consuming, kill_and_wait
from tests.events_bridge.samples import incident_message, looks_message
from tests.waiting import wait_until


def send(url: str, *messages: Message, stream: str = "patrol:news") -> None:
    client = connect(url, BusSettings())
    for message in messages:
        client.xadd(stream, {b"envelope": to_envelope(message, "patrol/edge-1")})
    client.close()


def consumer_of(url: str, settings: BusSettings) -> Consumer:
    return Consumer(url, group=GROUP, name="reader", handler=Inbox(), settings=settings)


def test_both_streams_are_read(bus_url: str, quick: BusSettings) -> None:
    inbox = Inbox()
    send(bus_url, incident_message(0), incident_message(1))
    send(bus_url, looks_message(0), stream="patrol:looks")
    with consuming(bus_url, inbox, quick) as consumer:
        wait_until(lambda: len(inbox) == 3, "all messages")
        send(bus_url, incident_message(2))
        wait_until(lambda: len(inbox) == 4, "a later message")
        wait_until(lambda: consumer.lag() == 0, "acknowledgement")
    assert [m.name for m in inbox.messages if m != looks_message(0)] == [
        incident_message(number).name for number in range(3)
    ]


def test_lag_counts_what_is_unread_and_unacknowledged(bus_url: str, quick: BusSettings) -> None:
    send(bus_url, *map(incident_message, range(5)))
    reader = consumer_of(bus_url, quick)
    assert reader.lag() == 5
    client = redis.Redis.from_url(bus_url, protocol=2)
    client.xgroup_create("patrol:news", GROUP, id="0")
    client.xreadgroup(GROUP, "other", {"patrol:news": ">"}, count=2)
    assert reader.lag() == 5
    first = client.xrange("patrol:news", count=1)[0][0]  # type: ignore[index]
    client.xack("patrol:news", GROUP, first)  # type: ignore[arg-type]
    assert reader.lag() == 4
    last = client.xrevrange("patrol:news", count=1)[0][0]  # type: ignore[index]
    client.xdel("patrol:news", last)  # type: ignore[arg-type]
    assert reader.lag() == 3
    client.close()
    reader.close()


def test_a_message_whose_handler_failed_comes_again(bus_url: str, quick: BusSettings) -> None:
    attempts: list[str] = []

    def fail_first(message: Message) -> None:
        attempts.append(message.name)
        if len(attempts) == 1:
            raise RuntimeError("the first attempt fails")

    send(bus_url, incident_message(0))
    with capture_logs() as logs, consuming(bus_url, fail_first, quick) as consumer:
        wait_until(lambda: len(attempts) == 2, "the second attempt")
        wait_until(lambda: consumer.lag() == 0, "acknowledgement")
        assert consumer.dead_letters() == ()
    assert [entry["deliveries"] for entry in logs] == [1]


def test_a_poison_message_goes_to_the_dead_letters(bus_url: str, quick: BusSettings) -> None:
    inbox, attempts = Inbox(), 0

    def choke(message: Message) -> None:
        nonlocal attempts
        if message == incident_message(1):
            attempts += 1
            raise RuntimeError("poison")
        inbox(message)

    send(bus_url, *map(incident_message, range(3)))
    with consuming(bus_url, choke, quick) as consumer:
        wait_until(lambda: consumer.dead_letters(), "the dead letter")
        wait_until(lambda: consumer.lag() == 0, "the rest")
        (letter,) = consumer.dead_letters()
    assert attempts == quick.max_deliveries == letter.deliveries
    assert letter.reason == "RuntimeError: poison"
    assert letter.envelope == to_envelope(incident_message(1), "patrol/edge-1")
    assert (letter.stream, letter.consumer) == ("patrol:news", "center-1")
    assert inbox.messages == [incident_message(0), incident_message(2)]


def test_what_cannot_be_understood_is_buried_at_once(bus_url: str, quick: BusSettings) -> None:
    inbox = Inbox()
    client = redis.Redis.from_url(bus_url)
    client.xadd("patrol:news", {"envelope": "rubbish"})
    client.xadd("patrol:news", {"something": "else"})
    client.close()
    send(bus_url, incident_message(0))
    with consuming(bus_url, inbox, quick) as consumer:
        wait_until(lambda: len(inbox) == 1, "the sound message")
        wait_until(lambda: consumer.lag() == 0, "the rest")
        newest, oldest = consumer.dead_letters()
    assert [newest.deliveries, oldest.deliveries] == [1, 1]
    assert oldest.envelope == b"rubbish"
    assert "expected a CloudEvents 1.0 envelope in JSON, got 'rubbish'" in oldest.reason


def test_a_handler_may_find_a_message_invalid(bus_url: str, quick: BusSettings) -> None:
    def refuse(message: Message) -> None:
        raise MessageInvalid(f"no camera {message.subject}")

    send(bus_url, incident_message(0))
    with consuming(bus_url, refuse, quick) as consumer:
        wait_until(lambda: consumer.dead_letters(), "the dead letter")
        (letter,) = consumer.dead_letters()
    assert (letter.reason, letter.deliveries) == ("no camera gate-1", 1)


@pytest.mark.parametrize("error", [CaseStoreUnavailable, BusUnavailable])
def test_an_outage_behind_the_handler_uses_up_no_deliveries(
    bus_url: str, quick: BusSettings, error: type[Exception]
) -> None:
    inbox, attempts = Inbox(), 0

    def wait_for_the_database(message: Message) -> None:
        nonlocal attempts
        attempts += 1
        if attempts <= 10:
            raise error("the database is away")
        inbox(message)

    send(bus_url, *map(incident_message, range(3)))
    with capture_logs() as logs, consuming(bus_url, wait_for_the_database, quick) as consumer:
        wait_until(lambda: len(inbox) == 3, "all messages")
        wait_until(lambda: consumer.lag() == 0, "acknowledgement")
        assert consumer.dead_letters() == ()
    assert inbox.messages == [incident_message(number) for number in range(3)]
    assert [entry["event"] for entry in logs] == ["handler has to wait"]


def test_an_outage_behind_the_handler_and_a_bus_that_comes_and_goes_bury_nothing(
    own_bus: EmbeddedBus, quick: BusSettings
) -> None:
    inbox, tried, database_is_back = Inbox(), threading.Event(), threading.Event()

    def wait_for_the_database(message: Message) -> None:
        tried.set()
        if not database_is_back.is_set():
            raise CaseStoreUnavailable("the database is away")
        inbox(message)

    send(own_bus.url, *map(incident_message, range(2)))
    with consuming(own_bus.url, wait_for_the_database, quick) as consumer:
        for _ in range(quick.max_deliveries + 1):
            wait_until(tried.is_set, "an attempt")
            kill_and_wait(own_bus)
            tried.clear()
        database_is_back.set()
        wait_until(lambda: len(inbox) == 2, "both messages")
        assert consumer.dead_letters() == ()


def test_two_consumers_of_a_group_share_the_work(bus_url: str, quick: BusSettings) -> None:
    handled: dict[str, list[str]] = {"center-1": [], "center-2": []}
    both = threading.Barrier(2, timeout=20)

    def note(name: str, message: Message) -> None:
        if not handled[name]:
            handled[name].append(message.name)
            both.wait()  # nobody takes a second message before each has a first
            return
        handled[name].append(message.name)

    send(bus_url, *map(incident_message, range(100)))
    with (
        consuming(bus_url, lambda m: note("center-1", m), quick, name="center-1"),
        consuming(bus_url, lambda m: note("center-2", m), quick, name="center-2"),
    ):
        wait_until(lambda: sum(map(len, handled.values())) >= 100, "all messages")
    names = sorted(handled["center-1"] + handled["center-2"])
    assert names == [incident_message(number).name for number in range(100)]
    assert all(handled.values())


def read_without_acknowledging(url: str, name: str, count: int, *, times: int = 1) -> None:
    """What a consumer leaves behind that dies between taking messages and acknowledging."""
    client = redis.Redis.from_url(url, protocol=2)
    client.xgroup_create("patrol:news", GROUP, id="0")
    client.xreadgroup(GROUP, name, {"patrol:news": ">"}, count=count)
    for _ in range(times - 1):
        client.xreadgroup(GROUP, name, {"patrol:news": "0"}, count=count)
    client.close()


def test_what_a_dead_consumer_held_is_claimed(bus_url: str, quick: BusSettings) -> None:
    send(bus_url, *map(incident_message, range(5)))
    read_without_acknowledging(bus_url, "the-late-one", 3)
    inbox = Inbox()
    with consuming(bus_url, inbox, quick) as consumer:
        wait_until(lambda: len(inbox) == 5, "claimed messages too")
        wait_until(lambda: consumer.lag() == 0, "acknowledgement")


def test_what_a_live_consumer_holds_is_left_alone(bus_url: str, quick: BusSettings) -> None:
    send(bus_url, *map(incident_message, range(5)))
    read_without_acknowledging(bus_url, "busy", 3)
    inbox = Inbox()
    patient = quick.model_copy(update={"claim_idle_s": 3600.0})
    with consuming(bus_url, inbox, patient) as consumer:
        wait_until(lambda: len(inbox) == 2, "the rest")
        wait_until(lambda: consumer.lag() == 3, "acknowledgement")
    assert inbox.messages == [incident_message(3), incident_message(4)]


def test_a_restarted_consumer_finds_what_it_held(bus_url: str, quick: BusSettings) -> None:
    send(bus_url, *map(incident_message, range(5)))
    read_without_acknowledging(bus_url, "center-1", 3)
    inbox = Inbox()
    patient = quick.model_copy(update={"claim_idle_s": 3600.0, "retry_first_s": 3600.0})
    with consuming(bus_url, inbox, patient):
        wait_until(lambda: len(inbox) == 5, "all messages")
    assert inbox.messages == [incident_message(number) for number in range(5)]


def test_a_message_that_kills_its_consumers_is_buried_unhandled(
    bus_url: str, quick: BusSettings
) -> None:
    send(bus_url, *map(incident_message, range(2)))
    read_without_acknowledging(bus_url, "center-1", 1, times=quick.max_deliveries)
    inbox = Inbox()
    with consuming(bus_url, inbox, quick) as consumer:
        wait_until(lambda: len(inbox) == 1, "the harmless message")
        (letter,) = consumer.dead_letters()
    assert inbox.messages == [incident_message(1)]
    assert letter.reason == "3 deliveries, and none was acknowledged"


def test_a_consumer_killed_between_handling_and_acknowledging(
    bus_url: str, quick: BusSettings, tmp_path: Path
) -> None:
    """A real process handles a message and dies in that moment: the message comes again."""
    program = dedent(
        """
        import os, signal, sys, threading
        from pathlib import Path
        from events_bridge.consumer import Consumer
        def handle(message):
            Path(sys.argv[2]).write_text(message.name)
            os.kill(os.getpid(), signal.SIGKILL)
        Consumer(sys.argv[1], group="center", name="mortal", handler=handle).run(threading.Event())
        """
    )
    send(bus_url, incident_message(0), incident_message(1))
    handled = tmp_path / "handled"
    command = [sys.executable, "-c", program, bus_url, str(handled)]
    assert subprocess.run(command, check=False, timeout=60).returncode == -9
    assert handled.read_text() == incident_message(0).name
    inbox = Inbox()
    with consuming(bus_url, inbox, quick):
        wait_until(lambda: len(inbox) == 2, "both messages")
    assert inbox.messages == [incident_message(0), incident_message(1)]


def test_a_flushed_server_gets_its_group_again(bus_url: str, quick: BusSettings) -> None:
    inbox = Inbox()
    send(bus_url, incident_message(0))
    with consuming(bus_url, inbox, quick):
        wait_until(lambda: len(inbox) == 1, "the first message")
        with redis.Redis.from_url(bus_url) as client:
            client.flushall()
        send(bus_url, incident_message(1))
        wait_until(lambda: len(inbox) == 2, "the message after the flush")


def test_restarts_of_the_bus_are_survived(own_bus: EmbeddedBus, quick: BusSettings) -> None:
    inbox = Inbox()
    with capture_logs() as logs, consuming(own_bus.url, inbox, quick):
        send(own_bus.url, incident_message(0))
        wait_until(lambda: len(inbox) == 1, "the first message")
        kill_and_wait(own_bus)
        send(own_bus.url, incident_message(1))
        wait_until(lambda: len(inbox) == 2, "a message after one restart")
        kill_and_wait(own_bus)
        send(own_bus.url, incident_message(2))
        wait_until(lambda: len(inbox) == 3, "a message after two restarts")
    assert inbox.messages == [incident_message(number) for number in range(3)]
    assert {"bus away", "bus is back"} <= {entry["event"] for entry in logs}


def test_stop_is_prompt_without_a_bus(tmp_path: Path, quick: BusSettings) -> None:
    url = f"unix://{tmp_path}/nobody.sock"
    with consuming(url, Inbox(), quick) as consumer:
        with pytest.raises(BusUnavailable, match="could not measure the lag"):
            consumer.lag()


def test_stop_leaves_the_rest_of_a_batch_for_later(bus_url: str, quick: BusSettings) -> None:
    stop = threading.Event()
    handled = []

    def stop_after_first(message: Message) -> None:
        handled.append(message)
        stop.set()

    send(bus_url, *map(incident_message, range(5)))
    consumer = Consumer(
        bus_url, group=GROUP, name="center-1", handler=stop_after_first, settings=quick
    )
    consumer.run(stop)
    assert handled == [incident_message(0)]
    assert consumer.lag() == 4
    stop.clear()
    consumer.run(stop)
    assert handled == [incident_message(0), incident_message(1)]
    consumer.close()
