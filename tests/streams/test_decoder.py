import threading
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from domain.errors import StreamCorrupt, UnsupportedCodec
from streams.decoder import FollowingDecoder, KeyframeDecoder
from streams.packet import Packet, StreamInfo
from tests.media import Codec, make_clip, moving_picture
from tests.streams.footage import START, made_up, packets_of

SIZE_WH = (320, 180)


def keyframes(packets: list[Packet]) -> list[Packet]:
    return [packet for packet in packets if packet.keyframe]


def likeness(picture: av.VideoFrame, number: int) -> float:
    """Mean difference between a decoded picture and the one that was painted, 0-255."""
    painted = moving_picture(number, (picture.width, picture.height)).astype(np.int16)
    return float(np.abs(picture.to_ndarray(format="bgr24").astype(np.int16) - painted).mean())


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_one_decoder_serves_many_cameras(tmp_path: Path, codec: Codec) -> None:
    small = packets_of(make_clip(tmp_path / "s.mp4", codec=codec, seconds=2))
    large = packets_of(make_clip(tmp_path / "l.mp4", codec=codec, seconds=2, size_wh=(640, 360)))
    decoder = KeyframeDecoder()

    for number, pair in enumerate(zip(keyframes(small), keyframes(large), strict=True)):
        for packet in pair:
            picture = decoder.decode(packet)
            assert (picture.width, picture.height) == packet.stream.size_wh
            assert likeness(picture, 10 * number) < 12


def test_codecs_take_turns(tmp_path: Path) -> None:
    h264 = packets_of(make_clip(tmp_path / "a.mp4", codec="h264"))
    hevc = packets_of(make_clip(tmp_path / "b.mp4", codec="hevc"))
    decoder = KeyframeDecoder()

    for pair in zip(keyframes(h264), keyframes(hevc), strict=True):
        assert [decoder.decode(packet).width for packet in pair] == [320, 320]


@pytest.mark.parametrize(("encoder", "pixels"), [("mpeg4", "yuv420p"), ("mjpeg", "yuvj420p")])
def test_older_codecs(tmp_path: Path, encoder: str, pixels: str) -> None:
    packets = packets_of(old_clip(tmp_path / "old.mp4", encoder, pixels))

    picture = KeyframeDecoder().decode(keyframes(packets)[1])

    assert (picture.width, picture.height) == SIZE_WH


def test_each_thread_has_its_own() -> None:
    mine = KeyframeDecoder.of_this_thread()
    other: list[KeyframeDecoder] = []
    thread = threading.Thread(target=lambda: other.append(KeyframeDecoder.of_this_thread()))
    thread.start()
    thread.join()

    assert KeyframeDecoder.of_this_thread() is mine
    assert other[0] is not mine


def test_a_damaged_keyframe_is_an_error_and_the_next_is_whole(tmp_path: Path) -> None:
    packets = keyframes(packets_of(make_clip(tmp_path / "a.mp4", size_wh=(640, 360))))
    cut = replace(packets[0], coded=packets[0].data[: len(packets[0].data) // 3])
    noise = replace(packets[0], coded=bytes(range(256)) * 20)
    decoder = KeyframeDecoder()

    for damaged in (cut, noise):
        with pytest.raises(StreamCorrupt, match="expected a"):
            decoder.decode(damaged)
        assert likeness(decoder.decode(packets[1]), 10) < 12


def test_no_decoder() -> None:
    packet = made_up(0, keyframe=True, stream=StreamInfo("svac", SIZE_WH))

    with pytest.raises(UnsupportedCodec, match="svac"):
        KeyframeDecoder().decode(packet)


@pytest.mark.parametrize("with_b_frames", [False, True])
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_following_goes_on_from_the_last_picture(
    tmp_path: Path, codec: Codec, with_b_frames: bool
) -> None:
    packets = packets_of(
        make_clip(tmp_path / "a.mp4", codec=codec, gop=40, with_b_frames=with_b_frames)
    )
    decoder = FollowingDecoder()

    shown = [decoder.advance(packets[i : i + 10]) for i in range(0, 40, 10)]

    numbers = [round(packet.stream_s * 10) for found in shown if found for _, packet in [found]]
    assert len(numbers) == 4
    assert numbers == sorted(numbers)
    assert all(10 * i + 10 - number <= 5 for i, number in enumerate(numbers))
    for found, number in zip(shown, numbers, strict=True):
        assert found is not None
        assert likeness(found[0], number) < 12
    assert decoder.last is packets[-1]


def test_a_group_just_begun_is_shown_without_waiting_for_reordering(tmp_path: Path) -> None:
    packets = packets_of(make_clip(tmp_path / "a.mp4", gop=20, with_b_frames=True))
    decoder = FollowingDecoder()

    begun = decoder.advance(packets[20:21])
    whole = decoder.advance(packets[20:40])

    assert begun is not None
    assert begun[1] is packets[20]
    assert whole is not None
    assert whole[1].stream_s > 3.4


def test_following_across_a_change_of_size(tmp_path: Path) -> None:
    small = packets_of(make_clip(tmp_path / "s.mp4"))
    large = packets_of(make_clip(tmp_path / "l.mp4", size_wh=(640, 360)))
    decoder = FollowingDecoder()

    sizes = []
    for packets in (small, large, small):
        found = decoder.advance(packets)
        assert found is not None
        sizes.append(found[0].width)

    assert sizes == [320, 640, 320]


def test_following_through_damage(tmp_path: Path) -> None:
    packets = packets_of(make_clip(tmp_path / "a.mp4", gop=20))
    noise = replace(packets[5], coded=b"\x00\x00\x00\x01" + bytes([0x41]) + bytes(range(256)))
    decoder = FollowingDecoder()

    found = decoder.advance([*packets[:5], noise, *packets[6:20]])
    again = decoder.advance(packets[20:])

    assert found is None or found[1] in packets
    assert again is not None
    assert again[1] is packets[-1]


def test_following_nothing_but_damage(tmp_path: Path) -> None:
    packets = packets_of(make_clip(tmp_path / "a.mp4"))
    empty = [replace(packet, coded=b"\xff" * 50) for packet in packets[:10]]

    with pytest.raises(StreamCorrupt, match="10 packets"):
        FollowingDecoder().advance(empty)


def test_following_nothing_new() -> None:
    assert FollowingDecoder().advance([]) is None


def old_clip(path: Path, encoder: str, pixels: str) -> Path:
    """Two seconds in a codec of older cameras."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(encoder, rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = SIZE_WH
        stream.pix_fmt = pixels
        for number in range(20):
            picture = av.VideoFrame.from_ndarray(moving_picture(number, SIZE_WH), format="bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def test_a_decoder_that_has_no_time_goes_on_with_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packets = list(packets_of(make_clip(tmp_path / "a.mp4", seconds=2, gop=20), START))
    monkeypatch.setattr("streams.decoder.ADVANCE_AT_MOST_S", 0.0)
    decoder = FollowingDecoder()
    first = decoder.advance(packets)
    assert first is not None
    assert decoder.last is not None
    assert decoder.last.pts < packets[-1].pts
    rest = [packet for packet in packets if packet.pts > decoder.last.pts]
    second = decoder.advance(rest)
    assert second is not None
    assert second[1].pts > first[1].pts
