"""A camera in the manner of real ones: each oddity is what some maker's answers look like.

It is written apart from the simulator, so that it may break rules that the simulator keeps.
"""

import re
import socket
import struct
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lab.footage.simulator.clip import Clip, load_clip
from lab.footage.simulator.rtp import CLOCK_HZ, FRAMING_BYTES, Packets

PICTURE_S = 0.03
FIRST_STAMP = 900_000
_FRAME = FRAMING_BYTES

Send = Callable[[list[bytes]], list[bytes]]
"""Makes of a picture's interleaved packets what is sent instead."""


def as_it_is(text: str) -> str:
    return text


def takes_all(method: str, url: str) -> bool:
    return True


def sent_as_they_are(packets: list[bytes]) -> list[bytes]:
    return packets


def at_once(peer: socket.socket, answer: bytes) -> None:
    peer.sendall(answer)


def reset(peer: socket.socket) -> None:
    """End the connection by RST, whatever waits to be sent."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.shutdown(socket.SHUT_RD)


@dataclass(frozen=True)
class Oddity:
    """What is odd, as changes to what a plain camera would say."""

    head: Callable[[str], str] = as_it_is
    """Of each answer's head, without the blank line."""
    sdp: Callable[[str], str] = as_it_is
    takes: Callable[[str, str], bool] = takes_all
    """Whether a method is answered at a url; else 404."""
    send: Send = sent_as_they_are
    line_end: str = "\r\n"
    before: bytes = b""
    """Bytes before each answer."""
    early: bool = False
    """Whether the first picture comes before the answer to PLAY."""
    answers: Callable[[socket.socket, bytes], None] = at_once
    """How the bytes of an answer are sent."""
    pictures: int | None = None
    """So many come on each connection; without it they never end."""
    end: Callable[[socket.socket], None] = reset
    """What the camera does after its last picture."""


@dataclass
class OddCamera:
    """Serves `path` to one connection after another, and remembers what it was asked."""

    path: Path
    oddity: Oddity
    port: int = 0
    picture_s: float = PICTURE_S
    """From one picture to the next; their stamps tell the true rate of the clip."""
    requests: list[str] = field(default_factory=list)
    """The last `REMEMBERED`."""
    connections: int = 0
    clip: Clip = field(init=False)

    def __post_init__(self) -> None:
        self.clip = load_clip(self.path)

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"

    def serve(self, server: socket.socket) -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=_Talk(self, peer).run, daemon=True).start()

    def asked(self, request: str) -> None:
        self.requests.append(request)
        del self.requests[:-REMEMBERED]

    def description(self) -> str:
        sps, pps = (b64encode(unit).decode() for unit in self.clip.parameter_sets)
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=odd", "c=IN IP4 0.0.0.0", "t=0 0"]
        lines += ["a=control:*", "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000"]
        lines += [f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sps},{pps}"]
        return "\r\n".join([*lines, "a=control:track1", ""])

    def pictures(self) -> Iterator[list[bytes]]:
        """The interleaved packets of one picture after another, round and round, as they are sent
        on one connection."""
        sequence, stamp = 0, float(FIRST_STAMP)
        while True:
            for unit in self.clip.units:
                yield self.oddity.send(framed(unit.packets, sequence, round(stamp)))
                sequence += len(unit.packets.headers)
                stamp += CLOCK_HZ / self.clip.fps


REMEMBERED = 1000


class _Talk:
    """One connection: answers in one thread, pictures in another."""

    def __init__(self, camera: OddCamera, peer: socket.socket) -> None:
        self._camera = camera
        self._oddity = camera.oddity
        self._peer = peer
        self._sending = threading.Lock()
        self._gone = threading.Event()
        self._pictures = camera.pictures()

    def run(self) -> None:
        pending = b""
        with self._peer, suppress(OSError):
            while piece := self._peer.recv(65536):
                pending = self._answered(pending + piece)
        self._gone.set()

    def _answered(self, pending: bytes) -> bytes:
        """Answers the requests that have come; what is left is not yet whole."""
        while b"\r\n\r\n" in pending or pending[:1] == b"$":
            if pending[:1] == b"$":  # a report of the client's
                length = _FRAME + int.from_bytes(pending[2:_FRAME])
                if len(pending) < max(length, _FRAME):
                    break
                pending = pending[length:]
                continue
            head, _, pending = pending.partition(b"\r\n\r\n")
            self._answer(head.decode("utf-8", "replace"))
        return pending

    def _answer(self, request: str) -> None:
        self._camera.asked(request)
        if request.startswith("RTSP/"):  # an answer to a question of the camera's own
            return
        method, url = request.split("\r\n")[0].split(" ")[:2]
        found = re.search(r"CSeq: (\d+)", request)
        lines, body = self._words(method, url)
        lines[0] += f"\r\nCSeq: {found[1] if found else 0}"
        head = self._oddity.head("\r\n".join(lines)).replace("\r\n", self._oddity.line_end)
        answer = self._oddity.before + (head + 2 * self._oddity.line_end + body).encode()
        plays = method == "PLAY" and self._oddity.takes(method, url)
        with self._sending:
            if plays and self._oddity.early:
                self._peer.sendall(b"".join(next(self._pictures)))
            self._oddity.answers(self._peer, answer)
        if plays:
            threading.Thread(target=self._play, daemon=True).start()

    def _words(self, method: str, url: str) -> tuple[list[str], str]:
        """The lines of an answer's head and its body, before what is odd about them."""
        camera = self._camera
        if not self._oddity.takes(method, url):
            return ["RTSP/1.0 404 Not Found"], ""
        lines, body = ["RTSP/1.0 200 OK"], ""
        if method == "OPTIONS":
            lines.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "DESCRIBE":
            body = self._oddity.sdp(camera.description())
            lines += [f"Content-Base: {camera.url}/", "Content-Type: application/sdp"]
            lines.append(f"Content-Length: {len(body.encode())}")
        elif method == "SETUP":
            lines.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
            lines.append("Session: 77;timeout=60")
        return lines, body

    def _play(self) -> None:
        with suppress(OSError):
            for number, picture in enumerate(self._pictures):
                if number == self._oddity.pictures:
                    with self._sending:
                        self._oddity.end(self._peer)
                    return
                with self._sending:
                    self._peer.sendall(b"".join(picture))
                if self._gone.wait(self._camera.picture_s):
                    return


def framed(packets: Packets, sequence: int, stamp: int) -> list[bytes]:
    whole = packets.stamped(sequence, stamp, 7)
    return [whole.data[start - _FRAME : end] for start, end in whole.spans()]


@contextmanager
def odd_camera(path: Path, oddity: Oddity, *, picture_s: float = PICTURE_S) -> Iterator[OddCamera]:
    """The camera that plays the clip at `path`, until the end of the ``with``."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        camera = OddCamera(path, oddity, server.getsockname()[1], picture_s)
        thread = threading.Thread(target=camera.serve, args=(server,), daemon=True)
        thread.start()
        try:
            yield camera
        finally:
            server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
