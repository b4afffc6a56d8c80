"""Tiny real videos, made with libav, for the tests of every package."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np

from streams.frame import Image

Codec = Literal["h264", "hevc"]
SizeWh = tuple[int, int]

_ENCODERS = {"h264": "libx264", "hevc": "libx265"}


def make_clip(
    path: Path,
    *,
    seconds: float = 4,
    fps: int = 10,
    size_wh: SizeWh = (320, 180),
    codec: Codec = "h264",
    gop: int = 10,
    paint: Callable[[int], Image] | None = None,
    with_b_frames: bool = False,
) -> Path:
    """Write a clip to `path` (container by its suffix) and give `path` back.

    Args:
        gop: frames from one keyframe to the next; groups are closed and of equal length.
        paint: makes frame n, (height, width, 3) uint8 BGR; default is `moving_picture`.
    """
    draw = paint or (lambda number: moving_picture(number, size_wh))
    with av.open(str(path), "w") as container:
        stream = container.add_stream(_ENCODERS[codec], rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size_wh
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, fps)
        stream.options = _options(codec, gop, with_b_frames)
        if codec == "hevc":
            stream.codec_context.codec_tag = "hvc1"
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame.from_ndarray(draw(number), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def moving_picture(number: int, size_wh: SizeWh) -> Image:
    """A gradient that wanders, a white square that crosses it, and the frame's number:
    (height, width, 3) uint8 BGR."""
    width, height = size_wh
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    picture = np.stack(
        [(x + 3 * number) % 200 + 20, (y + 2 * number) % 200 + 20, (x + y) % 200 + 20], axis=2
    ).astype(np.uint8)
    side = max(height // 6, 2)
    left = number * 7 % max(width - side, 1)
    top = (height - side) // 2
    picture[top : top + side, left : left + side] = 255
    cv2.putText(picture, str(number), (8, height - 8), cv2.FONT_HERSHEY_PLAIN, 1.2, (0, 0, 0), 2)
    return picture


def _options(codec: Codec, gop: int, with_b_frames: bool) -> dict[str, object]:
    b_frames = 2 if with_b_frames else 0
    params = f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:open-gop=0"
    if codec == "hevc":
        # x265 writes to stderr itself, past libav's log level
        params += ":log-level=none:pools=1:frame-threads=1"
        return {"preset": "ultrafast", "x265-params": params}
    return {"preset": "ultrafast", "x264-params": f"{params}:b-adapt=0:threads=1"}
