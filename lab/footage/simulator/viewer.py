"""One client that plays a camera: over the RTSP connection itself, or by datagrams."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Protocol

from lab.footage.simulator.rtp import Packets

WRITE_BUFFER_BYTES = 1024 * 1024
"""What may wait for a client that reads slowly, before pictures are skipped for it."""


class Outlet(Protocol):
    """The way to a client."""

    def send(self, packets: Packets) -> int:
        """Send what is given and tell how many bytes that was."""

    def send_rtcp(self, data: bytes) -> None: ...

    @property
    def is_behind(self) -> bool:
        """Whether more waits to be sent than may."""


class InterleavedOutlet:
    """RTP between the answers on the RTSP connection (RFC 2326 §10.12)."""

    def __init__(
        self, transport: asyncio.WriteTransport, channels: tuple[int, int], limit_bytes: int
    ) -> None:
        self._transport = transport
        self._rtp_channel, self._rtcp_channel = channels
        self._limit_bytes = limit_bytes

    def send(self, packets: Packets) -> int:
        data = packets.on_channel(self._rtp_channel)
        self._transport.write(data)
        return len(data)

    def send_rtcp(self, data: bytes) -> None:
        self._transport.write(struct.pack(">cBH", b"$", self._rtcp_channel, len(data)) + data)

    @property
    def is_behind(self) -> bool:
        return self._transport.get_write_buffer_size() > self._limit_bytes


class DatagramOutlet:
    """RTP and RTCP to a pair of UDP ports. What the network does not take is lost, as it is
    for a camera."""

    is_behind = False

    def __init__(
        self, sockets: tuple[socket.socket, socket.socket], host: str, ports: tuple[int, int]
    ) -> None:
        self._rtp_socket, self._rtcp_socket = sockets
        self._rtp_address, self._rtcp_address = (host, ports[0]), (host, ports[1])

    def send(self, packets: Packets) -> int:
        view = memoryview(packets.data)
        return sum(
            _send_datagram(self._rtp_socket, view[start:end], self._rtp_address)
            for start, end in packets.spans()
        )

    def send_rtcp(self, data: bytes) -> None:
        _send_datagram(self._rtcp_socket, data, self._rtcp_address)


def _send_datagram(
    sender: socket.socket, data: bytes | memoryview, address: tuple[str, int]
) -> int:
    try:
        return sender.sendto(data, address)
    except OSError:
        return 0


class Viewer:
    """A playing client. It joins, and joins again after it fell behind, at a keyframe."""

    def __init__(self, outlet: Outlet, close: Callable[[str], None]) -> None:
        self.outlet = outlet
        self.close = close
        """Ends the client's connection; takes the reason for the log."""
        self.waits_for_keyframe = True
        """Until one comes nothing else is sent."""

    def skip_to_keyframe(self) -> None:
        self.waits_for_keyframe = True

    def wants(self, keyframe: bool) -> bool:
        """Whether the next picture, a `keyframe` or not, goes to this client."""
        if self.outlet.is_behind:
            self.waits_for_keyframe = True
            return False
        if keyframe:
            self.waits_for_keyframe = False
        return not self.waits_for_keyframe
