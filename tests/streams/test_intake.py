from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import pytest

from streams.address import CameraAddress
from streams.intake import PacketIntake
from streams.packet import Packet
from streams.source import Source
from streams.stream_settings import StreamSettings
from tests.media import Codec, make_clip
from tests.streams.footage import START, packets_of


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_every_container_gives_the_same_packets(tmp_path: Path, codec: Codec, suffix: str) -> None:
    clip = make_clip(tmp_path / "a.mp4", codec=codec)
    reference = packets_of(clip)
    if suffix != ".mp4":
        clip = remuxed(clip, tmp_path / f"b{suffix}")

    packets = packets_of(clip)

    assert len(packets) == 40
    assert [packet.keyframe for packet in packets] == [packet.keyframe for packet in reference]
    assert packets[0].stream.size_wh == (320, 180)
    assert packets[0].stream.extradata == reference[0].stream.extradata
    assert all(packet.stream is packets[0].stream for packet in packets)
    assert all(packet.data.startswith(b"\x00\x00\x00\x01") for packet in packets)
    assert [round(packet.stream_s, 2) for packet in packets] == [i / 10 for i in range(40)]


def test_packets_before_the_first_keyframe_are_left_out(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4")
    with Source(CameraAddress.parse(clip), StreamSettings()) as source:
        intake = PacketIntake(source.offered)
        raw = list(source.packets())

        taken = [
            intake.take(packet, START + timedelta(seconds=i)) for i, packet in enumerate(raw[4:])
        ]

    assert taken[:6] == [None] * 6
    assert all(isinstance(packet, Packet) for packet in taken[6:])


def test_a_change_of_size_starts_a_new_stream(tmp_path: Path) -> None:
    """As a camera does whose resolution is changed while it is watched: same connection, new
    parameter sets in band."""
    small = make_clip(tmp_path / "s.mp4")
    large = make_clip(tmp_path / "l.mp4", size_wh=(640, 360))
    with (
        Source(CameraAddress.parse(small), StreamSettings()) as source,
        Source(CameraAddress.parse(large), StreamSettings()) as other,
    ):
        intake = PacketIntake(source.offered)
        raw = [*source.packets(), *other.packets()]

        packets = [
            intake.take(packet, START + timedelta(seconds=i)) for i, packet in enumerate(raw)
        ]

    sizes = [packet.stream.size_wh for packet in packets if packet]
    assert sizes == [(320, 180)] * 40 + [(640, 360)] * 40
    assert len({id(packet.stream) for packet in packets if packet}) == 2
    times = [packet.captured_at for packet in packets if packet]
    assert times == sorted(times)


def test_parameter_sets_told_beforehand_serve_where_keyframes_have_none(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.h264")  # libav gathers their extradata, in Annex B form
    with Source(CameraAddress.parse(clip), StreamSettings()) as source:
        intake = PacketIntake(source.offered)
        whole = bytes(next(source.packets()))
        bare = keyframe_of(b"\x00\x00\x00\x01" + whole.split(b"\x00\x00\x01")[-1])

        packet = intake.take(bare, START)

    assert packet is not None
    assert packet.stream.size_wh == (320, 180)
    assert packet.stream.extradata
    assert packet.stream.extradata not in packet.data


def test_a_keyframe_of_noise_is_no_stream(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4")
    with Source(CameraAddress.parse(clip), StreamSettings()) as source:
        intake = PacketIntake(source.offered)

        assert intake.take(keyframe_of(bytes(range(256))), START) is None
        assert intake.take(next(source.packets()), START) is not None


def keyframe_of(data: bytes) -> "av.Packet[Any]":
    packet: av.Packet[Any] = av.Packet(data)
    packet.pts = packet.dts = 0
    packet.is_keyframe = True
    return packet


def remuxed(clip: Path, path: Path) -> Path:
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        track = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = track
                target.mux(packet)
    return path
