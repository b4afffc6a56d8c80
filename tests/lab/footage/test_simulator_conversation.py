"""What the server says to clients that do not behave, and how it ends."""

import socket
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from domain.errors import ConfigurationError
from lab.footage.simulator import Simulator
from tests.media import make_clip
from tests.streams.rtsp_client import RtspClient
from tests.streams.simulated import eventually

INTERLEAVED = "RTP/AVP/TCP;unicast;interleaved=0-1"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("talk") / "clip.mp4", seconds=1)


def test_a_whole_conversation(clip: Path) -> None:
    with Simulator({"gate": clip}) as simulator, RtspClient(simulator.url("gate")) as client:
        assert "DESCRIBE" in client.ask("OPTIONS").headers["public"]
        assert client.ask("DESCRIBE").status == 200
        session = client.play()
        assert next(client.pictures())
        assert client.ask("GET_PARAMETER", Session=session).status == 200
        assert client.ask("TEARDOWN", Session=session).status == 200
        assert client.is_closed()
        assert eventually(lambda: simulator.stats.clients == 0)


def test_refusals(clip: Path) -> None:
    with Simulator({"gate": clip}) as simulator, RtspClient(simulator.url("gate")) as client:
        assert client.ask("RECORD").status == 405
        assert client.ask("DESCRIBE", simulator.url("gate") + "s").status == 404
        assert client.ask("PLAY").status == 455
        assert client.ask("SETUP", Transport="RTP/AVP;multicast").status == 461
        assert client.ask("SETUP", Transport="RTP/AVP;unicast").status == 461
        assert client.ask("SETUP", Transport="RTP/AVP;client_port=0-70000").status == 461
        assert client.ask("SETUP", Transport="RTP/AVP/TCP;interleaved=256-257").status == 461
        client.play()
        assert client.ask("SETUP", Transport=INTERLEAVED).status == 455
        assert client.ask("PLAY", Session="somebody-else").status == 454
        assert client.ask("TEARDOWN", Session="somebody-else").status == 454


def test_the_first_transport_that_is_served_is_taken(clip: Path) -> None:
    with Simulator({"gate": clip}) as simulator, RtspClient(simulator.url("gate")) as client:
        answer = client.ask("SETUP", Transport=f"RTP/AVP;multicast,{INTERLEAVED}")

    assert answer.headers["transport"] == INTERLEAVED
    assert answer.headers["session"].endswith(";timeout=60")


def test_requests_in_pieces_and_packets_of_the_client(clip: Path) -> None:
    with Simulator({"gate": clip}) as simulator, RtspClient(simulator.url("gate")) as client:
        client.send(b"$\x01\x00\x04abcdOPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 2\r\n\r")
        client.send(b"\nhi$\x01\x00")
        client.send(b"\x01z")
        client._number = 1  # the answer to what was just sent comes first
        assert client._answer(client._exactly(1)).status == 200
        assert client.ask("OPTIONS").status == 200


@pytest.mark.parametrize(
    "words",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"hello\r\n\r\n",
        b"x" * 70_000,
        b"OPTIONS * RTSP/1.0\r\nContent-Length: many\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nContent-Length: 999999\r\n\r\n",
        b"OPTIONS rtsp://[/ RTSP/1.0\r\n\r\n",
    ],
)
def test_what_is_no_rtsp_ends_the_connection(clip: Path, words: bytes) -> None:
    with Simulator({"gate": clip}) as simulator, RtspClient(simulator.url("gate")) as client:
        client.send(words)
        assert client.is_closed()


def test_a_silent_session_expires(clip: Path) -> None:
    with Simulator({"gate": clip}, session_timeout_s=1) as simulator:
        with RtspClient(simulator.url("gate")) as client:
            client.play()
            assert client.is_closed()
        with RtspClient(simulator.url("gate")) as client:
            assert client.is_closed()


def test_a_slow_client_costs_pictures_and_no_memory(tmp_path: Path) -> None:
    wide = make_clip(tmp_path / "wide.mp4", seconds=1, fps=50, size_wh=(1280, 720), gop=5)
    with Simulator({"gate": wide}, write_buffer_bytes=200_000) as simulator:
        with (
            RtspClient(simulator.url("gate"), receive_bytes=8192) as slow,
            RtspClient(simulator.url("gate")) as quick,
        ):
            slow.play()
            quick.play()
            camera = simulator.stats.cameras["gate"]
            for _ in quick.pictures():
                camera = simulator.stats.cameras["gate"]
                if camera.pictures_skipped > 20:
                    break

            timestamps = [next(slow.pictures())[0] for _ in range(60)]
            assert camera.clients == 2

    gaps = [(b - a) % 2**32 / 90_000 for a, b in pairwise(timestamps)]
    assert max(gaps) > 5 / 50  # more than a whole group of pictures was left out
    assert all(gap < 60 for gap in gaps)


def test_stop_ends_connections_and_the_thread(clip: Path) -> None:
    simulator = Simulator({"gate": clip})
    simulator.start()
    with RtspClient(simulator.url("gate")) as playing, RtspClient(simulator.url("gate")) as idle:
        playing.play()
        simulator.stop()

        assert playing.is_closed()
        assert idle.is_closed()
    assert "rtsp-simulator" not in [thread.name for thread in threading.enumerate()]
    simulator.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", simulator.port))


def test_it_can_start_again_on_its_port(clip: Path) -> None:
    simulator = Simulator({"gate": clip})
    with simulator:
        port = simulator.port
        with pytest.raises(RuntimeError, match="does not run yet"):
            simulator.start()
    with simulator, RtspClient(simulator.url("gate")) as client:
        assert simulator.port == port
        assert client.ask("OPTIONS").status == 200


def test_a_port_that_is_taken(clip: Path) -> None:
    with Simulator({"gate": clip}) as simulator:
        second = Simulator({"gate": clip}, port=simulator.port)
        with pytest.raises(ConfigurationError, match=f"expected a free port, .*{simulator.port}"):
            second.start()


def test_an_unknown_camera_has_no_address(clip: Path) -> None:
    with pytest.raises(KeyError, match="expected a camera of"):
        Simulator({"gate": clip}).url("yard")


def test_an_error_in_a_camera_is_not_swallowed(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def break_down(camera: object) -> None:
        raise ZeroDivisionError

    raised = []
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(args.exc_type))
    monkeypatch.setattr("lab.footage.simulator.camera.LiveCamera.run", break_down)
    with Simulator({"gate": clip}):
        assert eventually(lambda: bool(raised))
    assert raised == [ZeroDivisionError]
