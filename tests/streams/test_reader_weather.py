"""The reader in bad weather: cameras that refuse, stall, send noise, change, and vanish."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.health import CameraStatus, CoverageGap, FaultKind
from lab.footage.simulator import Fault, Simulator
from streams import activity
from streams.address import CameraAddress
from streams.backoff import CameraBackoff
from streams.clip import write_clip
from streams.probe import probe
from streams.reader import CameraReader, stop_all
from streams.shared_reading import SharedReading
from streams.status import StreamStatus
from streams.stream_settings import StreamSettings
from tests.media import make_clip, moving_picture
from tests.streams.footage import BRISK, facts_of, moment, wait_until

SECRET = "s3cr3t/p@ss"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "a.mp4", gop=5)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "l.mp4", gop=5, size_wh=(640, 360))


def now() -> datetime:
    return datetime.now(UTC)


READING = SharedReading()
"""What a worker reads all cameras with; alone a reader is tried in the other files."""


@pytest.fixture(scope="module", autouse=True)
def reading() -> Iterator[None]:
    READING.start()
    yield
    READING.stop()


class Watched:
    """A reader with the gaps it reported."""

    def __init__(self, url: str, settings: StreamSettings = BRISK) -> None:
        self.gaps: list[CoverageGap] = []
        self.reader = CameraReader(
            "gate-1",
            CameraAddress.parse(url),
            settings,
            on_gap=self.gaps.append,
            shared=READING,
        )

    @property
    def status(self) -> StreamStatus:
        return self.reader.status(moment())

    def wait_for(self, what: CameraStatus | FaultKind) -> None:
        wait_until(lambda: what in (self.status.status, self.status.fault))

    def wait_for_packets(self, count: int) -> None:
        goal = self.status.packets + count
        wait_until(lambda: self.status.packets >= goal)


@contextmanager
def watching(url: str, settings: StreamSettings = BRISK) -> Iterator[Watched]:
    watched = Watched(url, settings)
    watched.reader.start()
    yield watched
    assert watched.reader.stop()


@contextmanager
def simulated(
    clip: Path, fault: str | None = None, other: Path | None = None
) -> Iterator[tuple[Simulator, str]]:
    media = {"gate": clip} | ({"other": other} if other else {})
    faults = {"gate": Fault.parse(fault)} if fault else None
    with Simulator(media, faults=faults) as simulator:
        yield simulator, simulator.url("gate")


# ——— door: nobody there, no entry, the wrong words ———


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with watching(f"rtsp://127.0.0.1:{port}/gate") as watched:
        watched.wait_for(FaultKind.REFUSED)
        status = watched.status

    assert status.status is CameraStatus.OFFLINE
    assert status.last_packet_at is None
    assert f"127.0.0.1:{port}" in status.detail


@pytest.mark.parametrize(
    ("fault", "expected"),
    [("refuse", FaultKind.REFUSED), ("not_found", FaultKind.NOT_FOUND)],
)
def test_the_server_will_not_serve_then_does(clip: Path, fault: str, expected: FaultKind) -> None:
    with simulated(clip, fault) as (simulator, url), watching(url) as watched:
        watched.wait_for(expected)
        simulator.set_fault("gate", None)
        watched.wait_for(CameraStatus.SEEING)
        gaps = list(watched.gaps)

    assert [gap.cause for gap in gaps] == [expected]
    assert watched.status.reconnects == 0


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_the_right_password(clip: Path, auth: str) -> None:
    with Simulator({"gate": clip}, credentials=("ops", SECRET), auth=auth) as simulator:  # type: ignore[arg-type]
        with watching(f"rtsp://ops:{SECRET}@127.0.0.1:{simulator.port}/gate") as watched:
            watched.wait_for(CameraStatus.SEEING)


def test_a_wrong_password_is_tried_once_and_shown_nowhere(clip: Path) -> None:
    settings = BRISK.model_copy(update={"unauthorized_backoff_s": 300})
    with (
        capture_logs() as logs,
        Simulator({"gate": clip}, credentials=("ops", "right")) as simulator,
        watching(f"rtsp://ops:{SECRET}@127.0.0.1:{simulator.port}/gate", settings) as watched,
    ):
        watched.wait_for(FaultKind.UNAUTHORIZED)
        status = watched.status
        attempts = [log for log in logs if log["event"] == "camera lost"]

    assert status.status is CameraStatus.OFFLINE
    assert status.next_attempt_at is not None
    assert timedelta(minutes=4) < status.next_attempt_at - now() < timedelta(minutes=7)
    assert len(attempts) == 1
    shown = f"{status} {watched.gaps} {logs} {watched.reader.address!r} {vars(watched.reader)}"
    assert SECRET not in shown
    assert "s3cr3t" not in shown
    assert "ops:***@" in status.detail


def test_an_unknown_codec_is_named(clip: Path) -> None:
    with (
        Simulator(
            {"gate": clip}, credentials=("ops", SECRET), faults={"gate": Fault.parse("codec")}
        ) as simulator,
        watching(f"rtsp://ops:{SECRET}@127.0.0.1:{simulator.port}/gate") as watched,
    ):
        watched.wait_for(FaultKind.UNSUPPORTED_CODEC)
        status = watched.status

    assert "SVAC" in status.detail
    assert status.next_attempt_at is not None
    assert status.next_attempt_at - now() > timedelta(minutes=4)
    assert SECRET not in status.detail


def test_no_answer_at_all() -> None:
    settings = BRISK.model_copy(update={"open_timeout_s": 0.3})
    with socket.create_server(("127.0.0.1", 0)) as server:
        with watching(f"rtsp://127.0.0.1:{server.getsockname()[1]}/gate", settings) as watched:
            watched.wait_for(FaultKind.STALLED)
            assert "no answer within 0.3 s" in watched.status.detail


# ——— under way: silence, noise, change ———


def test_a_camera_that_stalls_is_shown_and_connected_anew(clip: Path) -> None:
    with simulated(clip) as (simulator, url), watching(url) as watched:
        watched.wait_for(CameraStatus.SEEING)
        simulator.set_fault("gate", Fault.parse("stall"))
        watched.wait_for(CameraStatus.IMPAIRED)
        impaired = watched.status
        watched.wait_for(CameraStatus.OFFLINE)
        simulator.set_fault("gate", None)
        watched.wait_for(CameraStatus.SEEING)

    assert impaired.fault is FaultKind.STALLED
    assert impaired.detail.startswith("no packet for")
    assert watched.status.reconnects >= 1
    assert FaultKind.STALLED in [gap.cause for gap in watched.gaps]


def test_a_short_stall_is_a_gap_without_reconnection(clip: Path) -> None:
    settings = BRISK.model_copy(update={"read_timeout_s": 15, "stalled_after_s": 0.5})
    with simulated(clip) as (simulator, url), watching(url, settings) as watched:
        watched.wait_for_packets(5)
        simulator.set_fault("gate", Fault.parse("stall"))
        watched.wait_for(CameraStatus.IMPAIRED)
        simulator.set_fault("gate", None)
        wait_until(lambda: watched.gaps)
        gap = watched.gaps[0]
        watched.wait_for(CameraStatus.SEEING)

    assert (gap.cause, gap.camera_id) == (FaultKind.STALLED, "gate-1")
    assert watched.status.reconnects == 0
    assert gap.to_at - gap.from_at > timedelta(seconds=0.5)


def test_garbage_yields_no_wrong_picture_and_passes(clip: Path) -> None:
    with simulated(clip) as (simulator, url), watching(url) as watched:
        watched.wait_for(CameraStatus.SEEING)
        assert watched.reader.take() is not None
        simulator.set_fault("gate", Fault.parse("garbage"))
        watched.wait_for_packets(3)
        watched.reader.take()
        simulator.set_fault("gate", None)
        watched.wait_for(CameraStatus.SEEING)
        watched.wait_for_packets(12)
        wait_until(watched.reader.take)
        packets = watched.reader.ring.between(time.monotonic() - 1, time.monotonic())

    assert packets[0].keyframe


def test_a_change_of_resolution(clip: Path, large: Path, tmp_path: Path) -> None:
    with simulated(clip, other=large) as (simulator, url), watching(url) as watched:
        watched.wait_for_packets(12)
        simulator.set_fault("gate", Fault.parse("switch:to=other"))
        wait_until(lambda: watched.status.size_wh == (640, 360))
        watched.wait_for_packets(8)
        frame = watched.reader.take()
        span = watched.reader.ring.span
        assert span is not None
        packets = watched.reader.ring.between(span[0].s, span[1].s)
        info = write_clip(packets, tmp_path / "clip.mp4")

    assert frame is not None
    assert frame.size_wh == (640, 360)
    assert info.size_wh == facts_of(tmp_path / "clip.mp4").size_wh == (640, 360)
    assert {packet.stream.size_wh for packet in packets} == {(640, 360)}


def test_timestamps_that_restart(clip: Path, tmp_path: Path) -> None:
    with simulated(clip, "restart_timestamps:every=1s") as (_, url), watching(url) as watched:
        watched.wait_for_packets(35)
        packets = watched.reader.ring.between(time.monotonic() - 30, time.monotonic())
        info = write_clip(packets, tmp_path / "clip.mp4")
        late_s = (now() - packets[-1].captured_at).total_seconds()

    times = [packet.captured_at for packet in packets]
    assert times == sorted(times)
    assert late_s < 3
    assert facts_of(tmp_path / "clip.mp4").rising
    span_s = (times[-1] - times[0]).total_seconds()
    assert info.duration_s == pytest.approx(span_s, abs=1.0)


def test_a_camera_that_drops_its_connection(clip: Path) -> None:
    with simulated(clip, "drop:every=1s") as (_, url), watching(url) as watched:
        wait_until(lambda: len(watched.gaps) >= 2)
        watched.wait_for(CameraStatus.SEEING)
        times = [packet.captured_at for packet in watched.reader.ring.tail()]

    assert watched.status.reconnects >= 2
    assert {gap.cause for gap in watched.gaps} == {FaultKind.ENDED}
    assert times == sorted(times)


class WatchedBackoff(CameraBackoff):
    resets = 0

    def reset(self) -> None:
        self.resets += 1
        super().reset()


@pytest.mark.parametrize(("steady_after_s", "expected"), [(0.2, 1), (600, 0)])
def test_only_a_steady_connection_starts_the_pauses_anew(
    clip: Path, steady_after_s: float, expected: int
) -> None:
    settings = BRISK.model_copy(update={"steady_after_s": steady_after_s})
    backoff = WatchedBackoff(settings)
    reader = CameraReader("gate-1", CameraAddress.parse(clip), settings, backoff=backoff)

    reader.start()
    wait_until(lambda: reader.status(moment()).packets >= 15)
    reader.stop()

    assert backoff.resets == expected


def test_a_camera_that_vanishes_for_long(clip: Path) -> None:
    """Long is many pauses here: the server is gone while the longest pause is reached."""
    with Simulator({"gate": clip}) as simulator:
        port, url = simulator.port, simulator.url("gate")
        with capture_logs() as logs, watching(url) as watched:
            watched.wait_for(CameraStatus.SEEING)
            simulator.stop()
            watched.wait_for(CameraStatus.OFFLINE)
            wait_until(lambda: len(logs) > 6)
            assert watched.status.fault is FaultKind.REFUSED
            assert watched.reader.ring.span is not None
            with Simulator({"gate": clip}, port=port):
                watched.wait_for(CameraStatus.SEEING)
                gaps = list(watched.gaps)

    assert len(gaps) == 1
    assert gaps[0].cause is FaultKind.REFUSED
    pauses_s = [log["retry_in_s"] for log in logs if log["event"] == "camera lost"]
    assert max(pauses_s) <= BRISK.backoff_max_s


def test_packets_without_keyframes_are_a_fault(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=10, gop=1000)
    settings = BRISK.model_copy(update={"no_keyframe_after_s": 1.5})

    with simulated(clip) as (_, url), watching(url, settings) as watched:
        watched.wait_for(FaultKind.NO_KEYFRAME)
        status = watched.status

    assert status.status is CameraStatus.IMPAIRED
    assert status.packets > 0


# ——— stopping ———


def test_stop_is_prompt_even_if_a_camera_hangs(clip: Path) -> None:
    settings = BRISK.model_copy(update={"read_timeout_s": 3})
    with simulated(clip) as (simulator, url):
        watched = [Watched(url, settings) for _ in range(3)]
        for each in watched:
            each.reader.start()
            each.wait_for(CameraStatus.SEEING)
        simulator.set_fault("gate", Fault.parse("stall"))
        watched[0].wait_for(CameraStatus.IMPAIRED)

        hanging = stop_all([each.reader for each in watched], timeout_s=0.2)

        assert set(hanging) <= {"gate-1"}
        # What hangs in a read ends by itself when the read does.
        assert stop_all([each.reader for each in watched], timeout_s=20) == []


HANGING = """
import sys
from streams.address import CameraAddress
from streams.reader import CameraReader
from streams.stream_settings import StreamSettings
from tests.streams.footage import moment, wait_until

reader = CameraReader("gate", CameraAddress.parse(sys.argv[1]), StreamSettings(read_timeout_s=600))
reader.start()
wait_until(lambda: reader.status(moment()).packets >= 5)
print("seeing", flush=True)
sys.stdin.readline()
print("ended" if reader.stop(timeout_s=0.5) else "hangs", flush=True)
"""


def test_a_program_ends_cleanly_while_a_camera_hangs(clip: Path) -> None:
    with simulated(clip) as (simulator, url):
        with subprocess.Popen(
            [sys.executable, "-W", "error", "-c", HANGING, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "seeing\n"
            simulator.set_fault("gate", Fault.parse("stall"))
            wait_until(lambda: simulator.stats is not None)
            out, err = process.communicate("stop\n", timeout=30)

    assert out in ("hangs\n", "ended\n")
    assert (process.returncode, err) == (0, "")


# ——— probe ———


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("refuse", FaultKind.REFUSED),
        ("unauthorized", FaultKind.UNAUTHORIZED),
        ("not_found", FaultKind.NOT_FOUND),
        ("codec", FaultKind.UNSUPPORTED_CODEC),
        ("stall", FaultKind.STALLED),
    ],
)
def test_probe_says_what_is_wrong(clip: Path, fault: str, expected: FaultKind) -> None:
    settings = BRISK.model_copy(update={"open_timeout_s": 1, "read_timeout_s": 1})

    with simulated(clip, fault) as (_, url):
        report, frame = probe(CameraAddress.parse(url), settings, 4)

    assert (report.fault, report.decoded, frame) == (expected, False, None)
    assert report.detail


def test_probe_of_what_ends_early_tells_what_was_found(clip: Path) -> None:
    with simulated(clip, "drop:after=1s") as (_, url):
        report, frame = probe(CameraAddress.parse(url), BRISK, 10)

    assert (report.fault, report.decoded, report.size_wh) == (FaultKind.ENDED, True, (320, 180))
    assert frame is not None


def test_probe_of_a_file(clip: Path) -> None:
    report, frame = probe(CameraAddress.parse(clip), BRISK, 1.5)

    assert (report.url, report.codec, report.fault) == (str(clip), "h264", None)
    assert report.bitrate_kbps is not None
    assert report.first_keyframe_s is not None
    assert report.keyframe_every_s == pytest.approx(0.5)
    assert frame is not None
    assert frame.size_wh == (320, 180)


def test_a_camera_that_begins_to_move_stirs_until_it_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "LEAST_MEMORY_S", 1.0)
    monkeypatch.setattr(activity, "LEARN_EVERY", 2)
    still = make_clip(
        tmp_path / "still.mp4", gop=5, paint=lambda number: moving_picture(0, (320, 180))
    )
    moving = make_clip(tmp_path / "moving.mp4", gop=5)
    with (
        Simulator({"gate": still, "lively": moving}) as cameras,
        watching(cameras.url("gate")) as gate,
    ):
        gate.wait_for_packets(30)
        gate.reader.take()
        assert not gate.reader.stirred
        cameras.set_fault("gate", Fault.parse("switch:to=lively"))
        wait_until(lambda: gate.reader.stirred)
        assert gate.reader.take() is not None
        assert not gate.reader.stirred
