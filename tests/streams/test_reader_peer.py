"""The reader against a server that is not ours: Debian's gst-rtsp-server."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.health import CameraStatus, FaultKind
from streams.address import CameraAddress
from streams.clip import write_clip
from streams.probe import probe
from streams.reader import CameraReader
from streams.stream_settings import StreamSettings
from tests.media import Codec, make_clip
from tests.peer.serving import served, skip_without_gst
from tests.streams.footage import BRISK, facts_of, moment, wait_until

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module", autouse=True)
def gst_rtsp_server() -> None:
    skip_without_gst()


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def reading(
    url: str, settings: StreamSettings = BRISK, look_every_s: float = 1
) -> Iterator[CameraReader]:
    reader = CameraReader("gst", CameraAddress.parse(url), settings, look_every_s=look_every_s)
    reader.start()
    yield reader
    assert reader.stop()


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize(("codec", "tag"), [("h264", "avc1"), ("hevc", "hvc1")])
def test_pictures_and_clips(tmp_path: Path, codec: Codec, tag: str, bare: bool) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=30, codec=codec)
    extra = ["--bare"] if bare else []

    with served(*extra, f"a={clip}") as port, reading(f"rtsp://127.0.0.1:{port}/a") as reader:
        wait_until(lambda: reader.status(moment()).packets >= 35)
        frame = reader.take()
        status = reader.status(moment())
        info = write_clip(
            reader.ring.between(time.monotonic() - 20, time.monotonic()), tmp_path / "clip.mp4"
        )

    assert frame is not None
    assert frame.size_wh == (320, 180)
    assert frame.image().std() > 20
    assert (status.status, status.fault, status.codec) == (CameraStatus.SEEING, None, codec)
    assert status.keyframe_every_s == pytest.approx(1, abs=0.1)
    facts = facts_of(tmp_path / "clip.mp4")
    assert (facts.tag, facts.pictures) == (tag, facts.packets)
    assert facts.pictures >= 30
    assert (facts.starts_at_s, facts.starts_with_keyframe, facts.rising) == (0, True, True)
    assert info.duration_s == pytest.approx(facts.packets / 10, abs=0.2)


def test_rare_keyframes_are_decoded_on(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=30, gop=1000)

    with (
        served(f"a={clip}") as port,
        reading(f"rtsp://127.0.0.1:{port}/a", look_every_s=0.5) as reader,
    ):
        times: list[float] = []

        def looked() -> bool:
            if frame := reader.take():
                times.append(frame.stream_s)
            return len(times) > 3

        wait_until(looked)

    assert times == sorted(set(times))
    assert times[-1] > 0.75


@pytest.mark.parametrize("scheme", [[], ["--digest"]])
def test_passwords(tmp_path: Path, scheme: list[str]) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=20)

    with served("--user", "ops", "--password", "p@ss", *scheme, f"a={clip}") as port:
        with reading(f"rtsp://ops:p@ss@127.0.0.1:{port}/a") as reader:
            wait_until(lambda: reader.status(moment()).status is CameraStatus.SEEING)
        with reading(f"rtsp://ops:wrong@127.0.0.1:{port}/a") as reader:
            wait_until(lambda: reader.status(moment()).fault is FaultKind.UNAUTHORIZED)


def test_no_such_camera(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=5)

    with served(f"a={clip}") as port, reading(f"rtsp://127.0.0.1:{port}/b") as reader:
        wait_until(lambda: reader.status(moment()).fault is FaultKind.NOT_FOUND)


def test_the_end_of_the_film_is_the_end_of_the_connection(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=3)

    with served(f"a={clip}") as port, reading(f"rtsp://127.0.0.1:{port}/a") as reader:
        wait_until(lambda: reader.status(moment()).reconnects >= 1)


def test_probe(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=20, codec="hevc")

    with served(f"a={clip}") as port:
        report, frame = probe(CameraAddress.parse(f"rtsp://127.0.0.1:{port}/a"), BRISK, 3)

    assert (report.codec, report.profile, report.size_wh) == ("hevc", "Main", (320, 180))
    assert (report.decoded, report.fault, report.detail) == (True, None, "")
    assert report.fps == pytest.approx(10, abs=1)
    assert report.keyframe_every_s == pytest.approx(1, abs=0.1)
    assert frame is not None
