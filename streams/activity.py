"""Activity without decoding: pictures between keyframes that suddenly take more bytes than usual.

What an inter-coded picture costs is what changed since the one before: a street at rest is cheap,
a fire, a crowd or a lorry is not. A camera whose bit rate is fixed shows little of it, so this only
calls for a look earlier; the timed look is never left out.
"""

from collections import deque
from collections.abc import Iterable
from statistics import median

from streams.packet import Packet, StreamInfo

SPAN_S = 0.5
"""Sizes are summed over so long: single pictures differ, and a sum costs next to nothing."""
MEMORY_S = 60.0
LEAST_MEMORY_S = 10.0
"""What is usual is not known before."""
SUDDEN = 1.6
"""A span with so many times the usual bytes a picture is unusual …"""
SPREADS = 5.0
"""… if it is also so many usual deviations above it, where sizes vary much by themselves."""
LEARN_EVERY = 10
"""Spans from one reckoning of what is usual to the next: medians cost more than all the rest."""


class Activity:
    """The sizes of one camera's inter-coded pictures. `add` is called for every packet."""

    def __init__(self) -> None:
        self._usual: deque[float] = deque(maxlen=round(MEMORY_S / SPAN_S))
        """Mean bytes of the pictures of each past span."""
        self._stream: StreamInfo | None = None
        self._ends_s = 0.0
        self._bytes = 0
        self._pictures = 0
        self._spans = 0
        self._limit: float | None = None
        """Mean bytes from which on a span is unusual; None while that is not known."""
        self.stirred_s: float | None = None
        """When pictures were last larger than usual (`Packet.captured_s`); None if never."""

    def add_all(self, packets: Iterable[Packet]) -> None:
        """Take in packets that came together."""
        for packet in packets:
            self.add(packet)

    def add(self, packet: Packet) -> None:
        """Take in the next packet."""
        if packet.stream is not self._stream:
            self._begin_anew(packet)
        if packet.stream_s >= self._ends_s:
            self._close_span(packet)
        if not packet.keyframe:
            self._bytes += packet.size_bytes
            self._pictures += 1

    def _begin_anew(self, packet: Packet) -> None:
        """Another size, codec or connection: what was usual says nothing of it."""
        self._stream = packet.stream
        self._usual.clear()
        self._ends_s = packet.stream_s + SPAN_S
        self._bytes = self._pictures = self._spans = 0
        self._limit = self.stirred_s = None

    def _close_span(self, packet: Packet) -> None:
        if self._pictures:
            mean = self._bytes / self._pictures
            if self._limit is not None and mean > self._limit:
                self.stirred_s = packet.captured_s
            self._learn(mean)
        self._bytes = self._pictures = 0
        self._ends_s = packet.stream_s + SPAN_S

    def _learn(self, mean: float) -> None:
        self._usual.append(mean)
        self._spans += 1
        if self._spans % LEARN_EVERY == 0 and self._spans * SPAN_S >= LEAST_MEMORY_S:
            usual = median(self._usual)
            deviation = median(abs(past - usual) for past in self._usual)
            self._limit = max(SUDDEN * usual, usual + SPREADS * deviation)
