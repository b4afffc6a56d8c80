"""One thread for many cameras: what one does is no other's trouble."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from domain.errors import StreamEnded
from domain.health import CameraStatus
from lab.footage.simulator import Fault, Simulator
from streams.address import CameraAddress
from streams.reader import CameraReader, stop_all
from streams.rtsp import source as source_module
from streams.rtsp.source import RtspSource
from streams.shared_reading import SharedReading
from tests.media import make_clip
from tests.streams.footage import BRISK, moment, wait_until


@pytest.fixture
def shared() -> Iterator[SharedReading]:
    reading = SharedReading()
    reading.start()
    yield reading
    reading.stop()
    assert not reading.is_alive()


def leading(shared: SharedReading, turns: Iterator[None], told: list[object]) -> threading.Thread:
    def lead() -> None:
        try:
            shared.lead(turns, 0.0)
            told.append(None)
        except StreamEnded as error:
            told.append(error)

    thread = threading.Thread(target=lead, daemon=True)
    thread.start()
    return thread


def test_each_gets_its_turns_until_it_ends(shared: SharedReading) -> None:
    done: list[str] = []

    def turns(name: str, count: int) -> Iterator[None]:
        for _ in range(count):
            done.append(name)
            yield

    told: list[object] = []
    threads = [leading(shared, turns(name, 3), told) for name in ("a", "b")]
    for thread in threads:
        thread.join(5)
    assert sorted(done) == ["a"] * 3 + ["b"] * 3
    assert told == [None, None]


def test_one_that_fails_ends_alone_and_is_told_in_its_own_thread(shared: SharedReading) -> None:
    went_on = threading.Event()

    def failing() -> Iterator[None]:
        yield
        raise StreamEnded("over")

    def going_on() -> Iterator[None]:
        while not went_on.is_set():
            yield

    told: list[object] = []
    other = leading(shared, going_on(), [])
    leading(shared, failing(), told).join(5)
    assert [str(one) for one in told] == ["over"]
    assert other.is_alive()
    went_on.set()
    other.join(5)
    assert not other.is_alive()


def test_it_turns_with_nobody_to_lead(shared: SharedReading) -> None:
    turned = threading.Event()
    shared.on_turn = turned.set
    assert turned.wait(5)


def test_who_is_led_is_let_go_when_it_stops(shared: SharedReading) -> None:
    def for_ever() -> Iterator[None]:
        while True:
            yield

    told: list[object] = []
    thread = leading(shared, for_ever(), told)
    shared.stop()
    thread.join(5)
    assert told == [None]


def test_cameras_are_read_together_and_a_silent_one_harms_nobody(
    tmp_path: Path, shared: SharedReading
) -> None:
    clip = make_clip(tmp_path / "a.mp4", gop=5)
    names = ("east", "west", "silent")
    with ExitStack() as stack:
        simulator = stack.enter_context(Simulator(dict.fromkeys(names, clip)))
        readers = {
            name: CameraReader(name, CameraAddress.parse(simulator.url(name)), BRISK, shared=shared)
            for name in names
        }
        stack.callback(stop_all, list(readers.values()))
        for reader in readers.values():
            reader.start()
        for reader in readers.values():
            wait_until(lambda reader=reader: reader.status(moment()).packets >= 10)  # type: ignore[misc]
        simulator.set_fault("silent", Fault.parse("stall"))
        wait_until(lambda: readers["silent"].status(moment()).status is not CameraStatus.SEEING)
        before = readers["east"].status(moment()).packets
        wait_until(lambda: readers["east"].status(moment()).packets >= before + 10)
        assert readers["east"].take() is not None
        assert [readers[name].status(moment()).reconnects for name in ("east", "west")] == [0, 0]


def test_a_camera_that_floods_rests_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MOST_AT_ONCE_BYTES", 1)
    monkeypatch.setattr("streams.rtsp.wire.PIECE_BYTES", 2048)  # the connection is never empty
    clip = make_clip(tmp_path / "a.mp4", gop=5, size_wh=(640, 360))
    with Simulator({"cam": clip}) as simulator:
        address = CameraAddress.parse(simulator.url("cam"))
        with RtspSource(address, BRISK) as source:
            seen = []
            for pictures in source.turns():
                seen.append(not pictures)
                if seen.count(False) == 20:
                    break
            pieces = source._dialogue.wire.received_bytes // 2048
            assert seen.count(True) >= pieces // 2
