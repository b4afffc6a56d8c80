"""The consumer: at least once, whatever dies."""

import errno
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

import pytest
import redis
from structlog.testing import capture_logs

from domain.errors import (
    BusUnavailable,
    CaseStoreUnavailable,
    EvidenceStorageFull,
    MessageInvalid,
)
from domain.messages import Message
from domain.trouble import Trouble
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import connect
from events_bridge.consumer import SUSPECT_AFTER, Consumer
from events_bridge.embedded import EmbeddedBus
from events_bridge.envelope import to_envelope, worker_source
from events_bridge.group import Backlog
from events_bridge.publisher import ENVELOPE_FIELD
from events_bridge.trimming import NewsTrimmer
from tests.events_bridge.bus_tools import GROUP, Inbox, consuming, kill_and_wait
from tests.events_bridge.samples import incident_message, looks_message
from tests.waiting import wait_until

SOURCE = worker_source("edge-1")
NEWS = BusSettings().news_stream
LOOKS = BusSettings().looks_stream


def send(url: str, *messages: Message, stream: str = NEWS) -> None:
    client = connect(url, BusSettings())
    for message in messages:
        client.xadd(stream, {ENVELOPE_FIELD: to_envelope(message, SOURCE)})
    client.close()


def consumer_of(url: str, settings: BusSettings) -> Consumer:
    return Consumer(url, group=GROUP, name="reader", handler=Inbox(), settings=settings)


def test_both_streams_are_read(bus_url: str, quick: BusSettings) -> None:
    inbox = Inbox()
    send(bus_url, incident_message(0), incident_message(1))
    send(bus_url, looks_message(0), stream=LOOKS)
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
    client.xgroup_create(NEWS, GROUP, id="0")
    client.xreadgroup(GROUP, "other", {NEWS: ">"}, count=2)
    assert reader.lag() == 5
    first = client.xrange(NEWS, count=1)[0][0]  # type: ignore[index]
    client.xack(NEWS, GROUP, first)  # type: ignore[arg-type]
    assert reader.lag() == 4
    last = client.xrevrange(NEWS, count=1)[0][0]  # type: ignore[index]
    client.xdel(NEWS, last)  # type: ignore[arg-type]
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
    assert letter.envelope == to_envelope(incident_message(1), SOURCE)
    assert (letter.stream, letter.consumer) == (NEWS, "center-1")
    assert inbox.messages == [incident_message(0), incident_message(2)]


def test_what_cannot_be_understood_is_buried_at_once(bus_url: str, quick: BusSettings) -> None:
    inbox = Inbox()
    client = redis.Redis.from_url(bus_url)
    client.xadd(NEWS, {"envelope": "rubbish"})
    client.xadd(NEWS, {"something": "else"})
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


OUTAGES = [
    (CaseStoreUnavailable("no answer"), Trouble.DATABASE_AWAY),
    (
        CaseStoreUnavailable("locked", trouble=Trouble.DATABASE_LOCKED),
        Trouble.DATABASE_LOCKED,
    ),
    (BusUnavailable("gone"), Trouble.BUS_AWAY),
    (EvidenceStorageFull("0 bytes free"), Trouble.DISK_FULL),
    (sqlite3.OperationalError("database is locked"), Trouble.DATABASE_LOCKED),
    (sqlite3.OperationalError("database or disk is full"), Trouble.DATABASE_FULL),
    (OSError(errno.ENOSPC, "No space left on device"), Trouble.DISK_FULL),
    (OSError(errno.EROFS, "Read-only file system"), Trouble.DISK_READ_ONLY),
    (ConnectionResetError(), Trouble.CONNECTION_LOST),
    (TimeoutError(), Trouble.CONNECTION_LOST),
]


@pytest.mark.parametrize(("error", "trouble"), OUTAGES, ids=lambda it: type(it).__name__)
def test_an_outage_behind_the_handler_is_not_the_messages_fault(
    bus_url: str, quick: BusSettings, error: Exception, trouble: Trouble
) -> None:
    inbox, attempts, over = Inbox(), 0, threading.Event()

    def wait_for_the_world(message: Message) -> None:
        nonlocal attempts
        attempts += 1
        if not over.is_set():
            raise error
        inbox(message)

    send(bus_url, *map(incident_message, range(3)))
    with capture_logs() as logs, consuming(bus_url, wait_for_the_world, quick) as consumer:
        wait_until(lambda: attempts > 2 * quick.max_deliveries, "many attempts")
        held = consumer.held
        assert held is not None
        assert (held.trouble, held.detail) == (trouble, str(error))
        over.set()
        wait_until(lambda: len(inbox) == 3, "all messages")
        wait_until(lambda: consumer.lag() == 0, "acknowledgement")
        wait_until(lambda: consumer.held is None, "work again")
        assert consumer.dead_letters() == ()
    assert inbox.messages == [incident_message(number) for number in range(3)]
    assert [entry["event"] for entry in logs] == ["handler has to wait"]


def test_an_error_that_only_looks_like_an_outage_is_counted(
    bus_url: str, quick: BusSettings
) -> None:
    def refuse(_message: Message) -> None:
        raise sqlite3.IntegrityError("NOT NULL constraint failed: cases.no")

    send(bus_url, incident_message(0))
    with consuming(bus_url, refuse, quick) as consumer:
        wait_until(lambda: consumer.dead_letters(), "the dead letter")


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
    client.xgroup_create(NEWS, GROUP, id="0")
    client.xreadgroup(GROUP, name, {NEWS: ">"}, count=count)
    for _ in range(times - 1):
        client.xreadgroup(GROUP, name, {NEWS: "0"}, count=count)
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


@pytest.mark.parametrize("deaths", [1, 6, 60])
def test_deaths_over_a_message_are_not_held_against_it(
    bus_url: str, quick: BusSettings, deaths: int
) -> None:
    send(bus_url, *map(incident_message, range(3)))
    read_without_acknowledging(bus_url, "center-1", 1, times=deaths)
    inbox = Inbox()
    with consuming(bus_url, inbox, quick) as consumer:
        wait_until(lambda: len(inbox) == 3, "all messages")
        wait_until(lambda: consumer.lag() == 0, "acknowledgement")
        assert consumer.dead_letters() == ()


def test_what_kills_comes_behind_all_that_waits(bus_url: str, quick: BusSettings) -> None:
    """Else a program that it kills again and again would never take in anything else."""
    send(bus_url, *map(incident_message, range(5)))
    read_without_acknowledging(bus_url, "center-1", 1, times=SUSPECT_AFTER)
    inbox = Inbox()
    with capture_logs() as logs, consuming(bus_url, inbox, quick):
        wait_until(lambda: len(inbox) == 5, "all messages")
    expected = [*range(1, 5), 0]
    assert [m.name for m in inbox.messages] == [incident_message(n).name for n in expected]
    assert [(e["event"], e["times"]) for e in logs if e["log_level"] == "warning"] == [
        ("message was handed out without any end", SUSPECT_AFTER)
    ]


def test_a_center_that_is_killed_again_and_again_inside_one_message(
    bus_url: str, quick: BusSettings, tmp_path: Path
) -> None:
    """Real processes, each killed inside the handler; the next one that lives handles it."""
    program = dedent(
        """
        import os, signal, sys, threading
        from events_bridge.consumer import Consumer
        def handle(message):
            os.kill(os.getpid(), signal.SIGKILL)
        for _ in range(7):
            if (child := os.fork()) == 0:
                consumer = Consumer(sys.argv[1], group=sys.argv[2], name="c", handler=handle)
                consumer.run(threading.Event())
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        """
    )
    send(bus_url, incident_message(0))
    subprocess.run([sys.executable, "-c", program, bus_url, GROUP], check=True, timeout=60)
    inbox = Inbox()
    with consuming(bus_url, inbox, quick, name="c") as consumer:
        wait_until(lambda: len(inbox) == 1, "the message")
        wait_until(lambda: consumer.lag() == 0, "acknowledgement")
        assert consumer.dead_letters() == ()


def test_errors_are_counted_over_restarts_and_consumers(bus_url: str, quick: BusSettings) -> None:
    """Deaths and errors of several programs at one message: only the errors count."""
    attempts: list[str] = []
    patient = quick.model_copy(update={"retry_first_s": 3600.0, "claim_idle_s": 0.0})

    def choke(message: Message) -> None:
        attempts.append(message.name)
        raise RuntimeError("poison")

    send(bus_url, incident_message(0))
    read_without_acknowledging(bus_url, "center-1", 1, times=5)
    for number in range(quick.max_deliveries):
        name = f"center-{number}"
        with consuming(bus_url, choke, patient, name=name) as consumer:
            wait_until(lambda n=number: len(attempts) == n + 1, "one more attempt")  # type: ignore[misc]
            held = consumer.dead_letters()
            assert not held or number == quick.max_deliveries - 1
    box = consumer_of(bus_url, quick)
    (letter,) = box.dead_letters()
    assert letter.failures == quick.max_deliveries
    assert letter.deliveries == quick.max_deliveries + 5
    assert box.lag() == 0
    box.close()


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
        wait_until(lambda: consumer.held, "the news that the bus is away")
        assert consumer.held is not None
        assert consumer.held.trouble is Trouble.BUS_AWAY


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


def test_what_is_read_in_one_go_is_taken_together(bus_url: str, quick: BusSettings) -> None:
    batches: list[list[str]] = []
    few = quick.model_copy(update={"read_batch": 4})
    send(bus_url, *map(incident_message, range(10)))
    consumer = Consumer(
        bus_url,
        group=GROUP,
        name="center-1",
        handler=lambda message: batches.append([message.name]),
        together=lambda messages: batches.append([message.name for message in messages]),
        settings=few,
    )
    stop = threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stop,))
    thread.start()
    wait_until(lambda: consumer.lag() == 0 and len(batches) == 3, "all messages")
    stop.set()
    thread.join()
    consumer.close()
    names = [incident_message(number).name for number in range(10)]
    assert batches == [names[:4], names[4:8], names[8:]]


def test_a_batch_with_one_bad_message_loses_only_that(bus_url: str, quick: BusSettings) -> None:
    inbox = Inbox()

    def one(message: Message) -> None:
        if message == incident_message(1):
            raise RuntimeError("poison")
        inbox(message)

    def all_or_none(messages: Sequence[Message]) -> None:
        if incident_message(1) in messages:
            raise RuntimeError("poison among them")
        for message in messages:
            inbox(message)

    send(bus_url, *map(incident_message, range(3)))
    consumer = Consumer(
        bus_url, group=GROUP, name="c", handler=one, together=all_or_none, settings=quick
    )
    stop = threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stop,))
    thread.start()
    wait_until(lambda: consumer.lag() == 0, "all messages")
    stop.set()
    thread.join()
    assert inbox.messages == [incident_message(0), incident_message(2)]
    (letter,) = consumer.dead_letters()
    assert letter.failures == quick.max_deliveries
    consumer.close()


def test_the_age_of_the_oldest_unhandled_message(bus_url: str, quick: BusSettings) -> None:
    reader = consumer_of(bus_url, quick)
    assert reader.backlog() == Backlog(0, 0.0)
    hour_ago = entry_of_age(bus_url, 3600.0)
    assert reader.backlog().waiting == 1
    assert 3599 < reader.backlog().oldest_s < 3700  # unread, and no group is there yet
    client = redis.Redis.from_url(bus_url, protocol=2)
    client.xgroup_create(NEWS, GROUP, id="0")
    assert 3599 < reader.backlog().oldest_s < 3700  # unread
    client.xreadgroup(GROUP, "other", {NEWS: ">"}, count=1)
    send(bus_url, incident_message(1))
    assert 3599 < reader.backlog().oldest_s < 3700  # read and not acknowledged
    client.xack(NEWS, GROUP, hour_ago)
    assert reader.backlog().waiting == 1
    assert reader.backlog().oldest_s < 600
    client.close()
    reader.close()


def entry_of_age(url: str, age_s: float) -> str:
    """Put a message on the news that seems to have been there for so long, by the bus's clock."""
    with redis.Redis.from_url(url, protocol=2) as client:
        now_ms = int(client.time()[0] * 1000)
        entry_id = f"{now_ms - round(age_s * 1000)}-0"
        envelope = to_envelope(incident_message(0), SOURCE)
        client.xadd(NEWS, {ENVELOPE_FIELD: envelope}, id=entry_id)
    return entry_id


@pytest.mark.parametrize(
    ("option", "value", "normal", "trouble"),
    [
        ("maxmemory", "1", "0", Trouble.BUS_MEMORY_FULL),
        ("min-replicas-to-write", "1", "0", None),
    ],
)
def test_a_bus_that_reads_and_does_not_write(
    own_bus: EmbeddedBus,
    quick: BusSettings,
    option: str,
    value: str,
    normal: str,
    trouble: Trouble | None,
) -> None:
    reader = consumer_of(own_bus.url, quick)
    reader.check_writable()
    with redis.Redis.from_url(own_bus.url) as client:
        client.config_set(option, value)
        assert reader.lag() == 0
        with pytest.raises(BusUnavailable, match="could not write") as caught:
            reader.check_writable()
        assert trouble is None or caught.value.trouble is trouble
        client.config_set(option, normal)
    reader.check_writable()
    reader.close()


def test_a_replica_is_named(own_bus: EmbeddedBus, quick: BusSettings) -> None:
    reader = consumer_of(own_bus.url, quick)
    with redis.Redis.from_url(own_bus.url) as client:
        client.replicaof("127.0.0.1", "1")
        with pytest.raises(BusUnavailable) as caught:
            reader.check_writable()
        client.replicaof("NO", "ONE")
    assert caught.value.trouble is Trouble.BUS_READ_ONLY
    reader.close()


def test_a_round_that_fails_in_an_unknown_way_is_said_and_not_the_last(
    bus_url: str, quick: BusSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = Inbox()
    broken = threading.Event()
    broken.set()
    trim = NewsTrimmer.trim

    def fail(trimmer: NewsTrimmer) -> int:
        if broken.is_set():
            raise ValueError("a bug")
        return trim(trimmer)

    monkeypatch.setattr(NewsTrimmer, "trim", fail)
    with consuming(bus_url, inbox, quick) as consumer:
        wait_until(lambda: consumer.held, "the news of it")
        broken.clear()
        wait_until(lambda: consumer.held is None, "its end")
        send(bus_url, incident_message(0))
        wait_until(lambda: len(inbox) == 1, "a message")
