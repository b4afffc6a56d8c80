"""The parameter sets in H.264 and H.265 (Annex B form): what a decoder must know beforehand."""

from collections.abc import Iterator
from typing import NamedTuple

START = b"\x00\x00\x00\x01"
_SHORT_START = START[1:]


class _Syntax(NamedTuple):
    shift: int
    mask: int
    last_slice: int
    """Types up to this one (from `first_slice`) are coded slices."""
    first_slice: int
    parameters: frozenset[int]


_SYNTAX = {
    "h264": _Syntax(0, 0x1F, last_slice=5, first_slice=1, parameters=frozenset({7, 8, 13, 15})),
    "hevc": _Syntax(1, 0x3F, last_slice=31, first_slice=0, parameters=frozenset({32, 33, 34})),
}

ANNEX_B_CODECS = frozenset(_SYNTAX)
"""Codecs that are kept in Annex B form here."""


def parameter_sets(codec: str, data: bytes) -> bytes:
    """The parameter sets that stand before the first slice of `data`, each after a start code;
    empty if there are none."""
    syntax = _SYNTAX[codec]
    found = []
    for unit in _units(data):
        kind = unit[0] >> syntax.shift & syntax.mask
        if syntax.first_slice <= kind <= syntax.last_slice:
            break
        if kind in syntax.parameters:
            found.append(unit)
    return b"".join(START + unit for unit in found)


def merged(codec: str, known: bytes, fresh: bytes) -> bytes:
    """`known` parameter sets with each kind that occurs in `fresh` replaced by the fresh ones."""
    syntax = _SYNTAX[codec]

    def kind(unit: bytes) -> int:
        return unit[0] >> syntax.shift & syntax.mask

    units = list(_units(fresh))
    replaced = {kind(unit) for unit in units}
    units += [unit for unit in _units(known) if kind(unit) not in replaced]
    # Kinds are numbered in the order in which a decoder needs them; the sort keeps equals in place.
    return b"".join(START + unit for unit in sorted(units, key=kind))


def _units(data: bytes) -> Iterator[bytes]:
    """The NAL units of an Annex B stream, lazily, without start codes and stuffing zeros."""
    start = data.find(_SHORT_START)
    while start >= 0:
        start += len(_SHORT_START)
        following = data.find(_SHORT_START, start)
        unit = data[start : following if following >= 0 else len(data)].rstrip(b"\x00")
        if unit:
            yield unit
        start = following
