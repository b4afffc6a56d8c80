"""A camera in the manner of real ones: each oddity is what some maker's answers look like.

It is written apart from the simulator, so that it may break rules that the simulator keeps.
"""

import re
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lab.footage.simulator.clip import load_clip
from lab.footage.simulator.rtp import CLOCK_HZ, Packets

PICTURE_S = 0.03
_FRAME = 4


def as_it_is(text: str) -> str:
    return text


def takes_all(method: str, url: str) -> bool:
    return True


def sent_as_they_are(packets: list[bytes]) -> list[bytes]:
    return packets


@dataclass(frozen=True)
class Oddity:
    """What is odd, as changes to what a plain camera would say."""

    head: Callable[[str], str] = as_it_is
    """Of each answer's head, without the blank line."""
    sdp: Callable[[str], str] = as_it_is
    takes: Callable[[str, str], bool] = takes_all
    """Whether a method is answered at a url; else 404."""
    send: Callable[[list[bytes]], list[bytes]] = sent_as_they_are
    """Of each picture's interleaved packets."""
    line_end: str = "\r\n"
    before: bytes = b""
    """Bytes before each answer."""
    early: bool = False
    """Whether the first picture comes before the answer to PLAY."""


@dataclass
class OddCamera:
    """Serves `clip` to one connection after another, and remembers what it was asked."""

    clip: Path
    oddity: Oddity
    port: int = 0
    requests: list[str] = field(default_factory=list)
    connections: int = 0

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
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        pending = b""
        with peer, suppress(OSError):
            while piece := peer.recv(65536):
                pending += piece
                while b"\r\n\r\n" in pending or pending[:1] == b"$":
                    if pending[:1] == b"$":  # a report of the client's
                        if len(pending) < _FRAME + int.from_bytes(pending[2:_FRAME]):
                            break
                        pending = pending[_FRAME + int.from_bytes(pending[2:_FRAME]) :]
                        continue
                    head, _, pending = pending.partition(b"\r\n\r\n")
                    self._answer(peer, head.decode())

    def _answer(self, peer: socket.socket, request: str) -> None:
        self.requests.append(request)
        if request.startswith("RTSP/"):  # an answer to a question of the camera's own
            return
        method, url = request.split("\r\n")[0].split(" ")[:2]
        found = re.search(r"CSeq: (\d+)", request)
        lines = [f"RTSP/1.0 200 OK\r\nCSeq: {found[1] if found else 0}"]
        body = ""
        if not self.oddity.takes(method, url):
            lines = [lines[0].replace("200 OK", "404 Not Found")]
        elif method == "OPTIONS":
            lines.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "DESCRIBE":
            body = self.oddity.sdp(self._description())
            lines += [f"Content-Base: {self.url}/", "Content-Type: application/sdp"]
            lines.append(f"Content-Length: {len(body.encode())}")
        elif method == "SETUP":
            lines.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
            lines.append("Session: 77;timeout=60")
        head = self.oddity.head("\r\n".join(lines)).replace("\r\n", self.oddity.line_end)
        answer = self.oddity.before + (head + 2 * self.oddity.line_end + body).encode()
        plays = method == "PLAY" and self.oddity.takes(method, url)
        if plays and self.oddity.early:
            peer.sendall(b"".join(self._picture(0)))
        peer.sendall(answer)
        if plays:
            first = 1 if self.oddity.early else 0
            threading.Thread(target=self._play, args=(peer, first), daemon=True).start()

    def _description(self) -> str:
        sps, pps = (b64encode(unit).decode() for unit in load_clip(self.clip).parameter_sets)
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=odd", "c=IN IP4 0.0.0.0", "t=0 0"]
        lines += ["a=control:*", "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000"]
        lines += [f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sps},{pps}"]
        return "\r\n".join([*lines, "a=control:track1", ""])

    def _play(self, peer: socket.socket, number: int) -> None:
        pause = threading.Event()
        with suppress(OSError):
            while True:
                for packet in self._picture(number):
                    peer.sendall(packet)
                number += 1
                pause.wait(PICTURE_S)

    def _picture(self, number: int) -> list[bytes]:
        """The interleaved packets of one picture after another, round and round."""
        units = load_clip(self.clip).units
        sequence = sum(len(units[one % len(units)].packets.headers) for one in range(number))
        stamp = 900_000 + number * CLOCK_HZ // 20
        return self.oddity.send(framed(units[number % len(units)].packets, sequence, stamp))


def framed(packets: Packets, sequence: int, stamp: int) -> list[bytes]:
    whole = packets.stamped(sequence, stamp, 7)
    return [whole.data[start - _FRAME : end] for start, end in whole.spans()]


@contextmanager
def odd_camera(clip: Path, oddity: Oddity) -> Iterator[OddCamera]:
    """The camera, until the end of the ``with``."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        camera = OddCamera(clip, oddity, server.getsockname()[1])
        thread = threading.Thread(target=camera.serve, args=(server,), daemon=True)
        thread.start()
        try:
            yield camera
        finally:
            server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def put(old: str, new: str) -> Callable[[str], str]:
    """Each `old` becomes `new`."""
    return lambda text: text.replace(old, new)


def without(pattern: str) -> Callable[[str], str]:
    """Without the lines that begin so."""
    return lambda text: re.sub(rf"(?m)^{pattern}.*\r\n", "", text)


def _sets_under_the_time_before(packets: list[bytes]) -> list[bytes]:
    """Parameter sets bear the time of the picture before, as some encoders stamp them."""

    def dated(packet: bytes) -> bytes:
        kind = packet[16] & 0x1F
        if kind not in (7, 8):
            return packet
        stamp = int.from_bytes(packet[8:12]) - CLOCK_HZ // 20
        return packet[:8] + stamp.to_bytes(4) + packet[12:]

    return [dated(packet) for packet in packets]


def _second_channel(packets: list[bytes]) -> list[bytes]:
    return [b"$\x02" + packet[2:] for packet in packets]


def _after_a_second_type(packets: list[bytes]) -> list[bytes]:
    """Each picture with a packet of another declared payload type before it."""
    other = bytearray(packets[0])
    other[5] = 97
    return [bytes(other), *packets]


PLAYS_AT_WHOLE = put("a=control:*", "a=control:whole")

ODDITIES: dict[str, Oddity] = {
    "plain": Oddity(),
    "lines end with LF": Oddity(line_end="\n"),
    "blank lines before answers": Oddity(before=b"\r\n\r\n"),
    "no reason": Oddity(head=put("200 OK", "200")),
    "two blanks in the status": Oddity(head=put("1.0 200", "1.0  200")),
    "a folded blank line": Oddity(head=lambda head: head.replace("\r\n", "\r\n \r\n", 1)),
    "headers in capitals": Oddity(
        head=lambda head: re.sub(r"(?m)^([\w-]+):", lambda name: name[0].upper(), head)
    ),
    "no blank behind colons": Oddity(head=put(": ", ":")),
    "no CSeq": Oddity(head=lambda head: re.sub(r"\r\nCSeq: \d+", "", head)),
    "no Content-Base": Oddity(head=without("Content-Base")),
    "Content-Base without scheme": Oddity(head=put("Content-Base: rtsp://", "Content-Base: ")),
    "Content-Base is a path": Oddity(
        head=lambda head: re.sub(r"Content-Base: \S+", "Content-Base: /cam/", head)
    ),
    "Content-Location": Oddity(head=put("Content-Base", "Content-Location")),
    "Content-Base of the inner network": Oddity(
        head=lambda head: re.sub(r"rtsp://[^/]+", "rtsp://192.0.2.64:554", head)
    ),
    "endless session": Oddity(head=put("timeout=60", "timeout=99999999999999999999")),
    "a negative port": Oddity(sdp=put("video 0", "video -1353744643")),
    "double blanks": Oddity(sdp=put("m=video 0 RTP/AVP 96", "m=video  0  RTP/AVP   96")),
    "blanks in the mapping": Oddity(sdp=put("rtpmap:96 H264/90000", "rtpmap: 96  h264 / 90000")),
    "attributes in capitals": Oddity(sdp=put("a=rtpmap", "a=RTPMAP")),
    "no mapping": Oddity(sdp=without("a=rtpmap")),
    "no blank lines": Oddity(sdp=put("\r\n", "\n")),
    "CR alone": Oddity(sdp=put("\r\n", "\r")),
    "an unknown payload first": Oddity(
        sdp=lambda sdp: sdp.replace("RTP/AVP 96", "RTP/AVP 112 96").replace(
            "a=rtpmap:96", "a=rtpmap:112 vnd.onvif.metadata/90000\r\na=rtpmap:96"
        )
    ),
    "two types of one codec": Oddity(
        sdp=lambda sdp: sdp.replace("RTP/AVP 96", "RTP/AVP 97 96").replace(
            "a=rtpmap:96", "a=rtpmap:97 H264/90000\r\na=rtpmap:96"
        )
    ),
    "a clock of 30 digits": Oddity(sdp=put("H264/90000", "H264/" + "9" * 30)),
    "audio and metadata about it": Oddity(
        sdp=lambda sdp: (
            sdp.replace("m=video", "m=audio 0 RTP/AVP 8\r\na=control:track0\r\nm=video")
            + "m=application 0 RTP/AVP 107\r\na=control:track3\r\n"
        )
    ),
    "plays only as a whole": Oddity(
        sdp=PLAYS_AT_WHOLE, takes=lambda method, url: method != "PLAY" or url.endswith("/whole")
    ),
    "plays only at its own url": Oddity(
        takes=lambda method, url: method != "PLAY" or url.endswith("/cam")
    ),
    "plays only the track": Oddity(
        takes=lambda method, url: method != "PLAY" or url.endswith("/track1")
    ),
    "control is a path": Oddity(
        sdp=put("a=control:track1", "a=control:/cam/track1"),
        takes=lambda method, url: method != "SETUP" or url.endswith(f"{'/cam'}/track1"),
    ),
    "parameter sets under the time before": Oddity(
        sdp=lambda sdp: re.sub(r";sprop-parameter-sets=\S+", "", sdp),
        send=_sets_under_the_time_before,
    ),
    "start codes in the parameter sets": Oddity(
        sdp=lambda sdp: re.sub(
            r"sprop-parameter-sets=([^,]+),",
            lambda sets: f"sprop-parameter-sets=AAAAAQ==,{sets[1]},",
            sdp,
        )
    ),
    "pictures before the answer": Oddity(early=True),
    "another declared type between": Oddity(
        sdp=lambda sdp: sdp.replace("RTP/AVP 96", "RTP/AVP 96 97").replace(
            "a=control:track1", "a=rtpmap:97 rtx/90000\r\na=control:track1"
        ),
        send=_after_a_second_type,
    ),
    "another channel": Oddity(head=put("interleaved=0-1", "interleaved=2-3"), send=_second_channel),
}
LIBAV_DOES_NOT = frozenset(
    {
        "attributes in capitals",
        "CR alone",
        "no mapping",
        "an unknown payload first",
        "blank lines before answers",
        "two types of one codec",
        "plays only as a whole",
        "plays only at its own url",
        "plays only the track",
    }
)
"""What ours understands and libav does not."""
