"""Coded data as it came: packets, and what is needed to decode or store them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Protocol

from domain.clock import Moment

UNSAID_S = float("-inf")


@dataclass(frozen=True, slots=True)
class Offered:
    """What a camera or file says of its video before the first packet."""

    codec: str
    """libav's name: ``h264``, ``hevc``, ``mpeg4``, ``mjpeg`` …"""
    time_base: Fraction | None
    extradata: bytes = field(repr=False, default=b"")
    size_wh: tuple[int, int] = (0, 0)
    profile: str | None = None
    rotation: int = 0
    """As `StreamInfo.rotation`."""


class Coded(Protocol):
    """The data of a coded picture, which `bytes` gives: at hand, or still in the packets it came
    in."""

    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int:
        """What it takes to hold it."""


class RawPacket(Protocol):
    """One coded picture as it came: H.264 and H.265 in Annex B form. Of `bytes` it gives its
    data."""

    @property
    def pts(self) -> int | None: ...
    @property
    def dts(self) -> int | None: ...
    @property
    def is_keyframe(self) -> bool: ...
    def __bytes__(self) -> bytes: ...


class PacketSource(Protocol):
    """What packets are taken in from: a camera's connection, or a file played in real time."""

    @property
    def offered(self) -> Offered: ...

    def packets(self) -> Iterator[RawPacket]: ...


@dataclass(frozen=True, slots=True, eq=False)
class StreamInfo:
    """What packets of one run have in common. One object per connection and per parameter set:
    packets can be decoded and stored together exactly if they hold the same object."""

    codec: str
    """libav's name: ``h264``, ``hevc``, ``mpeg4``, ``mjpeg`` …"""
    size_wh: tuple[int, int]
    extradata: bytes = field(repr=False, default=b"")
    """H.264 and H.265: the parameter sets in Annex B form. Others: as libav has them."""
    profile: str | None = None
    rotation: int = 0
    """Degrees by which pictures are turned to the left before they are shown: 0, 90, 180, 270."""
    pixel_format: str | None = None
    """libav's name, such as ``yuv420p``: chroma and depth."""


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """One coded picture."""

    coded: Coded = field(repr=False)
    pts: int
    """Presentation time in `time_base`, continuous within one `stream` even where the camera's
    own timestamps restart."""
    dts: int | None
    """Decoding time in `time_base`, if the camera or container gave one."""
    time_base: Fraction
    keyframe: bool
    captured_at: datetime
    """When it was sent, by this machine's clock (aware, UTC); falls from packet to packet only when
    the clock is set back."""
    stream_s: float
    """Seconds since the connection's first packet, by the stream's own timestamps; those that do
    not keep step with arrival are stretched to it, and `pts` with them."""
    stream: StreamInfo
    captured_s: float = UNSAID_S
    """The same moment as `captured_at` in seconds that nobody sets, for every duration; if it is
    not said, time is virtual and `captured_at` counts."""

    def __post_init__(self) -> None:
        if self.captured_s == UNSAID_S:
            object.__setattr__(self, "captured_s", self.captured_at.timestamp())

    @property
    def data(self) -> bytes:
        """H.264 and H.265 are always in Annex B form. Taken apart each time, if it is held in its
        packets."""
        return bytes(self.coded)

    @property
    def size_bytes(self) -> int:
        """What it takes to hold it."""
        return len(self.coded)

    @property
    def captured(self) -> Moment:
        return Moment(self.captured_s, self.captured_at)
