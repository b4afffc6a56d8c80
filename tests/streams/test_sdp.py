import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.footage.simulator import Fault, Simulator
from streams.address import CameraAddress
from streams.sdp import UNKNOWN, video_codec
from tests.media import make_clip

SDP = "v=0\r\nm=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\nm=video 0 RTP/AVP 99\r\n{}m=data 0\r\n"


@contextmanager
def answering(answer: Callable[[str], bytes]) -> Iterator[str]:
    """A server of one connection that answers each request by `answer`; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                while request := peer.recv(4096):
                    peer.sendall(answer(request.decode(errors="replace")))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


def described(sdp: str, status: str = "200 OK") -> bytes:
    head = f"RTSP/1.0 {status}\r\nCSeq: 1\r\nContent-Length: {len(sdp)}\r\n\r\n"
    return (head + sdp).encode()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("a=rtpmap:99 SVAC/90000\r\n", "SVAC"),
        ("a=fmtp:99 x=y\r\na=rtpmap:99 X-NV-H264+/90000\r\n", "X-NV-H264+"),
        ("", UNKNOWN),
        ("a=rtpmap:99 \x1b[31mred\x1b/90000\r\n", UNKNOWN),
    ],
)
def test_the_name_is_that_of_the_video(line: str, name: str) -> None:
    with answering(lambda _: described(SDP.format(line))) as host:
        assert video_codec(CameraAddress.parse(f"rtsp://{host}/x"), 5) == name


def test_basic_and_only_when_asked() -> None:
    requests: list[str] = []

    def answer(request: str) -> bytes:
        requests.append(request)
        if len(requests) == 1:
            return b'RTSP/1.0 401 No\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n'
        return described(SDP.format("a=rtpmap:99 SVAC/90000\r\n"))

    with answering(answer) as host:
        assert video_codec(CameraAddress.parse(f"rtsp://ops:p@ss@{host}/x"), 5) == "SVAC"

    assert "Authorization" not in requests[0]
    assert base64.b64encode(b"ops:p@ss").decode() in requests[1]
    assert f"DESCRIBE rtsp://{host}/x RTSP/1.0" in requests[1]


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_a_camera_with_a_password(tmp_path: Path, auth: str) -> None:
    faults = {"gate": Fault.parse("codec")}
    media = {"gate": make_clip(tmp_path / "a.mp4", seconds=1)}
    with Simulator(media, credentials=("u", "p:q"), auth=auth, faults=faults) as simulator:  # type: ignore[arg-type]
        right = CameraAddress.parse(f"rtsp://u:p:q@127.0.0.1:{simulator.port}/gate")
        wrong = CameraAddress.parse(f"rtsp://u:no@127.0.0.1:{simulator.port}/gate")

        assert video_codec(right, 5) == "SVAC"
        assert video_codec(wrong, 5) == UNKNOWN


def test_nothing_to_learn(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        assert video_codec(CameraAddress.parse(f"rtsp://127.0.0.1:{port}/x"), 0.2) == UNKNOWN
    assert video_codec(CameraAddress.parse(f"rtsp://127.0.0.1:{port}/x"), 0.2) == UNKNOWN
    assert video_codec(CameraAddress.parse(tmp_path / "a.mp4"), 0.2) == UNKNOWN
    with answering(lambda _: b"") as host:
        assert video_codec(CameraAddress.parse(f"rtsps://{host}/x"), 0.2) == UNKNOWN
