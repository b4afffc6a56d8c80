"""RTP payloads put together again: H.264 (RFC 6184) and H.265 (RFC 7798) to access units.

Known are single NAL units, aggregates (STAP-A, AP) and fragments (FU-A, FU). What is sent out of
order on purpose (interleaved mode) is not: `description` leaves such streams to libav.

A sender may cut a picture into as many pieces as it likes, so pieces are counted with what they
cost here, not with their payload alone.
"""

import struct
from collections.abc import Sequence

from domain.errors import StreamCorrupt
from streams.nal import START
from streams.rtsp.packing import (
    FIRST_FRAGMENT,
    FRAMING_BYTES,
    HEADER_BYTES,
    LAST_FRAGMENT,
    PACKINGS,
    is_recovery_point,
)
from streams.rtsp.picture import AccessUnit, PackedPicture, Picture
from streams.rtsp.walk import Found, Walk

MOST_BYTES = 32 * 1024 * 1024
"""No picture is larger; a sender that never ends one is not believed."""
PIECE_COSTS_BYTES = 64
"""What Python needs to hold a piece, besides the piece."""
MOST_UNITS = 8192
"""No picture has more NAL units; those of 8K have some hundred slices."""
MOST_LEFT_BYTES = 128 * 1024
"""So much of a picture is left for when the rest of it has come, to be walked over once more."""
KEPT_WHOLE = 7 / 8
"""What came together is kept as it is if so much of it is plain pictures, else they are copied."""
MARKERS_TO_TRUST = 8
"""So many pictures must have ended with the marker bit, and only they, before it is believed."""

_TOO_LARGE = "expected a picture of at most {} bytes, got more"
_TOO_MANY = "expected a picture of at most {} NAL units, got more"
_HEADER = struct.Struct(">BBHI")
_NUMBER = struct.Struct(">H")
MOST_IN_RUN = 256
_LOW_BYTES = bytes(range(256)) * 2
"""Of the numbers of packets in a run."""
_PLAIN = 0x80
"""The first byte of a header with nothing unusual in it."""
_MARKER = 0x80
_ENDS = FIRST_FRAGMENT | LAST_FRAGMENT
_EXTENDED, _PADDED = 0x10, 0x20
_VERSION = 2
_REPORTS = range(72, 77)
"""RTCP's packet types as payload types (RFC 5761 §4)."""
_WRAP = 1 << 32


class Depacketiser:
    """Takes the RTP packets of one stream in the order in which they come.

    A picture ends where the timestamp changes. Most senders mark its last packet, so that nobody
    needs to wait for the next one; some mark others too, so the mark is believed only after it has
    been right for some time.
    """

    def __init__(self, codec: str, payload_type: int, also: frozenset[int] = frozenset()) -> None:
        """`also` are other payload types under which the same stream may come."""
        self._packing = PACKINGS[codec]
        self._walk = Walk(self._packing)
        self._payload_type = payload_type
        self._payload_types = also | {payload_type}
        self._fragment_head = HEADER_BYTES + self._packing.header_bytes
        self._kind_mask = self._packing.mask << self._packing.shift
        self._kind_of_fragment = self._packing.fragment << self._packing.shift
        self._units: list[bytes] = []
        """The picture's whole units so far, each after a start code."""
        self._bytes = 0
        self._fragments: list[bytes] = []
        self._fragment_bytes = 0
        self._has_slice = self._is_keyframe = False
        self._recovers = False
        """Whether decoding can begin at the next slice."""
        self._whole = 0
        """So many entries of `_units` are the picture's; the others open the next one."""
        self._stamp: int | None = None
        self._pts = 0
        self._next: int | None = None
        self._marked = False
        self._well_marked = 0
        self.inside = False
        """Whether the last packet was taken out of the inside of a large unit."""
        self.missed = 0
        """RTP packets that were never sent, as the numbers of the others tell."""
        self.foreign = 0
        """Packets that are none of this stream's, reports (RTCP) not counted."""
        self.times = 0
        """How often another time was begun; a sender whose time stands still sends no pictures."""

    def take(self, data: bytes, start: int, end: int) -> AccessUnit | None:
        """Take in the packet `data[start:end]`; the picture that it completes, if it does.

        Raises:
            StreamCorrupt: a picture that never ends.
        """
        self.inside = False
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
            self.inside = True
            self._fragments.append(data[head + 1 : end])
            self._count_fragments(1, end - head)
            return None
        if (first >> 6 != _VERSION or second & 0x7F != self._payload_type) and not self._goes_over(
            first, second & 0x7F
        ):
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

    def take_on(self, data: bytes, start: int, end: int) -> tuple[Sequence[Picture], int]:
        """Take in the packet `data[start:end]`, which came over the connection itself, and what
        follows on it as far as that costs little: the pictures that are completed, and up to where
        it was taken. That is before the packet if it begins a picture of which more must come."""
        if self._is_between:
            pictures, to, is_cut = self._walk_over(data, start - FRAMING_BYTES)
            if pictures or is_cut:
                return pictures, to
        picture = self.take(data, start, end)
        if picture is not None:
            return (picture,), end
        return (), self.take_run(data, start, end) if self.inside else end

    @property
    def _is_between(self) -> bool:
        """Whether a mark that is believed ended a picture, and nothing is left of that."""
        if not self._marked or self._units or self._recovers:
            return False
        return self._well_marked >= MARKERS_TO_TRUST

    def _walk_over(self, data: bytes, at: int) -> tuple[list[PackedPicture], int, bool]:
        """The plain pictures that begin with the framed packet at `at`, left in their packets;
        where they end; and whether more must come of another."""
        assert self._next is not None
        assert self._stamp is not None
        found, following, is_cut = self._walk.over(
            data,
            at,
            channel=data[at + 1],
            payload_type=self._payload_type,
            number=self._next,
            stamp=self._stamp,
        )
        to = found[-1].end if found else at
        self._next = following
        return self._packed(found, data), to, is_cut and len(data) - to <= MOST_LEFT_BYTES

    def _packed(self, found: list[Found], data: bytes) -> list[PackedPicture]:
        """The pictures that were found by the walk. What is kept of `data` is counted by them, so
        it is kept whole only if they are nearly all of it."""
        if not found:
            return []
        from_at, to = found[0].start, found[-1].end
        if to - from_at < KEPT_WHOLE * len(data):
            data, moved = data[from_at:to], from_at
        else:
            moved = 0
        pictures = []
        for start, end, stamp in found:
            self._go_on_to(stamp)
            pictures.append(
                PackedPicture(data, start - moved, end - moved, self._pts, self._packing)
            )
        self._well_marked += len(found)
        return pictures

    def take_run(self, data: bytes, start: int, end: int) -> int:
        """Take in what follows on the packet `data[start:end]`, which `inside` tells of, as far as
        it is like it; where that ends. Packets inside of a large unit differ in their numbers
        alone, so that they need not be looked at one by one. Of 3 Mbit/s they are half of all; the
        faster a camera sends, the more they are."""
        head = start + self._fragment_head + 1
        step = end - start + FRAMING_BYTES
        alike, same = data[start - FRAMING_BYTES : start + 2], data[start + 4 : head]
        to_same, last = FRAMING_BYTES + 4, min(len(data), end + MOST_IN_RUN * step) - step
        until = FRAMING_BYTES + head - start
        at = end
        while (
            at <= last
            and data[at + to_same : at + until] == same
            and data[at : at + len(alike)] == alike
        ):
            at += step
        count = (at - end) // step
        if not count:
            return end
        number, low = (self._next or 0) + count - 1 & 0xFFFF, (self._next or 0) & 0xFF
        numbers_at = end + FRAMING_BYTES + 3
        if (
            _NUMBER.unpack_from(data, at - step + FRAMING_BYTES + 2) != (number,)
            or data[numbers_at:at:step] != _LOW_BYTES[low : low + count]
        ):
            return end  # some were never sent: one by one, then
        self._next = (number + 1) & 0xFFFF
        payload = step - until
        self._fragments += [data[here : here + payload] for here in range(end + until, at, step)]
        self._count_fragments(count, payload)
        return at

    def _count_fragments(self, count: int, each_bytes: int) -> None:
        self._fragment_bytes += count * (each_bytes + PIECE_COSTS_BYTES)
        if self._fragment_bytes > MOST_BYTES:
            raise StreamCorrupt(_TOO_LARGE.format(MOST_BYTES))

    def _goes_over(self, first: int, payload_type: int) -> bool:
        """Whether the packet is of this stream all the same, under another type it may have."""
        if payload_type not in self._payload_types or first >> 6 != _VERSION:
            self.foreign += payload_type not in _REPORTS
            return False
        self._payload_type = payload_type
        return True

    def _turned_to(self, stamp: int) -> AccessUnit | None:
        """The picture that is over, if a packet of this time begins another."""
        if stamp == self._stamp:
            if self._marked:  # what seemed to be the last packet was not: marks mean nothing here
                self._well_marked = -1
            return None
        finished = None
        if self._stamp is not None:
            if self._well_marked >= 0:
                self._well_marked = self._well_marked + 1 if self._marked else 0
            finished = self._finished()
        self._go_on_to(stamp)
        return finished

    def _go_on_to(self, stamp: int) -> None:
        """The next picture is of this time."""
        before, self._stamp = self._stamp, stamp
        self.times += 1
        if before is None:
            self._pts = stamp
            return
        ahead = (stamp - before) % _WRAP
        self._pts += ahead if ahead < _WRAP // 2 else ahead - _WRAP

    def _note_missed(self, number: int) -> None:
        if self._next is not None:
            self.missed += (number - self._next) & 0xFFFF
            self._fragments.clear()

    def _unpack(self, data: bytes, at: int, end: int) -> None:
        packing = self._packing
        kind = packing.kind(data[at])
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
        if flags & FIRST_FRAGMENT:
            self._fragments = [self._packing.unit_header(data, at, flags)]
            self._fragment_bytes = 0
        elif not self._fragments:
            return  # its beginning was missed
        self._keep_fragment(data[head + 1 : end])
        if flags & LAST_FRAGMENT:
            self._add(b"".join(self._fragments))
            self._fragments = []

    def _keep_fragment(self, fragment: bytes) -> None:
        self._fragments.append(fragment)
        self._count_fragments(1, len(fragment))

    def _add(self, unit: bytes) -> None:
        if len(unit) < self._packing.header_bytes:
            return
        packing = self._packing
        kind = packing.kind(unit[0])
        self._units += (START, unit)
        self._bytes += len(unit) + PIECE_COSTS_BYTES
        if kind in packing.slices:
            self._has_slice = True
            self._is_keyframe |= self._recovers or kind in packing.keyframe_slices
            self._recovers = False
        elif kind == packing.recovery and is_recovery_point(unit):
            self._recovers = True
        if kind not in packing.openers:
            self._whole = len(self._units)
        if self._bytes > MOST_BYTES:
            raise StreamCorrupt(_TOO_LARGE.format(MOST_BYTES))
        if len(self._units) > 2 * MOST_UNITS:
            raise StreamCorrupt(_TOO_MANY.format(MOST_UNITS))

    def _finished(self) -> AccessUnit | None:
        """The picture so far. What holds no slice (parameter sets that have a time of their own)
        belongs to the next one, and so does what opens a picture and came after the slices: some
        cameras send parameter sets under the time of the picture before."""
        self._fragments.clear()
        if not self._has_slice:
            return None
        units, self._units = self._units[: self._whole], self._units[self._whole :]
        self._whole = 0
        self._bytes = sum(map(len, self._units)) + PIECE_COSTS_BYTES * len(self._units)
        whole = AccessUnit(b"".join(units), self._pts, self._is_keyframe)
        self._has_slice = self._is_keyframe = False
        return whole
