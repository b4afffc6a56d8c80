"""One decoded picture with its time."""

from dataclasses import dataclass
from datetime import datetime

import av
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture of shape (height, width, 3), uint8, BGR as OpenCV has it."""


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
        width, height = size_wh
        pixels = self.picture.to_ndarray(format="bgr24", width=width, height=height)
        return np.asarray(pixels, np.uint8)
