"""Whole video files from pictures and to pictures, for media that we make ourselves."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np

from domain.errors import StreamCorrupt, StreamNotFound
from streams.container import open_container, video_stream
from streams.frame import Image
from streams.rotation import rotation_of, turned

Codec = Literal["h264", "hevc"]

_ENCODERS = {"h264": "libx264", "hevc": "libx265"}
_TAGS = {"h264": "avc1", "hevc": "hvc1"}
# No B-frames: pictures leave a camera in the order they are shown. No scene cuts and closed
# groups: keyframes come exactly every `gop` pictures, and each can be decoded alone.
_PARAMS = "keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:open-gop=0"


def write_video(
    path: Path,
    frames: Iterable[Image],
    *,
    size_wh: tuple[int, int],
    fps: int = 10,
    codec: Codec = "h264",
    gop: int = 10,
    crf: int = 23,
    preset: str = "veryfast",
    bits_s: int | None = None,
    lead_in: int = 0,
) -> int:
    """Encode `frames` into an MP4 file with a keyframe every `gop` pictures.

    Args:
        frames: pictures of shape (height, width, 3), uint8, BGR, all of `size_wh`.
        size_wh: width and height in pixels, both even (4:2:0 halves the colours).
        bits_s: H.264 of this bit rate all the time, instead of the quality `crf`.
        lead_in: so many pictures at the beginning, whole groups, are encoded and left out: an
            encoder of a fixed rate spoils its first keyframe, before it knows what pictures cost.

    Returns:
        The number of pictures written.

    Raises:
        ValueError: an odd size, or a picture of another shape than `size_wh` says.
    """
    width, height = size_wh
    if width % 2 or height % 2:
        raise ValueError(f"{path}: expected an even width and height, got {width}x{height}")
    count = 0
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream(_ENCODERS[codec], rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = _options(codec, gop, crf, preset, bits_s)
        stream.codec_context.codec_tag = _TAGS[codec]
        for count, image in enumerate(frames, start=1):
            picture = _picture(path, image, size_wh)
            picture.pts, picture.time_base = count - 1, Fraction(1, fps)
            container.mux(_without(stream.encode(picture), lead_in, fps))
        container.mux(_without(stream.encode(None), lead_in, fps))
    return max(count - lead_in, 0)


def _without(packets: "Sequence[av.Packet[Any]]", lead_in: int, fps: int) -> "list[av.Packet[Any]]":
    """The packets without those of the first pictures, dated as if there had been none."""
    if not lead_in:
        return list(packets)
    kept = []
    for packet in packets:
        assert packet.time_base is not None
        earlier = round(Fraction(lead_in, fps) / packet.time_base)
        if packet.pts is not None and packet.dts is not None and packet.pts >= earlier:
            packet.pts, packet.dts = packet.pts - earlier, packet.dts - earlier
            kept.append(packet)
    return kept


def _options(
    codec: Codec, gop: int, crf: int, preset: str, bits_s: int | None
) -> dict[str, object]:
    params = _PARAMS.format(gop=gop)
    if bits_s is not None:
        kbit_s = bits_s // 1000
        rate = f"bitrate={kbit_s}:vbv-maxrate={kbit_s}:vbv-bufsize={kbit_s}"
        return {"preset": preset, "x264-params": f"{params}:{rate}"}
    if codec == "hevc":
        # x265 writes to stderr itself, past libav's log level.
        return {"preset": preset, "crf": str(crf), "x265-params": f"{params}:log-level=none"}
    return {"preset": preset, "crf": str(crf), "x264-params": params}


def _picture(path: Path, image: Image, size_wh: tuple[int, int]) -> av.VideoFrame:
    width, height = size_wh
    if image.shape != (height, width, 3) or image.dtype != np.uint8:
        came = f"{image.shape} {image.dtype}"
        raise ValueError(f"{path}: expected pictures ({height}, {width}, 3) uint8, got {came}")
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")


def read_video(path: Path, *, fps: int = 10, start_s: float = 0.0) -> Iterator[Image]:
    """The pictures of a file from `start_s` on, upright, at `fps`, however many a second it holds.

    Yields:
        pictures of shape (height, width, 3), uint8, BGR, in the file's own size.

    Raises:
        StreamNotFound: there is no such file.
        StreamCorrupt: it is not video.
    """
    try:
        with open_container(path) as container:
            film = video_stream(container)
            if film is None:
                raise StreamCorrupt(f"{path}: expected video, got a file without a video stream")
            yield from _sampled(container.decode(film), fps, start_s)
    except FileNotFoundError as error:
        raise StreamNotFound(f"{path}: no such file") from error
    except av.FFmpegError as error:
        raise StreamCorrupt(f"{path}: expected video, got {error.strerror}") from error


def _sampled(pictures: Iterable[av.VideoFrame], fps: int, start_s: float) -> Iterator[Image]:
    first_s: float | None = None
    due = start_s
    for picture in pictures:
        at_s = picture.time or 0.0
        first_s = at_s if first_s is None else first_s
        while due <= at_s - first_s + 1e-6:
            image = np.asarray(picture.to_ndarray(format="bgr24"), np.uint8)
            yield turned(image, rotation_of(picture))
            due += 1 / fps
