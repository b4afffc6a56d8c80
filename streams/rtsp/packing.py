"""How H.264 (RFC 6184) and H.265 (RFC 7798) are packed in RTP payloads, and what units are what."""

from dataclasses import dataclass

HEADER_BYTES = 12
"""Of an RTP packet with nothing unusual in it."""
FRAMING_BYTES = 4
"""Before each packet that comes over the connection itself: a sign, the channel, the length
(RFC 2326 §10.12)."""
FIRST_FRAGMENT, LAST_FRAGMENT = 0x80, 0x40
"""Flags of the first and the last fragment of a unit."""

_RECOVERY_POINT = 6
_MOST_SEI_MESSAGES = 64


@dataclass(frozen=True, slots=True)
class Packing:
    """How a codec's NAL units are told apart and packed."""

    shift: int
    """The type of a unit: its first byte shifted by this …"""
    mask: int
    """… and masked by this."""
    header_bytes: int
    aggregate: int
    fragment: int
    last_single: int
    slices: range
    keyframe_slices: range
    recovery: int | None
    """The type of unit (SEI) that may say that decoding can begin here."""
    openers: frozenset[int]
    """Types of units that never follow a picture's slices: they belong to the next one."""
    delimiters: frozenset[int]
    """Those among them that say nothing of how pictures are decoded, nor where that can begin."""

    def kind(self, first: int) -> int:
        """The type of a unit that begins with this byte."""
        return first >> self.shift & self.mask

    def unit_header(self, data: bytes, at: int, flags: int) -> bytes:
        """The header that a unit had before it was cut into fragments, the first of which stands
        at `at` and has these `flags`."""
        kept = data[at] & ~(self.mask << self.shift) & 0xFF
        kind = flags & self.mask
        return bytes([kept | kind << self.shift]) + data[at + 1 : at + self.header_bytes]


PACKINGS = {
    "h264": Packing(
        *(0, 0x1F, 1, 24, 28, 23, range(1, 6), range(5, 6), 6),
        openers=frozenset({6, 7, 8, 9, 13, 14, 15}),
        delimiters=frozenset({9}),
    ),
    "hevc": Packing(
        *(1, 0x3F, 2, 48, 49, 47, range(32), range(16, 24), None),
        openers=frozenset({32, 33, 34, 35, 39}),
        delimiters=frozenset({35, 39}),
    ),
}


def is_recovery_point(sei: bytes) -> bool:
    """Whether one of the messages of an H.264 SEI unit is a recovery point (§7.3.2.3, D.1.8)."""
    data = sei.replace(b"\x00\x00\x03", b"\x00\x00")
    at = 1
    for _ in range(_MOST_SEI_MESSAGES):
        values = []
        for _ in ("type", "size"):
            value = 0
            while at < len(data) and data[at] == 0xFF:
                value, at = value + 0xFF, at + 1
            if at >= len(data) - 1:  # the last byte only ends the unit
                return False
            values.append(value + data[at])
            at += 1
        kind, size = values
        if kind == _RECOVERY_POINT:
            return True
        at += size
    return False
