"""Clips made ready: what is packed, what is refused, what is converted."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from domain.errors import (
    ConfigurationError,
    StreamCorrupt,
    StreamNotFound,
    UnsupportedCodec,
)
from lab.footage.simulator import Fault, as_codec, is_playable, load_clip, serve_folder
from lab.footage.simulator.clip import split_nal_units
from lab.footage.simulator.rtp import CLOCK_HZ, MAX_PAYLOAD_BYTES, Codec, Packets, packetise
from tests.media import make_clip, moving_picture
from tests.streams.simulated import frames, opened


def make_mpeg4(path: Path, size_wh: tuple[int, int] = (161, 91)) -> Path:
    """A clip of a codec that cameras here do not send, with odd sides."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = size_wh
        stream.pix_fmt = "yuv420p"
        for number in range(30):
            picture = moving_picture(number, size_wh)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def make_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_clip_made_ready(tmp_path: Path, codec: Codec) -> None:
    clip = load_clip(
        make_clip(tmp_path / "clip.mp4", seconds=2, fps=10, codec=codec, with_b_frames=True)
    )

    assert clip.codec == codec
    assert clip.size_wh == (320, 180)
    assert clip.fps == 10
    assert clip.length_s == 2
    assert [unit.keyframe for unit in clip.units].count(True) == 2
    assert clip.units[0].keyframe
    due = [unit.due_ticks for unit in clip.units]
    assert due == sorted(due)
    assert clip.reorder_ticks > 0
    shown = sorted(unit.shown_ticks for unit in clip.units)
    assert np.all(np.diff(shown) == CLOCK_HZ // 10)


def test_matroska_too(tmp_path: Path) -> None:
    clip = load_clip(make_clip(tmp_path / "clip.mkv", seconds=1, fps=10))

    assert len(clip.units) == 10


def test_pictures_before_the_first_keyframe_are_left_out(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.ts", seconds=2, fps=10)
    cut = tmp_path / "cut.ts"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if number >= 5 and packet.size:
                packet.stream = stream
                sink.mux(packet)

    assert len(load_clip(cut).units) == 10


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("length", [3, MAX_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES + 1, 5000])
def test_packets_carry_whole_nal_units(codec: Codec, length: int) -> None:
    header = b"\x65" if codec == "h264" else b"\x26\x01"
    unit = (header + bytes(n % 255 + 1 for n in range(length)))[:length]
    other = b"\x06\x01\x02"

    packets = packetise([other, unit], codec).stamped(65535, 2**32 + 7, 0xABCD)

    assert _unpacked(packets, codec) == [other, unit]
    headers = [packets.data[start : start + 12] for start in packets.headers]
    assert all(header[0] == 0x80 for header in headers)
    markers = [header[1] >> 7 for header in headers]
    assert markers == [0] * (len(headers) - 1) + [1]
    assert [int.from_bytes(header[2:4], "big") for header in headers] == [
        (65535 + n) % 65536 for n in range(len(headers))
    ]
    assert {header[4:12] for header in headers} == {b"\x00\x00\x00\x07\x00\x00\xab\xcd"}


def _unpacked(packets: Packets, codec: Codec) -> list[bytes]:
    """NAL units out of single and fragmented packets."""
    units: list[bytes] = []
    for start, end in packets.spans():
        assert end - start <= 12 + MAX_PAYLOAD_BYTES
        assert int.from_bytes(packets.data[start - 2 : start], "big") == end - start
        payload = packets.data[start + 12 : end]
        size = 1 if codec == "h264" else 2
        kind = payload[0] & 0x1F if codec == "h264" else payload[0] >> 1 & 0x3F
        if kind not in (28, 49):
            units.append(payload)
            continue
        flags = payload[size]
        if flags & 0x80:
            low = flags & 0x1F if codec == "h264" else (flags & 0x3F) << 1
            keep = 0xE0 if codec == "h264" else 0x81
            units.append(bytes([payload[0] & keep | low]) + payload[1:size])
        units[-1] += payload[size + 1 :]
    return units


def test_channels_are_patched() -> None:
    packets = packetise([b"\x65" + bytes(3000)], "h264")

    moved = packets.on_channel(6)

    assert packets.on_channel(0) is packets.data
    assert {moved[start - 3] for start in packets.headers} == {6}


def test_nal_units_between_start_codes() -> None:
    data = b"\x00\x00\x00\x01\x67\x01\x00\x00\x01\x68\x00\x00\x03\x02\x00\x00\x00\x01\x65\x05"

    assert split_nal_units(data) == (b"\x67\x01", b"\x68\x00\x00\x03\x02", b"\x65\x05")


def test_a_foreign_codec_is_named(tmp_path: Path) -> None:
    path = make_mpeg4(tmp_path / "clip.avi")

    with pytest.raises(UnsupportedCodec, match=r"got mpeg4 in .*clip\.avi.*ffmpeg -i clip\.avi"):
        load_clip(path)


@pytest.mark.parametrize("suffix", ["avi", "h264"])
def test_a_container_without_times_needs_converting(tmp_path: Path, suffix: str) -> None:
    path = make_clip(tmp_path / f"clip.{suffix}", seconds=1, fps=10, with_b_frames=True)

    with pytest.raises(UnsupportedCodec, match=rf"presentation times, got {suffix} in .*clip"):
        load_clip(path)
    units = load_clip(as_codec(path, "h264", tmp_path)).units
    assert len(units) == 10
    assert len({b.shown_ticks - a.shown_ticks for a, b in pairwise(units)}) == 1


def test_files_that_are_no_clips(tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("not a video")
    with pytest.raises(StreamNotFound, match=r"no file .*none\.mp4"):
        load_clip(tmp_path / "none.mp4")
    with pytest.raises(StreamCorrupt, match=r"expected a video, got .*words\.mp4"):
        load_clip(tmp_path / "words.mp4")
    with pytest.raises(StreamCorrupt, match="got no video stream"):
        load_clip(make_sound(tmp_path / "sound.wav"))
    with pytest.raises(StreamNotFound):
        as_codec(tmp_path / "none.mp4", "h264", tmp_path / "made")
    with pytest.raises(StreamCorrupt):
        as_codec(tmp_path / "words.mp4", "h264", tmp_path / "made")
    with pytest.raises(StreamCorrupt, match="got no video stream"):
        as_codec(tmp_path / "sound.wav", "h264", tmp_path / "made")
    assert not any((tmp_path / "made").iterdir())


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_clip_is_converted_once(tmp_path: Path, codec: Codec) -> None:
    path = make_mpeg4(tmp_path / "clip.avi")
    told: list[float] = []

    made = as_codec(path, codec, tmp_path / "made", progress=lambda _, done: told.append(done))
    again = as_codec(path, codec, tmp_path / "made", progress=lambda _, done: told.append(-done))

    clip = load_clip(made)
    assert (clip.codec, clip.size_wh, clip.fps) == (codec, (160, 90), 10)
    assert len(clip.units) == 30
    assert clip.length_s == pytest.approx(3, abs=0.01)
    assert again == made
    assert told[-1] == -1
    assert told[:-1] == sorted(told[:-1])
    assert told[-2] == 1
    assert len(list((tmp_path / "made").iterdir())) == 1


def test_a_changed_clip_is_converted_again(tmp_path: Path) -> None:
    first = as_codec(make_mpeg4(tmp_path / "clip.avi"), "h264", tmp_path / "made")
    second = as_codec(make_mpeg4(tmp_path / "clip.avi", (320, 180)), "h264", tmp_path / "made")

    assert first != second
    assert load_clip(second).size_wh == (320, 180)


def test_playable(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", seconds=1)

    assert is_playable(path)
    assert is_playable(path, "h264")
    assert not is_playable(path, "hevc")
    assert not is_playable(make_mpeg4(tmp_path / "clip.avi"))


def test_a_folder_is_served_in_turn(tmp_path: Path) -> None:
    make_clip(tmp_path / "b.mp4", seconds=1, codec="hevc")
    make_clip(tmp_path / "a.mp4", seconds=1)
    (tmp_path / "notes.txt").write_text("no clip")

    with serve_folder(tmp_path, cameras=3, faults={"cam1": Fault("stall", after_s=60)}) as it:
        assert it.names == ("cam0", "cam1", "cam2")
        codecs = []
        for name in it.names:
            with opened(it.url(name)) as stream:
                codecs.append(stream.streams.video[0].codec_context.name)

    assert codecs == ["h264", "hevc", "h264"]


def test_each_camera_of_a_folder_may_have_a_small_second_stream(tmp_path: Path) -> None:
    make_clip(tmp_path / "a.mp4", seconds=2, size_wh=(960, 540))
    with pytest.raises(ConfigurationError, match="folder to make them in"):
        serve_folder(tmp_path, cameras=1, substreams=True)
    with serve_folder(tmp_path, cameras=2, substreams=True, transcode_dir=tmp_path / "made") as it:
        assert it.names == ("cam0", "cam1", "cam0/sub", "cam1/sub")
        with opened(it.url("cam1/sub")) as stream:
            context = stream.streams.video[0].codec_context
            assert (context.name, context.width, context.height) == ("h264", 704, 576)
    (small,) = (tmp_path / "made").glob("a-*-sub.mp4")
    whole, made = load_clip(tmp_path / "a.mp4"), load_clip(small)
    assert len(made.units) == len(whole.units)


def test_a_folder_of_foreign_clips_is_converted(tmp_path: Path) -> None:
    make_mpeg4(tmp_path / "clip.avi")

    with pytest.raises(UnsupportedCodec, match="got mpeg4"):
        serve_folder(tmp_path, cameras=1)
    with serve_folder(tmp_path, cameras=1, codec="hevc", transcode_dir=tmp_path / "made") as it:
        with opened(it.url("cam0")) as stream:
            assert stream.streams.video[0].codec_context.name == "hevc"
            assert frames(stream, 5)


def test_folders_that_cannot_be_served(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected a folder of clips"):
        serve_folder(tmp_path / "none", cameras=1)
    with pytest.raises(ConfigurationError, match="expected clips"):
        serve_folder(tmp_path, cameras=1)
    make_clip(tmp_path / "clip.mp4", seconds=1)
    with pytest.raises(ConfigurationError, match="at least one camera, got 0"):
        serve_folder(tmp_path, cameras=0)
    with pytest.raises(ConfigurationError, match="from cam0 to cam1, got cam2"):
        serve_folder(tmp_path, cameras=2, faults={"cam2": Fault("drop")})
    with pytest.raises(UnsupportedCodec, match="expected hevc, got h264"):
        serve_folder(tmp_path, cameras=2, codec="hevc")
