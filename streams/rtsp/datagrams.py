"""RTP by UDP: a pair of ports for one camera, and its packets put back in order."""

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

from domain.closing import Closing

RECEIVE_BYTES = 1024 * 1024
"""Asked of the kernel, which may give less: what comes while a reader rests."""
MOST_WAITING = 64
"""So many packets are kept for one that is late, before it is given up."""
MOST_LATE = 256
"""After so many late ones in a row the camera has begun to number anew."""
MOST_AT_ONCE = 4096
PORT_PAIR_ATTEMPTS = 50
_LARGEST = 65_536
_NUMBER_AT = 2
_HEADER_BYTES = 12
_HALF, _ROUND = 0x8000, 0xFFFF
_GREETING = b"\x80\xc9\x00\x01\x00\x00\x00\x00"
"""An empty receiver report: it opens the way back through routers."""


class Datagrams(Closing):
    """Two neighbouring ports, the first one even (RFC 3550 §11). What does not come from the
    camera's own host is dropped."""

    def __init__(self, own_host: str, camera_host: str) -> None:
        """Raises OSError: no such pair is free."""
        self._camera_host = camera_host
        self._rtp, self._rtcp = _port_pair(own_host)
        self._buffer = bytearray(_LARGEST)
        self._order = InOrder()
        self._coming = select.poll()
        for each in (self._rtp, self._rtcp):
            self._coming.register(each, select.POLLIN)

    @property
    def ports(self) -> tuple[int, int]:
        """For RTP and RTCP."""
        return self._rtp.getsockname()[1], self._rtcp.getsockname()[1]

    def greet(self, rtp_port: int, rtcp_port: int) -> None:
        """Let the camera's datagrams through what stands between."""
        for sender, port in ((self._rtp, rtp_port), (self._rtcp, rtcp_port)):
            with suppress(OSError, OverflowError):
                sender.sendto(_GREETING, (self._camera_host, port))

    def wait(self, seconds: float, connection: int) -> bool:
        """Until something has come, or the descriptor `connection` has; whether the latter has."""
        self._coming.register(connection, select.POLLIN)
        ready = self._coming.poll(round(seconds * 1000))
        self._coming.unregister(connection)
        return any(descriptor == connection for descriptor, _ in ready)

    def packets(self) -> Iterator[bytes]:
        """The RTP packets that have come, in order; never waits."""
        for datagram in self._received(self._rtp):
            yield from self._order.put(datagram)

    def reports(self) -> Iterator[bytes]:
        """The RTCP packets that have come; never waits."""
        return self._received(self._rtcp)

    def close(self) -> None:
        self._rtp.close()
        self._rtcp.close()

    def _received(self, receiver: socket.socket) -> Iterator[bytes]:
        for _ in range(MOST_AT_ONCE):
            try:
                size, sender = receiver.recvfrom_into(self._buffer)
            except BlockingIOError:
                return
            except OSError:
                continue  # a port of the camera's is closed; its silence will tell
            if sender[0] == self._camera_host:
                yield bytes(memoryview(self._buffer)[:size])


class InOrder:
    """RTP packets by their numbers: one that is late is waited for until `MOST_WAITING` others
    have come."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._waiting: dict[int, bytes] = {}
        self._late = 0

    def put(self, packet: bytes) -> Iterator[bytes]:
        """Those whose turn it is now."""
        if len(packet) < _HEADER_BYTES:
            return
        number = int.from_bytes(packet[_NUMBER_AT : _NUMBER_AT + 2])
        due = number if self._next is None else self._next
        if (number - due) & _ROUND >= _HALF:
            self._take_late()
            return
        self._late = 0
        self._waiting[number] = packet
        if len(self._waiting) > MOST_WAITING:
            due = min(self._waiting, key=lambda one: (one - due) & _ROUND)
        while (following := self._waiting.pop(due, None)) is not None:
            due = (due + 1) & _ROUND
            self._next = due
            yield following
        self._next = due

    def _take_late(self) -> None:
        """One whose place was given up already; many of them in a row are a new beginning."""
        self._late += 1
        if self._late > MOST_LATE:
            self._late, self._next = 0, None
            self._waiting.clear()


def _port_pair(host: str) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(PORT_PAIR_ATTEMPTS):
        with ExitStack() as stack, suppress(OSError):
            first, second = (
                stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in "ab"
            )
            first.bind((host, 0))
            port = first.getsockname()[1]
            if port % 2:
                continue
            second.bind((host, port + 1))
            for each in (first, second):
                each.setblocking(False)
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            stack.pop_all()
            return first, second
    raise OSError(f"expected two neighbouring UDP ports, got none in {PORT_PAIR_ATTEMPTS} attempts")
