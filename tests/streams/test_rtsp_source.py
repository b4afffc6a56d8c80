"""Cameras read by our own client: the same pictures as by libav, and what is left to libav."""

import threading
import time
from itertools import islice
from pathlib import Path

import pytest

from domain.errors import StreamUnauthorized
from lab.footage.simulator import Fault, Simulator
from streams.address import CameraAddress
from streams.opening import opened
from streams.rtsp.description import offer_of
from streams.rtsp.source import RtspSource
from streams.source import Source
from tests.media import Codec, make_clip
from tests.streams.footage import BRISK
from tests.streams.simulated import eventually


def camera(simulator: Simulator, name: str = "cam") -> CameraAddress:
    return CameraAddress.parse(simulator.url(name))


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_it_gives_what_libav_gives(tmp_path: Path, codec: Codec) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=4, codec=codec)
    with Simulator({"cam": clip}) as simulator:
        with RtspSource(camera(simulator), BRISK) as ours:
            mine = [(bytes(one), one.is_keyframe) for one in islice(ours.packets(), 60)]
        with Source(camera(simulator), BRISK) as libavs:
            theirs = [(bytes(one), one.is_keyframe) for one in islice(libavs.packets(), 60)]
    assert ours.offered.codec == libavs.codec == codec
    assert ours.offered.extradata
    assert mine[0][1]
    assert {data for data, _ in theirs} & {data for data, _ in mine}
    keyframes = {data for data, key in mine if key}
    assert keyframes == {data for data, key in theirs if key}


def test_a_silent_camera_does_not_hold_it_up(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=4)
    stopping = threading.Event()
    with Simulator({"cam": clip}, faults={"cam": Fault("stall", after_s=0.5)}) as simulator:
        with RtspSource(camera(simulator), BRISK, stopping) as source:
            reading = threading.Thread(target=lambda: list(source.packets()), daemon=True)
            reading.start()
            assert eventually(lambda: simulator.stats.cameras["cam"].bytes_sent > 0)
            time.sleep(0.6)
            stopping.set()
            reading.join(1.5)
            assert not reading.is_alive()


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_it_logs_in_once_and_gives_up_at_once(tmp_path: Path, auth: str) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=2)
    with Simulator({"cam": clip}, credentials=("ops", "hunter2"), auth=auth) as simulator:  # type: ignore[arg-type]
        right = simulator.url("cam", with_credentials=True)
        wrong = right.replace("hunter2", "hunter3")
        with RtspSource(CameraAddress.parse(right), BRISK) as source:
            assert next(source.packets()).is_keyframe
        with pytest.raises(StreamUnauthorized) as refused:
            RtspSource(CameraAddress.parse(wrong), BRISK)
    assert "hunter3" not in str(refused.value)


def test_libav_reads_what_is_asked_of_it(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=2)
    with Simulator({"cam": clip}) as simulator:
        for rtsp, kind in (("own", RtspSource), ("libav", Source)):
            settings = BRISK.model_copy(update={"rtsp": rtsp})
            with opened(camera(simulator), settings) as source:
                assert isinstance(source, kind)


def test_streams_packed_in_rare_ways_are_not_ours() -> None:
    def offered(encoding: str, form: str = "") -> str | None:
        lines = ["m=audio 0 RTP/AVP 0", "m=video 0 RTP/AVP 98", f"a=rtpmap:98 {encoding}/90000"]
        offer = offer_of("\r\n".join([*lines, f"a=fmtp:98 {form}", "a=control:trackID=1", ""]))
        assert offer is not None
        assert (offer.control, offer.payload_type, offer.clock_hz) == ("trackID=1", 98, 90_000)
        return offer.codec

    assert offered("H264", "packetization-mode=1; sprop-parameter-sets=Z0I=,aM4=") == "h264"
    assert offered("H265") == "hevc"
    assert offered("h264", "packetization-mode=2") is None
    assert offered("H265", "sprop-max-don-diff=2") is None
    assert offered("MP4V-ES") is None
    assert offer_of("v=0\r\nm=audio 0 RTP/AVP 0\r\n") is None


def test_a_session_is_kept_alive(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=4)
    with Simulator({"cam": clip}, session_timeout_s=1) as simulator:
        with RtspSource(camera(simulator), BRISK) as source:
            began_s = time.monotonic()
            for _ in source.packets():
                if time.monotonic() - began_s > 3:
                    break
            assert time.monotonic() - began_s > 3
            assert simulator.stats.cameras["cam"].connects == 1
