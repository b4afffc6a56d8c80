"""Every fault, met by a real client."""

from pathlib import Path

import av
import pytest

from domain.errors import ConfigurationError
from lab.footage.simulator import Fault, Simulator
from streams.frame import Image
from tests.media import make_clip, moving_picture
from tests.streams.rtsp_client import RtspClient
from tests.streams.simulated import (
    eventually,
    frames,
    opened,
    pictures_of,
    pixels,
    steps,
)

ALWAYS_REFUSED = {
    "refuse": av.error.HTTPServerError,
    "not_found": av.error.HTTPNotFoundError,
    "unauthorized": av.error.HTTPUnauthorizedError,
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("faults") / "clip.mp4", seconds=2, fps=20)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults")
    return make_clip(folder / "large.mp4", seconds=2, fps=20, size_wh=(480, 272))


@pytest.mark.parametrize(("kind", "error"), ALWAYS_REFUSED.items())
def test_door(clip: Path, kind: str, error: type[av.FFmpegError]) -> None:
    faults = {"gate": Fault.parse(kind)}
    with Simulator({"gate": clip, "yard": clip}, credentials=("u", "p"), faults=faults) as it:
        with pytest.raises(error), opened(it.url("gate", with_credentials=True)):
            pass
        with opened(it.url("yard", with_credentials=True)) as stream:
            assert frames(stream, 1)

        it.set_fault("gate", None)
        with opened(it.url("gate", with_credentials=True)) as stream:
            assert frames(stream, 1)


@pytest.mark.parametrize("kind", ["refuse", "not_found", "unauthorized", "codec", "drop"])
def test_running_streams_end_when_the_fault_is_set(clip: Path, kind: str) -> None:
    with Simulator({"gate": clip}) as it, RtspClient(it.url("gate")) as client:
        client.play()
        next(client.pictures())

        it.set_fault("gate", Fault.parse(kind))

        assert client.is_closed()
        assert eventually(lambda: it.stats.clients == 0)


def test_endless_sends_one_keyframe_to_who_begins_to_look(tmp_path: Path) -> None:
    """A clip that ends as it begins and has 16 n + 1 pictures goes round without its keyframe."""

    def there_and_back(number: int) -> Image:
        return moving_picture(min(number, 32 - number), (320, 180))

    round_trip = make_clip(tmp_path / "a.mp4", fps=20, seconds=1.65, gop=99, paint=there_and_back)
    faults = {"gate": Fault.parse("endless")}
    with Simulator({"gate": round_trip}, faults=faults) as it:
        for _ in range(2):  # who comes later gets one too
            with opened(it.url("gate")) as stream:
                taken = frames(stream, 80)
            assert [number for number, frame in enumerate(taken) if frame.key_frame] == [0]
            assert not any(frame.is_corrupt for frame in taken)


def test_drop_ends_the_stream_and_lets_in_again(clip: Path) -> None:
    with Simulator({"gate": clip}, faults={"gate": Fault.parse("drop:every=500ms")}) as it:
        for connects in (1, 2):
            with RtspClient(it.url("gate")) as client:
                client.play()
                assert client.is_closed()
            assert it.stats.cameras["gate"].connects == connects


def test_libav_sees_a_drop_as_the_end_of_the_stream(clip: Path) -> None:
    with Simulator({"gate": clip}) as it, opened(it.url("gate")) as stream:
        frames(stream, 3)
        it.set_fault("gate", Fault("drop"))

        rest = [packet for packet in stream.demux(video=0) if packet.size]

    assert len(rest) < 100


def test_refuse_for_a_while(clip: Path) -> None:
    fault = Fault.parse("refuse:after=200ms,for=1s")
    with Simulator({"gate": clip}, faults={"gate": fault}) as it:
        with RtspClient(it.url("gate")) as client:
            client.play()
            assert client.is_closed()
        with RtspClient(it.url("gate")) as client:
            assert client.ask("OPTIONS").status == 503
            assert client.is_closed()

        def answers() -> bool:
            with RtspClient(it.url("gate")) as client:
                return client.ask("OPTIONS").status == 200

        assert eventually(answers)


def test_stall_keeps_the_connection_and_goes_on_with_a_keyframe(clip: Path) -> None:
    with Simulator({"gate": clip}) as it, RtspClient(it.url("gate")) as client:
        client.play()
        first, _ = next(client.pictures())
        it.set_fault("gate", Fault("stall"))
        sent = it.stats.bytes_sent
        answered = client.ask("GET_PARAMETER").status
        assert it.stats.bytes_sent == sent
        assert answered == 200
        assert it.stats.clients == 1

        it.set_fault("gate", None)
        timestamp, payloads = next(client.pictures())

    assert (timestamp - first) % 2**32 < 2**31
    assert 7 in [payload[0] & 0x1F for payload in payloads]  # an SPS: only keyframes have one


def test_libav_times_out_on_a_stall(clip: Path) -> None:
    with Simulator({"gate": clip}, faults={"gate": Fault("stall")}) as it:
        options = {"rtsp_transport": "tcp"}
        with pytest.raises(av.FFmpegError):
            with av.open(it.url("gate"), options=options, timeout=(1, 0.5)) as stream:
                frames(stream, 1)


def test_garbage(clip: Path) -> None:
    true = set(pictures_of(clip))
    with Simulator({"gate": clip}) as it, opened(it.url("gate")) as stream:
        assert {pixels(frame) for frame in frames(stream, 3)} <= true
        it.set_fault("gate", Fault("garbage"))
        with pytest.raises(av.error.InvalidDataError):
            frames(stream, 100)


def test_codec_that_nobody_knows(clip: Path) -> None:
    with Simulator({"gate": clip}, faults={"gate": Fault("codec")}) as it:
        with RtspClient(it.url("gate")) as client:
            assert b"a=rtpmap:96 SVAC/90000" in client.ask("DESCRIBE").body
            client.play()
            assert next(client.pictures())
            assert next(client.pictures())
        with opened(it.url("gate")) as stream:
            assert stream.streams.video[0].codec_context is None


def test_timestamps_start_over(clip: Path) -> None:
    with Simulator({"gate": clip}) as it, opened(it.url("gate")) as stream:
        before = frames(stream, 30)
        it.set_fault("gate", Fault("restart_timestamps"))
        jumps = [step for step in steps(before + frames(stream, 30)) if step != 1 / 20]

    assert len(jumps) == 1
    assert jumps[0] < 0


@pytest.mark.parametrize("words", ["switch", "switch:to=yard"])
def test_switch_changes_the_size_in_band_and_back(clip: Path, large: Path, words: str) -> None:
    with Simulator({"gate": clip, "door": clip, "yard": large}) as it:
        with opened(it.url("gate")) as stream:
            before = frames(stream, 5)
            it.set_fault("gate", Fault.parse(words))
            during = frames(stream, 60)
            it.set_fault("gate", None)
            after = frames(stream, 60)

    assert (before[-1].width, before[-1].height) == (320, 180)
    assert (during[-1].width, during[-1].height) == (480, 272)
    assert (after[-1].width, after[-1].height) == (320, 180)
    assert min(steps(before + during + after)) > 0


def test_switch_without_another_clip_is_refused(clip: Path) -> None:
    faults = {"gate": Fault("switch")}
    with pytest.raises(ConfigurationError, match="another picture size"):
        Simulator({"gate": clip, "door": clip}, faults=faults).start()


def test_fault_of_a_camera_that_is_not_there(clip: Path) -> None:
    simulator = Simulator({"gate": clip})
    with pytest.raises(ConfigurationError, match="expected a camera of gate, got 'cam9'"):
        simulator.set_fault("cam9", Fault("drop"))
    with pytest.raises(ConfigurationError, match="got 'cam9'"):
        Simulator({"gate": clip}, faults={"cam9": Fault("drop")}).start()


def test_fault_set_before_the_start_holds_from_the_start(clip: Path) -> None:
    simulator = Simulator({"gate": clip})
    simulator.set_fault("gate", Fault("not_found"))
    with simulator, RtspClient(simulator.url("gate")) as client:
        assert client.ask("DESCRIBE").status == 404
