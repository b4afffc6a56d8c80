"""RTP payloads put together again: H.264 (RFC 6184) and H.265 (RFC 7798) to access units.

Known are single NAL units, aggregates (STAP-A, AP) and fragments (FU-A, FU). What is sent out of
order on purpose (interleaved mode) is not: `description` leaves such streams to libav.
"""

import struct
from dataclasses import dataclass, field

from domain.errors import StreamCorrupt
from streams.nal import START

HEADER_BYTES = 12
MOST_BYTES = 32 * 1024 * 1024
"""No picture is larger; a sender that never ends one is not believed."""
MARKERS_TO_TRUST = 8
"""So many pictures must have ended with the marker bit, and only they, before it is believed."""

_TOO_LARGE = "expected a picture of at most {} bytes, got more"
_HEADER = struct.Struct(">BBHI")
_PLAIN = 0x80
"""The first byte of a header with nothing unusual in it."""
_MARKER = 0x80
_ENDS = 0xC0
"""Flags of the first and the last fragment of a unit."""
_EXTENDED, _PADDED = 0x10, 0x20
_RECOVERY_POINT = 6
_WRAP = 1 << 32


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture as it came."""

    data: bytes = field(repr=False)
    """Annex B form."""
    pts: int
    """In ticks of the stream's clock."""
    is_keyframe: bool
    dts: None = None
    """RTP does not tell."""

    def __bytes__(self) -> bytes:
        return self.data


@dataclass(frozen=True, slots=True)
class _Packing:
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


_PACKINGS = {
    "h264": _Packing(0, 0x1F, 1, 24, 28, 23, range(1, 6), range(5, 6), 6),
    "hevc": _Packing(1, 0x3F, 2, 48, 49, 47, range(32), range(16, 24), None),
}


class Depacketiser:
    """Takes the RTP packets of one stream in the order in which they come.

    A picture ends where the timestamp changes. Most senders mark its last packet, so that nobody
    needs to wait for the next one; some mark others too, so the mark is believed only after it has
    been right for some time.
    """

    def __init__(self, codec: str, payload_type: int) -> None:
        self._packing = _PACKINGS[codec]
        self._payload_type = payload_type
        self._fragment_head = HEADER_BYTES + self._packing.header_bytes
        self._kind_mask = self._packing.mask << self._packing.shift
        self._kind_of_fragment = self._packing.fragment << self._packing.shift
        self._units: list[bytes] = []
        """The picture's whole units so far, each after a start code."""
        self._bytes = 0
        self._fragments: list[bytes] = []
        self._fragment_bytes = 0
        self._has_slice = self._is_keyframe = False
        self._stamp: int | None = None
        self._pts = 0
        self._next: int | None = None
        self._marked = False
        self._well_marked = 0
        self.missed = 0
        """RTP packets that were never sent, as the numbers of the others tell."""

    def take(self, data: bytes, start: int, end: int) -> AccessUnit | None:
        """Take in the packet `data[start:end]`; the picture that it completes, if it does.

        Raises:
            StreamCorrupt: a picture that never ends.
        """
        if end - start < HEADER_BYTES:
            return None
        first, second, number, stamp = _HEADER.unpack_from(data, start)
        head = start + self._fragment_head
        if (
            first == _PLAIN
            and second == self._payload_type
            and number == self._next
            and stamp == self._stamp
            and self._fragments
            and not self._marked
            and end > head
            and data[head] & _ENDS == 0
            and data[start + HEADER_BYTES] & self._kind_mask == self._kind_of_fragment
        ):  # inside of a large unit, as most packets are
            self._next = (number + 1) & 0xFFFF
            self._keep_fragment(data[head + 1 : end])
            return None
        if second & 0x7F != self._payload_type or first >> 6 != 2:
            return None
        at = start + HEADER_BYTES + 4 * (first & 0x0F)
        if first & _EXTENDED:
            at += 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
        if first & _PADDED:
            end -= data[end - 1]
        if number != self._next:
            self._note_missed(number)
        self._next = (number + 1) & 0xFFFF
        finished = self._turned_to(stamp)
        if at < end:
            self._unpack(data, at, end)
        self._marked = bool(second & _MARKER)
        if self._marked and self._well_marked >= MARKERS_TO_TRUST and finished is None:
            return self._finished()
        return finished

    def _turned_to(self, stamp: int) -> AccessUnit | None:
        """The picture that is over, if a packet of this time begins another."""
        if stamp == self._stamp:
            if self._marked:  # what seemed to be the last packet was not: marks mean nothing here
                self._well_marked = -1
            return None
        before, self._stamp = self._stamp, stamp
        if before is None:
            self._pts = stamp
            return None
        if self._well_marked >= 0:
            self._well_marked = self._well_marked + 1 if self._marked else 0
        finished = self._finished()
        ahead = (stamp - before) % _WRAP
        self._pts += ahead if ahead < _WRAP // 2 else ahead - _WRAP
        return finished

    def _note_missed(self, number: int) -> None:
        if self._next is not None:
            self.missed += (number - self._next) & 0xFFFF
            self._fragments.clear()

    def _unpack(self, data: bytes, at: int, end: int) -> None:
        packing = self._packing
        kind = data[at] >> packing.shift & packing.mask
        if kind == packing.fragment:
            self._take_fragment(data, at, end)
            return
        self._fragments.clear()
        if kind == packing.aggregate:
            at += packing.header_bytes
            while at + 2 < end:
                size = data[at] << 8 | data[at + 1]
                self._add(data[at + 2 : min(at + 2 + size, end)])
                at += 2 + size
        elif kind <= packing.last_single:
            self._add(data[at:end])

    def _take_fragment(self, data: bytes, at: int, end: int) -> None:
        head = at + self._packing.header_bytes
        if head >= end:
            return
        flags = data[head]
        if flags & 0x80:
            self._fragments = [self._unit_header(data, at, flags)]
            self._fragment_bytes = 0
        elif not self._fragments:
            return  # its beginning was missed
        self._keep_fragment(data[head + 1 : end])
        if flags & 0x40:
            self._add(b"".join(self._fragments))
            self._fragments = []

    def _keep_fragment(self, fragment: bytes) -> None:
        self._fragments.append(fragment)
        self._fragment_bytes += len(fragment)
        if self._fragment_bytes > MOST_BYTES:
            raise StreamCorrupt(_TOO_LARGE.format(MOST_BYTES))

    def _unit_header(self, data: bytes, at: int, flags: int) -> bytes:
        """The header that the unit had before it was cut into fragments."""
        packing = self._packing
        kept = data[at] & ~(packing.mask << packing.shift) & 0xFF
        kind = flags & packing.mask
        return bytes([kept | kind << packing.shift]) + data[at + 1 : at + packing.header_bytes]

    def _add(self, unit: bytes) -> None:
        if len(unit) < self._packing.header_bytes:
            return
        packing = self._packing
        kind = unit[0] >> packing.shift & packing.mask
        if kind in packing.slices:
            self._has_slice = True
            self._is_keyframe |= kind in packing.keyframe_slices
        elif kind == packing.recovery and unit[1:2] == bytes([_RECOVERY_POINT]):
            self._is_keyframe = True
        self._units += (START, unit)
        self._bytes += len(unit)
        if self._bytes > MOST_BYTES:
            raise StreamCorrupt(_TOO_LARGE.format(MOST_BYTES))

    def _finished(self) -> AccessUnit | None:
        """The picture so far. What holds no slice (parameter sets that have a time of their own)
        belongs to the next one."""
        self._fragments.clear()
        if not self._has_slice:
            return None
        whole = AccessUnit(b"".join(self._units), self._pts, self._is_keyframe)
        self._units, self._bytes = [], 0
        self._has_slice = self._is_keyframe = False
        return whole
