"""The bytes of a connection: packets and messages, however they are cut."""

import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import StreamCorrupt
from streams.address import CameraAddress
from streams.rtsp.message import Answer
from streams.rtsp.wire import MOST_NOISE_BYTES, Wire

ANSWER = (
    b"RTSP/1.0 401 Unauthorized\r\nCSeq: 3\r\nWWW-Authenticate: A\r\nWWW-Authenticate: B\r\n\r\n"
)
BODY = b"RTSP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n$\x00\x00\x01x"
NOTICE = b"ANNOUNCE rtsp://x RTSP/1.0\r\nCSeq: 1\r\n\r\n"


CERTIFICATE = Path(__file__).with_name("camera.pem")
"""Signed by nobody, with its key: openssl req -x509 -newkey ec -nodes."""


def accepted(server: socket.socket, scheme: str) -> socket.socket:
    peer, _ = server.accept()
    if scheme == "rtsp":
        return peer
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context.wrap_socket(peer, server_side=True)


@contextmanager
def connected(scheme: str = "rtsp") -> Iterator[tuple[Wire, socket.socket]]:
    """A wire, and the camera's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as camera:
        accepting = camera.submit(accepted, server, scheme)
        address = CameraAddress.parse(f"{scheme}://127.0.0.1:{server.getsockname()[1]}/")
        wire = Wire(address, 5)
        peer = accepting.result(5)
        try:
            with peer:
                yield wire, peer
        finally:
            wire.close()


def interleaved(channel: int, payload: bytes) -> bytes:
    return b"$" + bytes([channel]) + len(payload).to_bytes(2) + payload


def heard(pieces: list[bytes]) -> list[tuple[int, bytes] | Answer]:
    """What a wire gives when bytes come in these pieces."""
    found: list[tuple[int, bytes] | Answer] = []
    with connected() as (wire, peer):
        for piece in pieces:
            peer.sendall(piece)
            read = 0
            while read < len(piece):
                before = len(wire._rest)
                assert wire.receive()
                read += len(wire._rest) - before
            for part in wire.parts():
                found.append(
                    part if isinstance(part, Answer) else (part[0], part[1][part[2] : part[3]])
                )
    return found


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.sets(st.integers(1, 300), max_size=6))
def test_however_it_is_cut(cuts: set[int]) -> None:
    whole = (
        interleaved(0, b"abc")
        + ANSWER
        + interleaved(1, b"")
        + BODY
        + NOTICE
        + interleaved(2, b"x" * 40)
    )
    edges = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    parts = heard([whole[a:b] for a, b in pairwise(edges)])
    assert [part for part in parts if isinstance(part, tuple)] == [
        (0, b"abc"),
        (1, b""),
        (2, b"x" * 40),
    ]
    refused, described, notice = (part for part in parts if isinstance(part, Answer))
    assert (refused.status, refused.headers["www-authenticate"]) == (401, ["A", "B"])
    assert (described.status, described.body) == (200, b"$\x00\x00\x01x")
    assert (notice.status, notice.header("cseq"), notice.header("none")) == (0, "1", "")


def test_some_noise_is_passed_over_and_much_is_not() -> None:
    assert heard([b"\x00\x01\x02\x03noise" + interleaved(0, b"abc")]) == [(0, b"abc")]
    with pytest.raises(StreamCorrupt, match="expected interleaved packets"):
        heard([b"\x00" * MOST_NOISE_BYTES + b"more"])


def test_it_tells_when_the_camera_closes_and_whether_all_was_read() -> None:
    with connected() as (wire, peer):
        threading.Timer(0.05, peer.sendall, [interleaved(0, b"abc")]).start()
        assert wire.receive()
        assert wire.drained
        peer.shutdown(socket.SHUT_WR)
        assert not wire.receive()


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps"])
def test_all_that_has_come_is_read_before_it_says_so(scheme: str) -> None:
    sent = interleaved(0, b"x" * 50_000)  # three records of TLS
    with connected(scheme) as (wire, peer):
        peer.sendall(sent)
        told = []
        while len(wire._rest) < len(sent):
            assert wire.receive()
            told.append(wire.drained)
    assert told == [False] * (len(told) - 1) + [True]
