"""The bytes of one RTSP connection: requests out, answers and interleaved packets in."""

import select
import socket
import ssl
from collections.abc import Iterator

from domain.errors import StreamCorrupt
from streams.address import CameraAddress
from streams.rtsp.message import Answer, may_begin, message_at

RECEIVE_BYTES = 512 * 1024
"""The kernel keeps so much for a reader that rests between batches (Linux doubles it)."""
PIECE_BYTES = 128 * 1024
MOST_NOISE_BYTES = 64 * 1024
"""So much that is neither a packet nor a message may come before the sender is given up."""

_DOLLAR = 0x24
"""The sign before an interleaved packet (RFC 2326 §10.12)."""

Interleaved = tuple[int, bytes, int, int]
"""An interleaved packet: its channel, and the bytes among which it lies, from where to where. There
are tens of thousands a second, so it is a bare tuple."""


class Wire:
    """An open connection. What comes is taken apart only as far as it is asked for."""

    def __init__(self, address: CameraAddress, timeout_s: float) -> None:
        """Connect. Raises OSError."""
        self._socket = _connected(address, timeout_s)
        self._is_tls = isinstance(self._socket, ssl.SSLSocket)
        self._coming = select.poll()  # unlike select it takes descriptors beyond 1023
        self._coming.register(self._socket, select.POLLIN)
        self._rest = b""
        self._noise_bytes = 0
        self.drained = False
        """Whether the last read took all that had come."""
        self.received_bytes = 0
        self.taken_to = 0
        """Up to where in its bytes whoever was given a packet took what came: beyond its end, if
        what followed on it, too; before that, if it is to be given again once more has come."""

    def send(self, lines: list[str]) -> None:
        """Send a request. Raises OSError."""
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def wait_at_most(self, seconds: float) -> None:
        """From now on `receive` raises TimeoutError after so long."""
        self._socket.settimeout(seconds)

    def receive(self) -> bool:
        """Read what has come, and wait for it if nothing has; false once the camera has closed.
        Raises OSError."""
        piece = self._socket.recv(PIECE_BYTES)
        # Of TLS a piece is one record, at most 16 KiB of all that may have come.
        self.drained = len(piece) < PIECE_BYTES and not (self._is_tls and self.has_more(0))
        self._rest = self._rest + piece if self._rest else piece
        self.received_bytes += len(piece)
        return bool(piece)

    def has_more(self, within_s: float) -> bool:
        """Whether something has come, or comes meanwhile."""
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        return bool(self._coming.poll(round(within_s * 1000)))

    def parts(self) -> Iterator[Interleaved | Answer]:
        """The whole packets and messages among what was received. Packets that the caller passes
        over by `taken_to` are not given; one that it gives back by that ends them.

        Raises:
            StreamCorrupt: what comes is neither.
        """
        data, self._rest = self._rest, b""
        at, size = 0, len(data)
        try:
            while size - at >= 4:
                if data[at] == _DOLLAR:
                    end = at + 4 + (data[at + 2] << 8 | data[at + 3])
                    if end > size:
                        return
                    start, at = at + 4, end
                    self._noise_bytes, self.taken_to = 0, end
                    yield data[start - 3], data, start, end
                    at = self.taken_to
                    if at < end:
                        return
                elif not may_begin(data, at):
                    at = self._skipped_noise(data, at)
                elif (found := message_at(data, at)) is not None:
                    answer, at = found
                    yield answer
                else:
                    return
        finally:
            self._rest = data[at:] if at < size else b""

    @property
    def descriptor(self) -> int:
        """The connection's, to wait for it together with others."""
        return self._socket.fileno()

    @property
    def hosts(self) -> tuple[str, str]:
        """The numeric addresses of this end and of the camera's."""
        return self._socket.getsockname()[0], self._socket.getpeername()[0]

    def close(self) -> None:
        self._socket.close()

    def _skipped_noise(self, data: bytes, at: int) -> int:
        """Where the next packet or message may begin."""
        ends = [
            place for place in (data.find(b"$", at + 1), data.find(b"RTSP/", at + 1)) if place > 0
        ]
        following = min(ends, default=len(data))
        self._noise_bytes += following - at
        if self._noise_bytes > MOST_NOISE_BYTES:
            raise StreamCorrupt("expected interleaved packets, got something else")
        return following


def _connected(address: CameraAddress, timeout_s: float) -> socket.socket:
    connection = socket.create_connection((address.host, address.port), timeout_s)
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _secured(connection) if address.scheme == "rtsps" else connection
    except BaseException:
        connection.close()
        raise


def _secured(connection: socket.socket) -> ssl.SSLSocket:
    # As libav does by default: cameras carry certificates that nobody has signed.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection)
