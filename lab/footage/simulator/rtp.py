"""RTP for video: an access unit becomes ready interleaved packets, once per clip.

Packets follow RFC 6184 (H.264: single NAL unit, FU-A) and RFC 7798 (H.265: single NAL unit,
FU), framed for RTSP's TCP connection (RFC 2326 §10.12). What differs from one sending to the
next (sequence number, timestamp, source) stays zero until `stamped`.
"""

import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Codec = Literal["h264", "hevc"]

CLOCK_HZ = 90_000
"""Ticks per second of every video timestamp in RTP."""
PAYLOAD_TYPE = 96
MAX_PAYLOAD_BYTES = 1400
"""Fits an Ethernet frame together with its RTP, UDP and IP headers, as cameras do it."""
FRAMING_BYTES = 4
HEADER_BYTES = 12

_FRAME_AND_HEADER = struct.Struct(">cBHBBHII")
_STAMP = struct.Struct(">HII")
_MARKER = 0x80
_H264_FU_A = 28
_H265_FU = 49


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets of one access unit: `$`-framed for channel 0, one behind the other."""

    data: bytes
    headers: tuple[int, ...]
    """Where in `data` each RTP header starts, its framing lies just before."""

    def spans(self) -> Iterator[tuple[int, int]]:
        """From where to where each packet's RTP header and payload lie in `data`."""
        ends = [start - FRAMING_BYTES for start in self.headers[1:]] + [len(self.data)]
        return zip(self.headers, ends, strict=True)

    def stamped(self, sequence: int, timestamp: int, ssrc: int) -> "Packets":
        """A copy ready to be sent, numbered from `sequence` on."""
        data = bytearray(self.data)
        for number, start in enumerate(self.headers, sequence):
            _STAMP.pack_into(data, start + 2, number & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
        return Packets(bytes(data), self.headers)

    def on_channel(self, channel: int) -> bytes:
        """The bytes for a client that asked for another interleaved channel than 0."""
        if channel == 0:
            return self.data
        data = bytearray(self.data)
        for start in self.headers:
            data[start - FRAMING_BYTES + 1] = channel
        return bytes(data)

    def of_type(self, payload_type: int) -> "Packets":
        """A copy under another payload type."""
        data = bytearray(self.data)
        for start in self.headers:
            data[start + 1] = data[start + 1] & _MARKER | payload_type
        return Packets(bytes(data), self.headers)

    def garbled(self, source: random.Random) -> "Packets":
        """A copy whose headers are true and whose payloads are noise."""
        data = bytearray(self.data)
        for start, end in self.spans():
            data[start + HEADER_BYTES : end] = source.randbytes(end - start - HEADER_BYTES)
        return Packets(bytes(data), self.headers)


def packetise(nal_units: Sequence[bytes], codec: Codec) -> Packets:
    """Pack the NAL units of one access unit; the last packet carries the marker bit."""
    payloads = [part for unit in nal_units for part in _payloads(unit, codec)]
    data = bytearray()
    headers = []
    for number, payload in enumerate(payloads, 1):
        marker = _MARKER if number == len(payloads) else 0
        length = HEADER_BYTES + len(payload)
        data += _FRAME_AND_HEADER.pack(b"$", 0, length, 0x80, marker | PAYLOAD_TYPE, 0, 0, 0)
        headers.append(len(data) - HEADER_BYTES)
        data += payload
    return Packets(bytes(data), tuple(headers))


def _payloads(unit: bytes, codec: Codec) -> Iterator[bytes]:
    if len(unit) <= MAX_PAYLOAD_BYTES:
        yield unit
    elif codec == "h264":
        indicator = bytes([unit[0] & 0xE0 | _H264_FU_A])
        yield from _fragments(unit[1:], indicator, unit[0] & 0x1F)
    else:
        header = bytes([unit[0] & 0x81 | _H265_FU << 1, unit[1]])
        yield from _fragments(unit[2:], header, unit[0] >> 1 & 0x3F)


def _fragments(body: bytes, header: bytes, unit_type: int) -> Iterator[bytes]:
    """Fragments of one NAL unit: each with `header`, then start and end bit and the type."""
    step = MAX_PAYLOAD_BYTES - len(header) - 1
    for start in range(0, len(body), step):
        first = 0x80 if start == 0 else 0
        last = 0x40 if start + step >= len(body) else 0
        yield header + bytes([first | last | unit_type]) + body[start : start + step]
