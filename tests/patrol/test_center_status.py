"""What the center says of the bus, the intake, set-aside messages and disks."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis

from console.status import NOT_OF_THE_CENTER, Part, PartStatus
from domain.errors import CaseStoreUnavailable
from domain.messages import Message
from domain.trouble import Trouble
from events_bridge.bus_settings import BusSettings
from events_bridge.consumer import Consumer
from events_bridge.embedded import EmbeddedBus
from events_bridge.envelope import to_envelope, worker_source
from events_bridge.letters import Box
from events_bridge.publisher import ENVELOPE_FIELD
from patrol.bus import GROUP
from patrol.center_status import LEAST_FREE_BYTES, bus_parts, disk_part, disk_parts
from settings.config import Configuration
from tests.events_bridge.samples import incident_message
from tests.small_disk import fill, small_disk
from tests.waiting import wait_until

QUICK = BusSettings(
    block_s=0.05, retry_first_s=0.0, max_deliveries=1, backoff_first_s=0.02, backoff_max_s=0.1
)
LATE_S = 60.0


def send(bus_url: str, *envelopes: bytes) -> None:
    with redis.Redis.from_url(bus_url) as client:
        for envelope in envelopes:
            client.xadd(QUICK.news_stream, {ENVELOPE_FIELD: envelope})


def sound() -> bytes:
    return to_envelope(incident_message(0), worker_source("edge-1"))


@contextmanager
def consuming(bus_url: str, handler: Callable[[Message], None]) -> Iterator[Consumer]:
    consumer = Consumer(bus_url, group=GROUP, name="center", handler=handler, settings=QUICK)
    stop = threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stop,))
    thread.start()
    try:
        yield consumer
    finally:
        stop.set()
        thread.join()
        consumer.close()


def told(consumer: Consumer, late_after_s: float = LATE_S) -> dict[str, PartStatus]:
    return {part.name: part for part in bus_parts(consumer, late_after_s)}


def test_all_is_well_while_nothing_waits(bus_url: str) -> None:
    with consuming(bus_url, lambda message: None) as consumer:
        wait_until(lambda: all(part.ok for part in told(consumer).values()), "a well bus")
        assert set(told(consumer)) == {Part.BUS, Part.INTAKE, Part.DEAD_LETTERS, Part.PARKED}
        assert told(consumer)[Part.DEAD_LETTERS].count == 0


def test_dead_and_parked_messages_are_told_with_number_and_age(bus_url: str) -> None:
    newer = sound().replace(b"patrol.incident.opened.v1", b"patrol.incident.opened.v9")
    assert newer != sound()
    with consuming(bus_url, lambda message: None) as consumer:
        send(bus_url, b"rubbish", b"more rubbish", newer)
        wait_until(lambda: consumer.figures()[Box.PARKED].letters == 1, "the parked message")
        parts = told(consumer)
    dead, parked = parts[Part.DEAD_LETTERS], parts[Part.PARKED]
    assert (dead.ok, dead.count, dead.trouble) == (False, 2, Trouble.MESSAGES_DEAD)
    assert (parked.ok, parked.count, parked.trouble) == (False, 1, Trouble.MESSAGES_TOO_NEW)
    assert dead.oldest_s is not None
    assert 0 <= dead.oldest_s < LATE_S
    assert dead.says is not None
    assert "死信" in dead.says.zh
    assert "patrol bus dead list" in dead.says.en
    assert {Part.DEAD_LETTERS, Part.PARKED} <= NOT_OF_THE_CENTER


def test_what_waits_too_long_is_late(bus_url: str) -> None:
    with closing(
        Consumer(bus_url, group=GROUP, name="center", handler=print, settings=QUICK)
    ) as idle:
        send(bus_url, sound())
        wait_until(lambda: idle.backlog().oldest_s > 0.01, "a message that is older")
        late, patient = told(idle, 0.01)[Part.INTAKE], told(idle)[Part.INTAKE]
    assert (late.ok, late.trouble, late.count) == (False, Trouble.MESSAGES_LATE, 1)
    assert late.oldest_s is not None
    assert late.oldest_s >= 0.01
    assert patient.ok


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (
            CaseStoreUnavailable("locked", trouble=Trouble.DATABASE_LOCKED),
            Trouble.DATABASE_LOCKED,
        ),
        (OSError(28, "No space left on device"), Trouble.DISK_FULL),
    ],
)
def test_what_the_handler_waits_for_is_told_by_name(
    bus_url: str, error: Exception, trouble: Trouble
) -> None:
    def wait(message: Message) -> None:
        raise error

    with consuming(bus_url, wait) as consumer:
        send(bus_url, sound())
        wait_until(lambda: not told(consumer)[Part.INTAKE].ok, "a held intake")
        intake = told(consumer)[Part.INTAKE]
        assert consumer.dead_letters() == ()
    assert (intake.trouble, intake.count) == (trouble, 1)


def test_a_bus_that_reads_and_cannot_write_is_named(tmp_path: Path) -> None:
    with (
        EmbeddedBus(tmp_path / "bus") as bus,
        consuming(bus.url, lambda message: None) as consumer,
        redis.Redis.from_url(bus.url) as client,
    ):
        wait_until(lambda: told(consumer)[Part.BUS].ok, "a well bus")
        client.config_set("maxmemory", 1)
        full = told(consumer)[Part.BUS]
        assert (full.ok, full.trouble) == (False, Trouble.BUS_MEMORY_FULL)
        client.config_set("maxmemory", 0)
        client.replicaof("127.0.0.1", 1)
        replica = told(consumer)[Part.BUS]
        assert (replica.ok, replica.trouble) == (False, Trouble.BUS_READ_ONLY)
        client.replicaof("NO", "ONE")
        wait_until(lambda: all(part.ok for part in told(consumer).values()), "a bus that is back")
    with closing(
        Consumer(bus_url_of_nobody(), group=GROUP, name="center", handler=print, settings=QUICK)
    ) as lost:
        assert told(lost)[Part.BUS].trouble is Trouble.BUS_AWAY


def bus_url_of_nobody() -> str:
    return "redis://127.0.0.1:1/0"


def test_a_full_disk_is_told_by_name_with_bytes(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16 * 1024) as disk:
        file = {"data_dir": disk, "evidence": {"root": disk, "min_free_bytes": 0}}
        here = Configuration.of(file).center
        assert all(part.ok for part in disk_parts(here))
        fill(disk)
        data, evidence = disk_parts(here)
        assert (data.name, data.ok, data.trouble) == (Part.DISK_DATA, False, Trouble.DISK_FULL)
        assert f"{disk}: 0 bytes free" in data.detail
        assert str(LEAST_FREE_BYTES) in data.detail
        assert (evidence.name, evidence.ok) == (Part.DISK_EVIDENCE, True)  # nothing is asked for
        assert disk_part(Part.DISK_EVIDENCE, disk, 1).trouble is Trouble.DISK_FULL


def test_a_disk_that_takes_no_files_or_nothing_at_all(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16 * 1024) as disk:
        for number in range(10):
            (disk / str(number)).touch()
        command = ["mount", "-o", "remount,nr_inodes=11", str(disk)]
        if not subprocess.run(command, capture_output=True, check=False).returncode:
            full = disk_part(Part.DISK_DATA, disk, 0)
            assert (full.trouble, "inodes" in full.detail) == (Trouble.DISK_FULL, True)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert disk_part(Part.DISK_DATA, disk, 0).trouble is Trouble.DISK_READ_ONLY
        assert os.statvfs(disk).f_flag & os.ST_RDONLY
    gone = disk_part(Part.DISK_DATA, tmp_path / "nowhere", 0)
    assert (gone.ok, gone.trouble) == (False, Trouble.DISK_FAILED)
