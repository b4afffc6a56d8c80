"""Containers of libav, opened for reading, and the video in them."""

from pathlib import Path

import av
from av.stream import Disposition


def open_container(
    source: str | Path,
    *,
    options: dict[str, str] | None = None,
    timeout: tuple[float, float] | None = None,
) -> av.container.InputContainer:
    """A file or a url; `timeout` to open and to read, in seconds. The caller closes it.

    Titles are read whatever their encoding: many a camera and recorder writes GBK. Raises
    av.FFmpegError.
    """
    return av.open(str(source), "r", options=options, timeout=timeout, metadata_errors="replace")


_STILL = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
"""Pictures that belong to a film and are none: its cover, its chapters' thumbnails."""


def video_stream(container: av.container.InputContainer) -> av.VideoStream | None:
    """The film in a container: no cover picture, and of several streams the one that is meant to
    be played (its disposition says ``default``), or else the largest; None if there is none."""
    films = [one for one in container.streams.video if not one.disposition & _STILL]
    return max(films, key=_merit, default=None)


def _merit(stream: av.VideoStream) -> tuple[bool, bool, int, int]:
    context = stream.codec_context
    decodable = context is not None  # libav leaves the context out where it has no decoder
    pixels = context.width * context.height if decodable else 0
    return decodable, bool(stream.disposition & Disposition.default), pixels, -stream.index
