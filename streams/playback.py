"""A file that plays a camera: in real time, over and over."""

import time
from collections.abc import Callable, Generator

import av

from domain.closing import Closing
from domain.errors import StreamCorrupt
from streams.address import CameraAddress
from streams.packet import Offered
from streams.source import LibavPacket, Source
from streams.stream_settings import StreamSettings

_DEFAULT_FPS = 25.0


class Playback(Closing):
    """Hands out a file's packets when they are due, with timestamps that run on from one round
    to the next. Closed by ``with``."""

    def __init__(
        self, address: CameraAddress, settings: StreamSettings, wait: Callable[[float], bool]
    ) -> None:
        """`wait` sleeps so many seconds and tells whether to stop.

        Raises:
            StreamError: the file cannot be opened.
        """
        self._address = address
        self._settings = settings
        self._wait = wait
        self._source = Source(address, settings)
        self._time_base = self.stream.time_base
        self._offset = 0
        self._played_s = 0.0

    @property
    def stream(self) -> av.VideoStream:
        return self._source.stream

    @property
    def offered(self) -> Offered:
        return self._source.offered

    def packets(self) -> Generator[LibavPacket, None, None]:
        """Packets, each when it is due, until `wait` says to stop.

        Raises:
            StreamError: the file cannot be read any more, or holds no packets.
        """
        started_s = time.monotonic()
        while True:
            count = 0
            for packet in self._round():
                due_s = started_s + self._due_s(packet)
                if self._wait(max(due_s - time.monotonic(), 0.0)):
                    return
                count += 1
                yield packet
            if not count:
                raise StreamCorrupt(f"{self._address.masked}: expected packets, found none")
            self._source.close()
            self._source = Source(self._address, self._settings)

    def close(self) -> None:
        self._source.close()

    def _round(self) -> Generator[LibavPacket, None, None]:
        """The file's packets once, moved behind those of the rounds before."""
        first: int | None = None
        end = 0
        for packet in self._source.packets():
            start = packet.pts if packet.pts is not None else packet.dts
            if start is not None:
                first = start if first is None else min(first, start)
                end = max(end, start + (packet.duration or self._step()))
            if packet.pts is not None:
                packet.pts += self._offset
            if packet.dts is not None:
                packet.dts += self._offset
            yield packet
        self._offset += end - (first or 0)

    def _due_s(self, packet: LibavPacket) -> float:
        """Seconds after the start at which a packet is due; decoding order decides."""
        ticks = packet.dts if packet.dts is not None else packet.pts
        if ticks is None or self._time_base is None:
            self._played_s += 1 / self._fps()
        else:
            self._played_s = max(self._played_s, float(ticks * self._time_base))
        return self._played_s

    def _step(self) -> int:
        return round(1 / (self._fps() * float(self._time_base or 1)))

    def _fps(self) -> float:
        return float(self.stream.average_rate or self.stream.guessed_rate or _DEFAULT_FPS)
