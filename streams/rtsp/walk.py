"""Pictures found among interleaved RTP packets by their headers alone, and left packed.

Of a town's cameras all is kept for a while and little is ever looked at. So of the pictures between
keyframes, which are most, only the headers of their packets are walked over: enough to know where
each ends, when it is shown, and that nothing of it is missing. They are taken apart when somebody
wants to decode or store them. Whatever is not as plain as most cameras send it ends the walk, and
is for `Depacketiser.take`.
"""

import struct
from typing import NamedTuple

from streams.rtsp.packing import (
    FIRST_FRAGMENT,
    FRAMING_BYTES,
    HEADER_BYTES,
    LAST_FRAGMENT,
    Packing,
    is_recovery_point,
)

MOST_PLAIN_BYTES = 2 * 1024 * 1024
MOST_PLAIN_PACKETS = 4096
"""A larger picture is not plain: it is taken apart as it comes, by somebody who counts."""

_DOLLAR = 0x24
_PLAIN, _MARKED = 0x8000, 0x8080
"""The first two bytes of an RTP header with nothing unusual in it, its payload type left out."""
_LEAST_BYTES = HEADER_BYTES + 3
_TO_UNIT = FRAMING_BYTES + HEADER_BYTES
_HEADS_BYTES = FRAMING_BYTES + _LEAST_BYTES
_HEADS = {1: struct.Struct(">HHHHI4xBB"), 2: struct.Struct(">HHHHI4xBxB")}
"""What is read of each packet, by the length of a unit's header: sign and channel, length, the
first two bytes of the RTP header, number, time, the first byte of the payload and, if that is a
fragment, its flags."""
_FRAGMENT, _SLICE, _BEGINS, _INSIDE, _ENDS, _DELIMITER, _SEI, _OTHER = range(8)
"""What a packet holds: a whole slice, the first, an inner or the last piece of one, or what may
stand before slices; `_FRAGMENT` where only its flags tell which piece it is."""
_EMPTY, _OPEN, _WHOLE, _ASKING, _REFUSED = range(5)
"""How far a picture has come: no slice yet, within one, after one; a unit must be asked; it is not
plain."""
_MOVES = [bytearray([_REFUSED] * 8) for _ in range(3)]
for _before, _packet, _after in (
    (_EMPTY, _DELIMITER, _EMPTY),
    (_EMPTY, _SEI, _ASKING),
    (_EMPTY, _SLICE, _WHOLE),
    (_EMPTY, _BEGINS, _OPEN),
    (_OPEN, _INSIDE, _OPEN),
    (_OPEN, _ENDS, _WHOLE),
    (_WHOLE, _SLICE, _WHOLE),
    (_WHOLE, _BEGINS, _OPEN),
):
    _MOVES[_before][_packet] = _after


class Found(NamedTuple):
    """A picture: from where to where its framed packets lie, and its time."""

    start: int
    end: int
    stamp: int


class Walked(NamedTuple):
    """How far a walk came."""

    found: list[Found]
    number: int
    """Of the packet that comes next."""
    is_cut: bool
    """Whether it ended within a picture, plain so far, of which more must come."""


class Walk:
    """Walks over the packets of one stream."""

    def __init__(self, packing: Packing) -> None:
        self._heads = _HEADS[packing.header_bytes]
        self._units = bytes(_unit(first, packing) for first in range(256))
        self._pieces = bytes(_piece(flags, packing) for flags in range(256))

    def over(
        self, data: bytes, at: int, *, channel: int, payload_type: int, number: int, stamp: int
    ) -> Walked:
        """The whole plain pictures that begin at `at`, one after another. The picture before them
        was of the time `stamp`, and the next packet must have the `number`."""
        found: list[Found] = []
        size, last = len(data), len(data) - _HEADS_BYTES
        framing, plain = _DOLLAR << 8 | channel, _PLAIN | payload_type
        marked = _MARKED | payload_type
        heads, units, pieces, moves = self._heads.unpack_from, self._units, self._pieces, _MOVES
        start, first, state = at, number, _EMPTY
        while at <= last:
            sign, length, kind, its_number, its_stamp, unit, flags = heads(data, at)
            if sign != framing or its_number != number or length < _LEAST_BYTES:
                break
            # Only the first packet of a picture has another time than the one before.
            if (its_stamp == stamp) == (at == start):
                break
            end = at + FRAMING_BYTES + length
            if end > size:
                return Walked(found, first, True)
            state = moves[state][units[unit] or pieces[flags]]
            if state > _WHOLE:
                if state == _REFUSED or is_recovery_point(data[at + _TO_UNIT : end]):
                    break
                state = _EMPTY
            at, number, stamp = end, (number + 1) & 0xFFFF, its_stamp
            if kind == plain:
                continue
            if kind != marked or state != _WHOLE or _is_large(at - start, number - first):
                break
            found.append(Found(start, at, stamp))
            start, first, state = at, number, _EMPTY
        else:
            return Walked(found, first, start < at)
        return Walked(found, first, False)


def _is_large(size_bytes: int, packets: int) -> bool:
    return size_bytes > MOST_PLAIN_BYTES or packets & 0xFFFF > MOST_PLAIN_PACKETS


def _unit(first: int, packing: Packing) -> int:
    """What a payload that begins with this byte holds."""
    kind = packing.kind(first)
    if kind == packing.fragment:
        return _FRAGMENT
    if kind == packing.recovery:
        return _SEI
    if kind in packing.delimiters:
        return _DELIMITER
    return _SLICE if _is_plain_slice(kind, packing) else _OTHER


def _piece(flags: int, packing: Packing) -> int:
    """What a fragment with these flags is."""
    ends = flags & (FIRST_FRAGMENT | LAST_FRAGMENT)
    if ends == FIRST_FRAGMENT:
        return _BEGINS if _is_plain_slice(flags & packing.mask, packing) else _OTHER
    return {0: _INSIDE, LAST_FRAGMENT: _ENDS}.get(ends, _OTHER)


def _is_plain_slice(kind: int, packing: Packing) -> bool:
    return kind in packing.slices and kind not in packing.keyframe_slices
