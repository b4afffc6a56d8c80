"""One decoded picture with its time."""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture of shape (height, width, 3), uint8, BGR as OpenCV has it."""
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

    @property
    def size_wh(self) -> tuple[int, int]:
        return self.picture.width, self.picture.height

    def image(self) -> Image:
        """The full-size picture, (height, width, 3) uint8 BGR."""
        return self.scaled(self.size_wh)

    def scaled(self, size_wh: tuple[int, int]) -> Image:
        """The picture scaled to `size_wh` while it is converted: (h, w, 3) uint8 BGR."""
        converted = _converter(self.picture, size_wh).reformat(
            self.picture, width=size_wh[0], height=size_wh[1], format="bgr24", threads=1
        )
        return np.asarray(converted.to_ndarray(), np.uint8)


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
