"""Containers of libav, opened for reading."""

from pathlib import Path

import av


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
