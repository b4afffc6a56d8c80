"""A bare RTSP client: says exactly what a test wants said, and shows what came back."""

import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from domain.closing import Closing

ANSWER_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def session(self) -> str:
        return self.headers["session"].partition(";")[0]


@dataclass(frozen=True)
class RtpPacket:
    channel: int
    data: bytes

    @property
    def marker(self) -> bool:
        return bool(self.data[1] & 0x80)

    @property
    def sequence(self) -> int:
        return int(struct.unpack(">H", self.data[2:4])[0])

    @property
    def timestamp(self) -> int:
        return int(struct.unpack(">I", self.data[4:8])[0])

    @property
    def payload(self) -> bytes:
        return self.data[12:]


class RtspClient(Closing):
    def __init__(self, url: str, *, receive_bytes: int | None = None) -> None:
        parts = urlsplit(url)
        self.url = url
        self._socket = socket.socket()
        if receive_bytes:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.settimeout(ANSWER_TIMEOUT_S)
        self._socket.connect((parts.hostname, parts.port))
        self._stream = self._socket.makefile("rb")
        self._number = 0

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def ask(self, method: str, url: str | None = None, **headers: str) -> Answer:
        """Send a request and wait for its answer, past any video that comes before it."""
        self._number += 1
        lines = [f"{method} {url or self.url} RTSP/1.0", f"CSeq: {self._number}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        while (first := self._exactly(1)) == b"$":
            self._packet()
        return self._answer(first)

    def play(self, transport: str = "RTP/AVP/TCP;unicast;interleaved=0-1") -> str:
        """SETUP and PLAY; gives the session."""
        setup = self.ask("SETUP", f"{self.url}/trackID=0", Transport=transport)
        assert setup.status == 200
        assert self.ask("PLAY", Session=setup.session).status == 200
        return setup.session

    def packets(self) -> Iterator[RtpPacket]:
        """What comes, RTP and RTCP, until the server closes."""
        while (first := self._stream.read(1)) == b"$":
            yield self._packet()
        assert first == b"", f"expected a packet, got {first!r}"

    def pictures(self) -> Iterator[tuple[int, list[bytes]]]:
        """The RTP timestamp and the payloads of one access unit after the other."""
        payloads: list[bytes] = []
        for packet in self.packets():
            if packet.channel % 2 == 0:
                payloads.append(packet.payload)
                if packet.marker:
                    yield packet.timestamp, payloads
                    payloads = []

    def is_closed(self) -> bool:
        """Waits for the end of the connection, past what still comes."""
        try:
            for _ in self.packets():
                pass
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        return True

    def _packet(self) -> RtpPacket:
        channel, length = struct.unpack(">BH", self._exactly(3))
        return RtpPacket(channel, self._exactly(length))

    def _answer(self, first: bytes) -> Answer:
        status = int((first + self._stream.readline()).split()[1])
        headers = {}
        while line := self._stream.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self._exactly(int(headers.get("content-length", "0")))
        assert headers["cseq"] == str(self._number)
        return Answer(status, headers, body)

    def _exactly(self, length: int) -> bytes:
        data = self._stream.read(length)
        if len(data) < length:
            raise ConnectionResetError("the server closed the connection")
        return data
