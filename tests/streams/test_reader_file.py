"""The reader with files that play cameras."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.clock import Moment
from domain.health import CameraStatus, CoverageGap, FaultKind
from streams.address import CameraAddress
from streams.clip import write_clip
from streams.frame import Frame
from streams.packet import StreamInfo
from streams.reader import CameraReader, stop_all
from streams.stream_settings import StreamSettings
from tests.media import Codec, make_clip
from tests.streams.footage import BRISK, facts_of, made_up, moment, wait_until
from tests.streams.test_decoder import old_clip


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def playing(
    path: Path, settings: StreamSettings = BRISK, look_every_s: float = 2
) -> Iterator[CameraReader]:
    reader = CameraReader("c1", CameraAddress.parse(path), settings, look_every_s=look_every_s)
    reader.start()
    yield reader
    assert reader.stop()


def looks(reader: CameraReader, count: int) -> list[Frame]:
    frames: list[Frame] = []

    def looked() -> bool:
        frame = reader.take()
        if frame is not None:
            frames.append(frame)
        return len(frames) >= count

    wait_until(looked)
    return frames


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_keyframes_are_taken_once_each(tmp_path: Path, codec: Codec) -> None:
    with playing(make_clip(tmp_path / "a.mp4", codec=codec, gop=5)) as reader:
        frames = looks(reader, 4)

    seconds = [round(frame.stream_s, 2) for frame in frames]
    assert seconds == sorted(set(seconds))
    assert all(second % 0.5 == 0 for second in seconds)
    assert {frame.size_wh for frame in frames} == {(320, 180)}
    assert all(frame.camera_id == "c1" for frame in frames)


def test_a_file_goes_round_and_time_goes_on(tmp_path: Path) -> None:
    with playing(make_clip(tmp_path / "a.mp4", seconds=0.5, gop=5, with_b_frames=True)) as reader:
        wait_until(lambda: reader.status(moment()).packets >= 18)
        packets = reader.ring.between(time.monotonic() - 30, time.monotonic())
        info = write_clip(packets, tmp_path / "clip.mp4")
        status = reader.status(moment())

    assert sorted(round(packet.stream_s * 10) for packet in packets[:15]) == list(range(15))
    times = [packet.captured_at for packet in packets]
    assert times == sorted(times)
    assert (status.reconnects, status.decode_errors) == (0, 0)
    facts = facts_of(tmp_path / "clip.mp4")
    assert (facts.pictures, facts.rising) == (len(packets), True)
    assert info.duration_s == pytest.approx(len(packets) / 10, abs=0.35)


@pytest.mark.parametrize("mode", ["all", "auto"])
def test_rare_keyframes_are_decoded_on(tmp_path: Path, mode: str) -> None:
    settings = BRISK.model_copy(update={"decode": mode})
    clip = make_clip(tmp_path / "a.mp4", seconds=6, gop=60)

    with playing(clip, settings, look_every_s=0.2) as reader:
        frames = looks(reader, 6)

    seconds = [round(frame.stream_s, 2) for frame in frames]
    assert seconds == sorted(set(seconds))
    assert seconds[-1] < 6


def test_keyframes_alone_where_that_is_asked(tmp_path: Path) -> None:
    settings = BRISK.model_copy(update={"decode": "keyframes"})

    with playing(make_clip(tmp_path / "a.mp4", gop=10), settings, look_every_s=0.1) as reader:
        frames = looks(reader, 3)

    assert all(round(frame.stream_s, 2) % 1 == 0 for frame in frames)


@pytest.mark.parametrize(("encoder", "pixels"), [("mpeg4", "yuv420p"), ("mjpeg", "yuvj420p")])
def test_older_codecs(tmp_path: Path, encoder: str, pixels: str) -> None:
    with playing(old_clip(tmp_path / "old.mp4", encoder, pixels)) as reader:
        frame = looks(reader, 1)[0]
        status = reader.status(moment())

    assert frame.image().shape == (180, 320, 3)
    assert status.codec == encoder


def test_status_of_what_is_seen(tmp_path: Path) -> None:
    with playing(make_clip(tmp_path / "a.mp4", gop=5)) as reader:
        wait_until(lambda: reader.status(moment()).packets >= 12)
        status = reader.status(moment())

    assert (status.status, status.fault, status.detail) == (CameraStatus.SEEING, None, "")
    assert (status.codec, status.size_wh) == ("h264", (320, 180))
    assert status.fps == pytest.approx(10, abs=0.5)
    assert status.keyframe_every_s == pytest.approx(0.5, abs=0.05)
    assert status.last_packet_at is not None
    assert status.next_attempt_at is None


def test_damage_is_counted_and_is_no_picture(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4")
    reader = CameraReader("c1", CameraAddress.parse(clip), BRISK)
    damaged = made_up(0, keyframe=True, stream=StreamInfo("h264", (320, 180)))
    reader.ring.append(replace(damaged, coded=bytes(range(256))))

    assert reader.take() is None
    assert reader.take() is None
    assert reader.status(moment()).decode_errors == 1


def test_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    gaps: list[CoverageGap] = []
    path = tmp_path / "later.mp4"
    reader = CameraReader("c1", CameraAddress.parse(path), BRISK, on_gap=gaps.append)
    reader.start()
    wait_until(lambda: reader.status(moment()).fault is FaultKind.NOT_FOUND)
    assert reader.status(moment()).status is CameraStatus.OFFLINE

    make_clip(tmp_path / "now.mp4").rename(path)
    wait_until(lambda: reader.status(moment()).status is CameraStatus.SEEING)
    reader.stop()

    assert [(gap.camera_id, gap.cause) for gap in gaps] == [("c1", FaultKind.NOT_FOUND)]
    assert str(path) in gaps[0].detail
    assert gaps[0].from_at < gaps[0].to_at


def test_a_file_without_packets(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])

    with playing(tmp_path / "cut.mp4") as reader:
        wait_until(lambda: reader.status(moment()).fault is FaultKind.CORRUPT)


class FaultyClock:
    """Fails once while a connection is under way."""

    def __init__(self) -> None:
        self.calls = 0

    def now(self) -> datetime:
        return now()

    def moment(self) -> Moment:
        self.calls += 1
        if self.calls == 5:
            raise RuntimeError("the clock stood still")
        return moment()


def test_nothing_leaves_the_thread(tmp_path: Path) -> None:
    address = CameraAddress.parse(make_clip(tmp_path / "a.mp4"))
    reader = CameraReader("c1", address, BRISK, clock=FaultyClock())
    with capture_logs() as logs:
        reader.start()
        wait_until(lambda: reader.status(moment()).reconnects == 1)
        wait_until(lambda: reader.status(moment()).status is CameraStatus.SEEING)
        assert reader.stop()

    assert [log["event"] for log in logs] == ["reader failed", "camera lost"]


class AheadClock:
    """Runs ahead until it is put right."""

    def __init__(self) -> None:
        self.ahead = timedelta(hours=8)

    def now(self) -> datetime:
        return now() + self.ahead

    def moment(self) -> Moment:
        return Moment(moment().s, self.now())


def test_a_clock_that_is_put_right_costs_nothing(tmp_path: Path) -> None:
    address = CameraAddress.parse(make_clip(tmp_path / "a.mp4", gop=5))
    gaps: list[CoverageGap] = []
    clock = AheadClock()
    reader = CameraReader("c1", address, BRISK, clock=clock, on_gap=gaps.append)
    reader.start()
    looks(reader, 2)
    put_right_at = now()
    clock.ahead = timedelta()
    kept = reader.ring.span

    def is_dated_right() -> bool:
        span = reader.ring.span
        return span is not None and put_right_at <= span[1].at <= now()

    wait_until(is_dated_right)
    span = reader.ring.span
    assert kept is not None
    assert span is not None
    assert span[0] == kept[0], "nothing of what was kept is lost"
    (frame,) = looks(reader, 1)
    assert reader.stop()
    assert put_right_at <= frame.captured_at
    assert (gaps, reader.status(moment()).reconnects) == ([], 0)


@pytest.mark.parametrize("suffix", [".h264", ".avi", ".mkv"])
def test_containers_with_poor_timestamps(tmp_path: Path, suffix: str) -> None:
    with playing(make_clip(tmp_path / f"a{suffix}", seconds=1, gop=5)) as reader:
        wait_until(lambda: reader.status(moment()).packets >= 15)
        span = reader.ring.span
        assert span is not None
        write_clip(reader.ring.between(span[0].s, span[1].s), tmp_path / "clip.mp4")

    facts = facts_of(tmp_path / "clip.mp4")
    assert (facts.pictures >= 14, facts.rising) == (True, True)


def test_stopping_ends_the_gap_under_way(tmp_path: Path) -> None:
    gaps: list[CoverageGap] = []
    address = CameraAddress.parse(tmp_path / "never.mp4")
    reader = CameraReader("c1", address, BRISK, on_gap=gaps.append)
    reader.start()
    wait_until(lambda: reader.status(moment()).fault is not None)

    reader.stop()

    assert [gap.cause for gap in gaps] == [FaultKind.NOT_FOUND]


def test_a_listener_that_fails_does_not_stop_the_reader(tmp_path: Path) -> None:
    def fail(gap: CoverageGap) -> None:
        raise RuntimeError("no room")

    path = tmp_path / "later.mp4"
    reader = CameraReader("c1", CameraAddress.parse(path), BRISK, on_gap=fail)
    reader.start()
    wait_until(lambda: reader.status(moment()).fault is not None)
    make_clip(tmp_path / "now.mp4").rename(path)

    wait_until(lambda: reader.status(moment()).status is CameraStatus.SEEING)
    assert reader.stop()


def test_many_stop_together_and_leave_no_thread(tmp_path: Path) -> None:
    address = CameraAddress.parse(make_clip(tmp_path / "a.mp4"))
    before = threading.active_count()
    readers = [CameraReader(f"c{i}", address, BRISK) for i in range(8)]
    for reader in readers:
        reader.start()
    wait_until(lambda: all(reader.status(moment()).packets for reader in readers))

    assert stop_all(readers) == []
    assert threading.active_count() == before


def test_stopping_what_never_started(tmp_path: Path) -> None:
    assert CameraReader("c1", CameraAddress.parse(tmp_path / "a.mp4"), BRISK).stop()
