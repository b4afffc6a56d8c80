"""Titles in any encoding: cameras and recorders of the town write GBK."""

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from lab.footage.simulator.clip import load_clip
from lab.footage.simulator.transcode import as_codec
from streams.address import CameraAddress
from streams.clip import browser_copy
from streams.encode import read_video
from streams.probe import probe
from streams.replay import replay
from streams.stream_settings import StreamSettings
from tests.media import make_clip
from tests.streams.footage import START


@pytest.fixture(params=[".mkv", ".mp4"])
def titled(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A clip with a title in GBK, which is no UTF-8."""
    plain, titled = make_clip(tmp_path / "a.mp4", seconds=1), tmp_path / f"titled{request.param}"
    with (
        av.open(str(plain)) as source,
        av.open(str(titled), "w", metadata_encoding="gbk") as sink,
    ):
        stream = sink.add_stream_from_template(source.streams.video[0])
        sink.metadata["title"] = "黄水镇口"
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                sink.mux(packet)
    assert "黄水镇口".encode("gbk") in titled.read_bytes()
    return titled


def copied(path: Path) -> Path:
    copy = path.with_name("copy.mp4")
    browser_copy(path, copy)
    return copy


@pytest.mark.parametrize(
    "read",
    [
        lambda path: list(replay(path, look_every_s=1, start_at=START)),
        lambda path: probe(CameraAddress.parse(path), StreamSettings(), 0.5)[0].decoded,
        lambda path: list(read_video(path)),
        lambda path: load_clip(path).units,
        lambda path: as_codec(path, "hevc", path.parent),
        lambda path: copied(path).exists(),
    ],
    ids=["replay", "probe", "read_video", "load_clip", "transcode", "browser_copy"],
)
def test_a_title_in_gbk_is_no_obstacle(titled: Path, read: Callable[[Path], object]) -> None:
    assert read(titled)
