"""Whole files from pictures and back."""

from pathlib import Path

import av
import numpy as np
import pytest

from domain.errors import StreamCorrupt, StreamNotFound
from streams.encode import Codec, read_video, write_video
from tests.media import make_clip, moving_picture

SIZE_WH = (160, 96)


@pytest.mark.parametrize(("codec", "tag"), [("h264", "avc1"), ("hevc", "hvc1")])
def test_pictures_come_back_in_order_with_keyframes_where_asked(
    tmp_path: Path, codec: Codec, tag: str
) -> None:
    path = tmp_path / "a.mp4"
    pictures = [moving_picture(n, SIZE_WH) for n in range(12)]
    assert write_video(path, pictures, size_wh=SIZE_WH, codec=codec, gop=5, crf=12) == 12
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.codec_tag == tag
        packets = [packet for packet in container.demux(stream) if packet.size]
    assert [n for n, packet in enumerate(packets) if packet.is_keyframe] == [0, 5, 10]
    assert [packet.pts for packet in packets] == [packet.dts for packet in packets]
    for picture, back in zip(pictures, read_video(path), strict=True):
        assert np.abs(picture.astype(int) - back).mean() < 12


def test_what_leads_in_is_encoded_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    pictures = [moving_picture(n, SIZE_WH) for n in range(20)]
    written = write_video(
        path, pictures, size_wh=SIZE_WH, gop=5, preset="superfast", bits_s=400_000, lead_in=10
    )
    assert written == 10
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [n for n, packet in enumerate(packets) if packet.is_keyframe] == [0, 5]
    assert packets[0].pts == packets[0].dts == 0
    for picture, back in zip(pictures[10:], read_video(path), strict=True):
        assert np.abs(picture.astype(int) - back).mean() < 12


@pytest.mark.parametrize(
    ("shape", "size_wh", "said"),
    [((96, 160, 3), (161, 96), "even width"), ((96, 150, 3), SIZE_WH, r"expected pictures \(96")],
)
def test_wrong_sizes_are_refused(
    tmp_path: Path, shape: tuple[int, int, int], size_wh: tuple[int, int], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        write_video(tmp_path / "a.mp4", [np.zeros(shape, np.uint8)], size_wh=size_wh)


@pytest.mark.parametrize(("file_fps", "fps", "count"), [(10, 10, 20), (25, 10, 20), (5, 10, 19)])
def test_a_file_is_read_at_the_rate_asked_for(
    tmp_path: Path, file_fps: int, fps: int, count: int
) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=2, fps=file_fps, size_wh=SIZE_WH)
    assert len(list(read_video(clip, fps=fps))) == count


def test_reading_may_begin_later(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=2, size_wh=SIZE_WH)
    whole = list(read_video(clip))
    late = list(read_video(clip, start_s=1.5))
    assert len(late) == 5
    assert np.array_equal(late[0], whole[15])


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(StreamNotFound, match="no such file"):
        next(read_video(tmp_path / "none.mp4"))
    (tmp_path / "a.mp4").write_bytes(b"x" * 5000)
    with pytest.raises(StreamCorrupt, match="expected video"):
        next(read_video(tmp_path / "a.mp4"))
