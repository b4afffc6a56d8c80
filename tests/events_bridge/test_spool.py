"""The spool: lanes, its bound, full disks, kill -9."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from structlog.testing import capture_logs

from domain.errors import BusError
from events_bridge.envelope import to_envelope, worker_source
from events_bridge.spool import Lane, Spool
from tests.events_bridge.samples import incident_message, looks_message
from tests.scarcity import no_descriptors
from tests.small_disk import fill, small_disk

MAX_BYTES = 32_768
SOURCE = worker_source("edge-1")


def news(number: int) -> bytes:
    return to_envelope(incident_message(number), SOURCE)


def looks(number: int) -> bytes:
    return to_envelope(looks_message(number), SOURCE)


def take_all(spool: Spool) -> list[bytes]:
    taken: list[bytes] = []
    while batch := spool.peek(5):
        taken += batch.envelopes
        spool.advance(batch)
    return taken


def test_news_goes_before_looks_and_each_in_its_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MAX_BYTES)
    for number in range(6):
        spool.put(Lane.LOOKS, looks(number))
        spool.put(Lane.NEWS, news(number))
    assert len(spool) == 12
    assert take_all(spool) == [*map(news, range(6)), *map(looks, range(6))]
    spool.close()


def test_looks_are_given_up_before_any_news(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MAX_BYTES)
    for number in range(50):
        spool.put(Lane.LOOKS, looks(number))
    with capture_logs() as logs:
        for number in range(20):
            spool.put(Lane.NEWS, news(number))
            assert spool.size_bytes <= MAX_BYTES
    taken = take_all(spool)
    assert taken[:20] == [news(number) for number in range(20)]
    given_up = sum(entry["count"] for entry in logs)
    assert 0 < given_up < 50
    assert taken[20:] == [looks(number) for number in range(given_up, 50)]
    assert {(e["event"], e["log_level"]) for e in logs} == {("looks given up", "warning")}
    spool.close()


def test_news_that_no_room_is_left_for_is_named_one_by_one(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MAX_BYTES)
    with capture_logs() as logs:
        for number in range(60):
            spool.put(Lane.NEWS, news(number))
            assert spool.size_bytes <= MAX_BYTES
    kept = take_all(spool)
    assert kept == [news(number) for number in range(60 - len(kept), 60)]
    assert [(entry["log_level"], entry["message"], entry["subject"]) for entry in logs] == [
        ("error", f"inc_{number:05d}:1", "gate-1") for number in range(60 - len(kept))
    ]
    spool.close()


def test_one_process_owns_a_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MAX_BYTES)
    with pytest.raises(BusError, match="expected a spool of its own"):
        Spool(tmp_path, MAX_BYTES)
    spool.close()
    Spool(tmp_path, MAX_BYTES).close()


def test_a_spool_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BusError, match="expected a spool directory that can be written"):
        Spool(tmp_path / "file", MAX_BYTES)


def test_a_full_disk_neither_raises_nor_loses(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kb=64) as disk:
        spool = Spool(disk / "spool", MAX_BYTES)
        spool.put(Lane.NEWS, news(0))
        ballast = fill(disk)
        with capture_logs() as logs:
            for number in range(1, 10):
                spool.put(Lane.NEWS, news(number))
        assert [entry["event"] for entry in logs] == ["spool not written, kept in memory"]
        assert len(spool) == 10
        ballast.unlink()
        spool.put(Lane.NEWS, news(10))
        spool.close()
        again = Spool(disk / "spool", MAX_BYTES)
        assert take_all(again) == [news(number) for number in range(11)]
        again.close()


def test_what_the_disk_refused_is_still_sent(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kb=64) as disk:
        spool = Spool(disk / "spool", MAX_BYTES)
        fill(disk)
        for number in range(3):
            spool.put(Lane.NEWS, news(number))
        assert take_all(spool) == [news(number) for number in range(3)]
        assert len(spool) == 0
        spool.close()


def test_kill_9_while_writing(tmp_path: Path) -> None:
    """What a killed process had written is there, in order; at most its last line is torn."""
    program = dedent(
        """
        import sys
        from pathlib import Path
        from events_bridge.spool import Lane, Spool
        spool = Spool(Path(sys.argv[1]), 2**24)
        number = 0
        while True:
            spool.put(Lane.NEWS, b'{"number": %d, "fill": "%s"}' % (number, b"x" * 5000))
            number += 1
            if number == 200:
                print("going", flush=True)
        """
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"going\n"
        writer.send_signal(signal.SIGKILL)
    spool = Spool(tmp_path, 2**24)
    numbers = [json.loads(envelope)["number"] for envelope in take_all(spool)]
    assert len(numbers) >= 200
    assert numbers == list(range(len(numbers)))
    spool.close()


def test_sync_of_what_waits(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MAX_BYTES)
    spool.put(Lane.NEWS, news(0))
    spool.sync()
    spool.put(Lane.NEWS, news(1))
    (tmp_path / "news" / "000000000001.segment").unlink()
    spool.sync()  # a file that was delivered and removed in the meantime is no error
    spool.close()


def test_without_descriptors_it_still_takes_messages(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MAX_BYTES)
    for number in range(20):
        spool.put(Lane.NEWS, news(number))
    with no_descriptors():
        for number in range(20, 60):
            spool.put(Lane.NEWS, news(number))
        with capture_logs() as logs:
            spool.sync()
    assert {entry["event"] for entry in logs} == {"spool not safe from a power cut"}
    assert take_all(spool) == [news(number) for number in range(60)]
    spool.close()
