"""How pictures are turned before they are shown: a phone held upright writes them on their side,
and beside them a matrix that says so."""

from pathlib import Path

import av
import numpy as np

from streams.container import open_container, video_stream
from streams.image import Image

QUARTER = 90
_MOST_PACKETS = 64
"""The first picture comes within so many packets, or none does."""
_ONE = 1 << 16
_MATRICES = {
    90: (0, -_ONE, 0, _ONE, 0, 0),
    180: (-_ONE, 0, 0, 0, -_ONE, 0),
    270: (0, _ONE, 0, -_ONE, 0, 0),
}
"""The first six of the nine numbers of ISO 14496-12's matrix, by degrees to the left."""
_MATRIX_AT = {0: 48, 1: 60}
"""Where the matrix lies in a box ``tkhd``, by the box's version."""


def rotation_of(picture: av.VideoFrame) -> int:
    """Degrees by which a decoded picture is to be turned to the left: 0, 90, 180 or 270. A matrix
    that turns by anything between is not one of a camera's, and turns to the nearest."""
    return round(picture.rotation / QUARTER) % 4 * QUARTER


def file_rotation(path: str | Path) -> int:
    """As `rotation_of`, of a file's pictures; libav tells it of decoded ones alone. 0 if none can
    be decoded.

    Raises:
        av.FFmpegError: the file cannot be opened.
    """
    with open_container(path) as container:
        stream = video_stream(container)
        if stream is None or stream.codec_context is None:
            return 0
        try:
            for number, packet in enumerate(container.demux(stream)):
                for picture in packet.decode():
                    return rotation_of(picture)
                if number >= _MOST_PACKETS:
                    break
        except av.FFmpegError:
            pass
    return 0


def turned(image: Image, rotation: int) -> Image:
    """A picture (h, w, 3) uint8, turned to the left by quarters."""
    if not rotation:
        return image
    return np.ascontiguousarray(np.rot90(image, rotation // QUARTER))


def turned_wh(size_wh: tuple[int, int], rotation: int) -> tuple[int, int]:
    """The size of a picture of `size_wh` after it was turned."""
    return size_wh if rotation % 180 == 0 else (size_wh[1], size_wh[0])


def write_rotation(path: Path, rotation: int) -> None:
    """Say in an MP4 file of one track how its pictures are turned; libav's writer cannot."""
    if not rotation:
        return
    with path.open("r+b") as file:
        head = file.read(1 << 20)  # the index stands in front
        box = head.index(b"tkhd") - 4
        at = box + _MATRIX_AT[head[box + 8]]
        file.seek(at)
        file.write(b"".join(n.to_bytes(4, "big", signed=True) for n in _MATRICES[rotation]))
