"""Decoders kept from look to look, and a camera that never sends a second keyframe."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.health import FaultKind
from lab.footage.simulator import Fault, Simulator
from streams import taker
from streams.address import CameraAddress
from streams.decoder import FollowingDecoder
from streams.frame import Image
from streams.kept_decoders import KeptDecoders
from streams.packet import Packet
from streams.reader import CameraReader
from streams.ring import PacketRing
from streams.stream_settings import StreamSettings
from tests.media import make_clip, moving_picture
from tests.streams.footage import BRISK, moment, packets_of, wait_until


def test_who_has_a_decoder_keeps_it_and_others_wait() -> None:
    kept = KeptDecoders(most=2, kept_s=30)
    decoders = {owner: kept.take(owner) for owner in "abc"}
    assert [kept.keep(owner, decoders[owner], 0.0) for owner in "abc"] == [True, True, False]
    assert kept.take("a") is decoders["a"]
    assert kept.keep("a", decoders["a"], 25.0)
    assert not kept.keep("c", decoders["c"], 30.0)
    assert kept.keep("c", decoders["c"], 31.0)  # b has not looked for longer than it is kept
    assert ("b" in kept, len(kept)) == (False, 2)
    kept.drop("a")
    assert kept.take("a") is not decoders["a"]


def endless_clip(tmp_path: Path, pictures: int = 16 * 6 + 1) -> Path:
    """One keyframe, and an end like the beginning: it can be sent round and round."""

    def paint(number: int) -> Image:
        return moving_picture(min(number, pictures - 1 - number), (320, 180))

    return make_clip(tmp_path / "endless.mp4", fps=20, seconds=pictures / 20, gop=9999, paint=paint)


@contextmanager
def endless(
    tmp_path: Path, settings: StreamSettings = BRISK, decoders: KeptDecoders | None = None
) -> Iterator[CameraReader]:
    faults = {"gate": Fault("endless")}
    with Simulator({"gate": endless_clip(tmp_path)}, faults=faults) as cameras:
        address = CameraAddress.parse(cameras.url("gate"))
        reader = CameraReader("gate", address, settings, look_every_s=0.2, decoders=decoders)
        reader.start()
        yield reader
        assert reader.stop()


def now() -> datetime:
    return datetime.now(UTC)


class CountingDecoder(FollowingDecoder):
    """Notes how many packets each look decodes."""

    decoded: list[int]

    def advance(self, packets):  # type: ignore[no-untyped-def]
        self.decoded.append(len(packets))
        return super().advance(packets)


def look(reader: CameraReader, times: int) -> list[float]:
    looks: list[float] = []

    def looked() -> bool:
        if (frame := reader.take()) is not None:
            looks.append(frame.stream_s)
        return len(looks) >= times

    wait_until(looked)
    return looks


def test_each_look_decodes_only_what_came_since_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CountingDecoder.decoded = []
    monkeypatch.setattr("streams.kept_decoders.FollowingDecoder", CountingDecoder)
    with endless(tmp_path) as reader:
        wait_until(lambda: reader.status(moment()).packets > 60)
        looks = look(reader, 30)
        packets = reader.status(moment()).packets
    assert looks == sorted(set(looks))
    # Some of the first looks may begin anew while the group is short.
    assert sum(CountingDecoder.decoded) < 2 * packets


def test_looks_go_on_after_the_keyframe_has_left_the_ring(tmp_path: Path) -> None:
    packets = packets_of(endless_clip(tmp_path))
    size = sum(len(packet.data) for packet in packets)
    ring, decoder = PacketRing(30, size // 3), FollowingDecoder()
    pictures: list[Packet] = []
    for packet in packets:
        ring.append(packet)
        assert ring.size_bytes <= size // 3
        newest = decoder.advance(ring.tail(after=decoder.last))
        if newest is not None:
            pictures.append(newest[1])
    assert ring.without_keyframe
    assert pictures[-1] is packets[-1]
    assert len(pictures) >= len(packets) - 2
    assert ring.newest_keyframe is None
    assert ring.between(packets[0].captured_s, packets[-1].captured_s) == []
    assert ring.tail() == []


def test_the_next_keyframe_makes_the_ring_whole_again(tmp_path: Path) -> None:
    packets = packets_of(endless_clip(tmp_path))
    ring = PacketRing(30, 20_000)
    for packet in packets:
        ring.append(packet)
    assert ring.without_keyframe
    ring.append(packets[0])
    assert not ring.without_keyframe
    assert ring.tail() == [packets[0]]
    assert ring.size_bytes == len(packets[0].data)


def test_a_camera_without_a_kept_decoder_is_connected_anew_for_a_keyframe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taker, "ANEW_AT_MOST_S", 0.5)
    brief = BRISK.model_copy(update={"keyframe_again_within_s": 1.0})
    faults: set[FaultKind | None] = set()
    with endless(tmp_path, brief, decoders=KeptDecoders(most=0)) as reader:

        def connected_anew() -> bool:
            reader.take()
            status = reader.status(moment())
            faults.add(status.fault)
            return status.reconnects >= 1

        wait_until(connected_anew)
        look(reader, 1)
    assert FaultKind.NO_KEYFRAME in faults


def test_groups_larger_than_the_ring_are_waited_for(tmp_path: Path) -> None:
    """Keyframes come, the ring is too small for what follows them: no reason to connect anew."""
    clip = make_clip(tmp_path / "a.mp4", seconds=4, gop=20)
    small = BRISK.model_copy(update={"ring_bytes": 20_000})
    loose = False
    with Simulator({"gate": clip}) as cameras:
        address = CameraAddress.parse(cameras.url("gate"))
        reader = CameraReader("gate", address, small, look_every_s=0.2)
        reader.start()

        def enough() -> bool:
            nonlocal loose
            reader.take()
            loose = loose or reader.ring.without_keyframe
            return reader.status(moment()).packets > 70

        wait_until(enough)
        status = reader.status(moment())
        assert reader.stop()
    assert loose
    assert (status.reconnects, status.fault) == (0, None)
