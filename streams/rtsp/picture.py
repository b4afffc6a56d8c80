"""A coded picture as RTP brought it: taken apart, or still in its packets."""

from dataclasses import dataclass, field
from typing import TypeAlias

from streams.nal import START
from streams.rtsp.packing import FIRST_FRAGMENT, FRAMING_BYTES, HEADER_BYTES, Packing


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

    def __len__(self) -> int:
        return len(self.data)


@dataclass(frozen=True, slots=True)
class PackedPicture:
    """A picture between keyframes in its packets, as they came: one that was walked over. Of
    `bytes` it gives its data in Annex B form, taken apart each time."""

    came: bytes = field(repr=False)
    start: int
    end: int
    """From where to where in `came` its framed packets lie."""
    pts: int
    packing: Packing = field(repr=False)

    @property
    def is_keyframe(self) -> bool:
        return False

    @property
    def dts(self) -> None:
        return None

    def __len__(self) -> int:
        """What it takes to hold it."""
        return self.end - self.start

    def __bytes__(self) -> bytes:
        came, packing, at = self.came, self.packing, self.start
        parts: list[bytes] = []
        while at < self.end:
            unit = at + FRAMING_BYTES + HEADER_BYTES
            at += FRAMING_BYTES + (came[at + 2] << 8 | came[at + 3])
            if packing.kind(came[unit]) != packing.fragment:
                parts += (START, came[unit:at])
                continue
            head = unit + packing.header_bytes
            if came[head] & FIRST_FRAGMENT:
                parts += (START, packing.unit_header(came, unit, came[head]))
            parts.append(came[head + 1 : at])
        return b"".join(parts)


Picture: TypeAlias = AccessUnit | PackedPicture
