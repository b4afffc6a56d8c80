"""One decoded picture with its time."""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from domain.clock import Moment
from streams.image import Image as Image
from streams.packet import UNSAID_S, Packet
from streams.rotation import rotation_of, turned, turned_wh

CONVERTERS_KEPT = 8
"""Sizes of pictures that a thread keeps converters for."""

_converters = threading.local()


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture of one camera. Pixels are converted only when asked for, and to the
    size asked for, so that a look never pays for a full-size copy."""

    camera_id: str
    captured_at: datetime
    """When the camera sent it, by this machine's clock (aware, UTC)."""
    stream_s: float
    """Seconds since the stream's first packet, by the stream's own timestamps."""
    picture: av.VideoFrame
    captured_s: float = UNSAID_S
    """As `Packet.captured_s`."""
    rotation: int = 0
    """Degrees by which `picture` is turned to the left to be upright: 0, 90, 180, 270."""

    def __post_init__(self) -> None:
        if self.captured_s == UNSAID_S:
            object.__setattr__(self, "captured_s", self.captured_at.timestamp())

    @classmethod
    def of(cls, camera_id: str, packet: Packet, picture: av.VideoFrame) -> "Frame":
        """What a packet shows: turned as its container says, or else as the coded data does."""
        rotation = packet.stream.rotation or rotation_of(picture)
        at, at_s = packet.captured_at, packet.captured_s
        return cls(camera_id, at, packet.stream_s, picture, at_s, rotation)

    @property
    def captured(self) -> Moment:
        return Moment(self.captured_s, self.captured_at)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return turned_wh((self.picture.width, self.picture.height), self.rotation)

    def image(self) -> Image:
        """The full-size picture, upright, (height, width, 3) uint8 BGR."""
        return self.scaled(self.size_wh)

    def scaled(self, size_wh: tuple[int, int]) -> Image:
        """The upright picture scaled to `size_wh` while it is converted: (h, w, 3) uint8 BGR."""
        width, height = turned_wh(size_wh, self.rotation)
        converted = _converter(self.picture, (width, height)).reformat(
            self.picture, width=width, height=height, format="bgr24", threads=1
        )
        return turned(np.asarray(converted.to_ndarray(), np.uint8), self.rotation)


def _converter(picture: av.VideoFrame, size_wh: tuple[int, int]) -> VideoReformatter:
    """The calling thread's converter from pictures like this one. One that is kept costs a third
    of a new one, which libav would also give threads of its own."""
    mine: dict[Any, Any] = _converters.__dict__
    way = picture.format.name, picture.width, picture.height, size_wh
    if way not in mine:
        if len(mine) >= CONVERTERS_KEPT:
            mine.clear()
        mine[way] = VideoReformatter()
    converter: VideoReformatter = mine[way]
    return converter
