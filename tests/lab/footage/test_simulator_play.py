"""Real clients play simulated cameras."""

from itertools import pairwise
from pathlib import Path
from time import sleep

import pytest

from lab.footage.simulator import Simulator, load_clip
from lab.footage.simulator.camera import MAX_LATE_S, phase
from tests.media import Codec, make_clip
from tests.streams.rtsp_client import RtspClient
from tests.streams.simulated import frames, opened, pictures_of, pixels, steps

FPS = 20


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    codecs: tuple[Codec, ...] = ("h264", "hevc")
    return {
        f"{codec}{'-b' if with_b else ''}": make_clip(
            folder / f"{codec}{with_b}.mp4",
            seconds=1.5,
            fps=FPS,
            codec=codec,
            with_b_frames=with_b,
        )
        for codec in codecs
        for with_b in (False, True)
    }


@pytest.mark.parametrize("camera", ["h264", "h264-b", "hevc", "hevc-b"])
def test_pictures_come_whole_in_order_and_over_the_seam(
    clips: dict[str, Path], camera: str
) -> None:
    expected = pictures_of(clips[camera])

    with Simulator({camera: clips[camera]}) as simulator, opened(simulator.url(camera)) as stream:
        taken = frames(stream, 2 * len(expected))

    numbers = [expected.index(pixels(frame)) for frame in taken]
    assert numbers == [(numbers[0] + n) % len(expected) for n in range(len(taken))]
    assert set(steps(taken)) == {1 / FPS}


@pytest.mark.parametrize("camera", ["h264", "hevc"])
def test_udp(clips: dict[str, Path], camera: str) -> None:
    with (
        Simulator({camera: clips[camera]}) as simulator,
        opened(simulator.url(camera), "udp") as stream,
    ):
        codec = stream.streams.video[0].codec_context.name
        taken = frames(stream, 20)

    assert codec == camera
    assert (taken[0].width, taken[0].height) == (320, 180)
    assert min(steps(taken)) > 0


def test_two_clients_share_the_camera_s_timeline(clips: dict[str, Path]) -> None:
    with (
        Simulator({"gate": clips["h264"]}) as simulator,
        RtspClient(simulator.url("gate")) as early,
        RtspClient(simulator.url("gate")) as late,
    ):
        early.play()
        late.play()
        seen_late = [next(late.pictures()) for _ in range(15)]
        seen_early = [next(early.pictures()) for _ in range(30)]

        assert all(picture in seen_early for picture in seen_late)
        assert simulator.stats.clients == 2
        assert simulator.stats.cameras["gate"].connects == 2


def test_a_client_starts_with_a_keyframe(clips: dict[str, Path]) -> None:
    with Simulator({"gate": clips["h264"]}) as simulator, RtspClient(simulator.url("gate")) as it:
        it.play()
        _, payloads = next(it.pictures())

    sps, pps = load_clip(clips["h264"]).parameter_sets
    assert sps in payloads
    assert pps in payloads


def test_cameras_of_one_clip_start_apart_and_always_the_same() -> None:
    phases = sorted(phase(f"cam{number}") for number in range(100))

    assert phases == sorted(phase(f"cam{number}") for number in range(100))
    in_quarters = [sum(n / 4 <= p < (n + 1) / 4 for p in phases) for n in range(4)]
    assert min(in_quarters) > 15


def test_after_a_long_sleep_the_camera_is_live_again(clips: dict[str, Path]) -> None:
    with Simulator({"gate": clips["h264"]}) as simulator, RtspClient(simulator.url("gate")) as it:
        it.play()
        before, _ = next(it.pictures())
        assert simulator._loop is not None
        simulator._loop.call_soon_threadsafe(sleep, MAX_LATE_S + 0.5)
        pictures = [next(it.pictures()) for _ in range(30)]

    timestamps = [before, *(timestamp for timestamp, _ in pictures)]
    gaps = [(b - a) % 2**32 / 90_000 for a, b in pairwise(timestamps)]
    (seam,) = [number for number, gap in enumerate(gaps) if gap > 1 / FPS]
    assert gaps[seam] > MAX_LATE_S
    assert load_clip(clips["h264"]).parameter_sets[0] in pictures[seam][1]


def test_description(clips: dict[str, Path]) -> None:
    with Simulator({"a": clips["h264"], "b": clips["hevc"]}) as simulator:
        with RtspClient(simulator.url("a")) as client:
            answer = client.ask("DESCRIBE", Accept="application/sdp")
        with RtspClient(simulator.url("b")) as client:
            other = client.ask("DESCRIBE")

    assert answer.headers["content-type"] == "application/sdp"
    assert answer.headers["content-base"] == simulator.url("a") + "/"
    lines = answer.body.decode().split("\r\n")
    assert "m=video 0 RTP/AVP 96" in lines
    assert "a=rtpmap:96 H264/90000" in lines
    assert "a=framerate:20" in lines
    assert "a=control:trackID=0" in lines
    assert "sprop-parameter-sets=" in answer.body.decode()
    assert "a=rtpmap:96 H265/90000" in other.body.decode()
    for name in ("sprop-vps=", "sprop-sps=", "sprop-pps="):
        assert name in other.body.decode()


def test_sender_reports_come_at_the_start_and_go_on(clips: dict[str, Path]) -> None:
    reports = []
    with Simulator({"gate": clips["h264"]}) as simulator, RtspClient(simulator.url("gate")) as it:
        it.play("RTP/AVP/TCP;unicast;interleaved=4-5")
        channels = set()
        for number, packet in enumerate(it.packets()):
            channels.add(packet.channel)
            if packet.channel == 5:
                reports.append((number, packet.data))
            if len(reports) == 2:
                break

    assert channels == {4, 5}
    (first, start), (_, later) = reports
    assert first == 0
    assert start[:2] == later[:2] == bytes([0x80, 200])
    seconds, ticks = (
        int.from_bytes(later[a:b], "big") - int.from_bytes(start[a:b], "big")
        for a, b in ((8, 12), (16, 20))
    )
    assert ticks % 2**32 / 90_000 == pytest.approx(seconds, abs=1.1)


def test_libav_reads_the_camera_s_clock(clips: dict[str, Path]) -> None:
    with Simulator({"gate": clips["h264"]}) as simulator, opened(simulator.url("gate")) as stream:
        frames(stream, 3)
        realtime = stream.start_time_realtime

    assert realtime is not None
    assert realtime > 0
