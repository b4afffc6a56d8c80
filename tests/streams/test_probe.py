"""`patrol probe` and readers on cameras that talk and show nothing."""

import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.errors import StreamRefused
from domain.health import CameraStatus, FaultKind
from lab.footage.simulator.hostile import HOSTILE
from lab.footage.simulator.odd_camera import odd_camera
from streams.address import CameraAddress
from streams.backoff import CameraBackoff
from streams.probe import probe
from streams.reader import CameraReader
from streams.source import Source
from streams.stream_settings import RtspReader, StreamSettings
from tests.media import make_clip
from tests.streams.footage import moment, wait_until

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=odd\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    "a=rtpmap:96 H264/90000\r\na=control:track1\r\n"
)
SLICE = b"\x41\x9a" + bytes(range(1, 40))
"""A picture that needs others before it; nothing of it can be decoded."""


def report(_number: int) -> bytes:
    """RTCP alone."""
    return b"$\x01" + struct.pack(">HBBHIIIIII", 28, 0x80, 200, 6, 1, 0, 0, 0, 0, 0)


def picture(number: int, *, payload: int = 96, channel: int = 0, step: int = 9000) -> bytes:
    head = struct.pack(">BBHII", 0x80, 0x80 | payload, number, number * step & 0xFFFFFFFF, 1)
    packet = head + SLICE
    return b"$" + struct.pack(">BH", channel, len(packet)) + packet


ODD = {
    "reports only": report,
    "no keyframe": picture,
    "undeclared payload": lambda number: picture(number, payload=97),
    "undeclared channel": lambda number: picture(number, channel=6),
    "one stamp": lambda number: picture(number, step=0),
}


@contextmanager
def camera(send) -> Iterator[str]:  # type: ignore[no-untyped-def]
    """Says what a camera says, then sends `send(number)` ten times a second."""
    door = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve(client: socket.socket) -> None:
        with client:
            talk(client)

    def talk(client: socket.socket) -> None:
        playing = False
        number = 0
        client.settimeout(0.1)
        while not over.is_set():
            try:
                asked = client.recv(65536)
                if not asked:
                    return
                for head in asked.decode("latin-1").split("\r\n\r\n"):
                    playing = answer(client, head) or playing
            except TimeoutError:
                pass
            except OSError:
                return
            if playing:
                number += 1
                try:
                    client.sendall(send(number))
                except OSError:
                    return

    def answer(client: socket.socket, head: str) -> bool:
        if "CSeq" not in head:
            return False
        method, rest = head.split(" ", 1)
        cseq = rest.split("CSeq:")[1].split("\r\n")[0].strip()
        more, body = "", ""
        if method == "DESCRIBE":
            more, body = f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n", SDP
        elif method == "SETUP":
            more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 7\r\n"
        client.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{more}\r\n{body}".encode())
        return method == "PLAY"

    def welcome() -> None:
        while not over.is_set():
            try:
                client, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=welcome, daemon=True).start()
    try:
        yield f"rtsp://127.0.0.1:{door.getsockname()[1]}/cam"
    finally:
        over.set()
        door.close()


def brief(reader: RtspReader) -> StreamSettings:
    return StreamSettings(
        rtsp=reader, open_timeout_s=3, read_timeout_s=1.5, first_keyframe_within_s=1.5,
        no_keyframe_after_s=1.5, backoff_first_s=0.1, backoff_max_s=0.2, batch_s=0,
    )  # fmt: skip


@pytest.mark.parametrize("reader", ["own", "libav"])
@pytest.mark.parametrize("odd", ODD)
def test_a_probe_ends_in_its_time_and_says_what_is_missing(odd: str, reader: RtspReader) -> None:
    with camera(ODD[odd]) as url:
        began_s = time.monotonic()
        found, frame = probe(CameraAddress.parse(url), brief(reader), seconds=1)
        took_s = time.monotonic() - began_s

    assert (found.fault is not None, found.decoded, frame) == (True, False, None)
    assert took_s < 1 + 3 + 1


def test_a_probe_says_that_no_keyframe_came() -> None:
    with camera(picture) as url:
        found, _ = probe(CameraAddress.parse(url), brief("own"), seconds=1)

    assert (found.fault, found.packets > 3) == (FaultKind.NO_KEYFRAME, True)


def test_a_probe_lets_libav_try_what_gives_ours_no_keyframe(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=1, fps=20, gop=5)
    with odd_camera(clip, HOSTILE["sequence at random"]) as it:
        address = CameraAddress.parse(it.url)
        alone, _ = probe(address, brief("own"), seconds=1)
        found, frame = probe(address, brief("auto"), seconds=3)
    assert alone.fault is FaultKind.NO_KEYFRAME
    assert (found.fault, found.decoded, frame is not None) == (None, True, True)
    assert found.detail.startswith("read by libav: expected a keyframe, got")


@pytest.mark.parametrize("odd", ODD)
def test_a_probe_that_tries_both_ends_in_its_time(odd: str) -> None:
    with camera(ODD[odd]) as url:
        began_s = time.monotonic()
        found, frame = probe(CameraAddress.parse(url), brief("auto"), seconds=2)
        took_s = time.monotonic() - began_s
    assert (found.fault is not None, found.decoded, frame) == (True, False, None)
    assert took_s < 2 + 3 + 1


def test_a_probe_of_what_never_answers_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"rtsp://127.0.0.1:{door.getsockname()[1]}/cam"
        began_s = time.monotonic()
        found, _ = probe(CameraAddress.parse(url), brief("own"), seconds=0.5)

    assert found.fault is FaultKind.STALLED
    assert time.monotonic() - began_s < 5


def test_a_camera_without_keyframes_is_a_fault_and_connected_anew() -> None:
    with camera(picture) as url:
        settings = brief("own")
        backoff = CameraBackoff(settings)
        reader = CameraReader("gate", CameraAddress.parse(url), settings, backoff=backoff)
        reader.start()
        faults: set[FaultKind | None] = set()

        def connected_anew() -> bool:
            status = reader.status(moment())
            assert status.status is not CameraStatus.SEEING
            faults.add(status.fault)
            return status.reconnects >= 1

        wait_until(connected_anew)
        reader.stop()
    assert FaultKind.NO_KEYFRAME in faults


def test_a_pipe_is_no_film(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")

    with pytest.raises(StreamRefused, match="expected a video file, got a pipe"):
        Source(CameraAddress.parse(tmp_path / "pipe.mp4"), StreamSettings())
