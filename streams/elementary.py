"""A keyframe read as a stream of its own: how libav learns size and profile from coded data."""

import io

import av

from streams.nal import ANNEX_B_CODECS
from streams.packet import StreamInfo

RAW_FORMATS = {"h264": "h264", "hevc": "hevc", "mpeg4": "m4v", "mjpeg": "mjpeg"}
"""libav's demuxer for the bare coded data, by codec."""


def open_elementary(codec: str, extradata: bytes, keyframe: bytes) -> av.container.InputContainer:
    """A container that holds one keyframe; the caller closes it.

    Raises:
        ValueError: the codec has no form without a container.
        av.FFmpegError: the data is not of that codec.
    """
    if codec not in RAW_FORMATS:
        raise ValueError(f"expected one of {', '.join(RAW_FORMATS)}, got the codec {codec}")
    data = self_contained(codec, extradata, keyframe)
    return av.open(io.BytesIO(data), "r", format=RAW_FORMATS[codec], options={"fpsprobesize": "0"})


def self_contained(codec: str, extradata: bytes, keyframe: bytes) -> bytes:
    """A keyframe with all that a decoder must know before it."""
    if codec in ANNEX_B_CODECS or codec == "mpeg4":
        return extradata + keyframe
    return keyframe


def describe(codec: str, extradata: bytes, keyframe: bytes) -> StreamInfo | None:
    """What the coded data says of itself; None if it says nothing sensible."""
    try:
        with open_elementary(codec, extradata, keyframe) as container:
            context = container.streams.video[0].codec_context
            size_wh, profile = (context.width, context.height), context.profile
            pixels = context.pix_fmt
    except (av.FFmpegError, ValueError, IndexError):
        return None
    if not all(size_wh):
        return None
    return StreamInfo(codec, size_wh, extradata, profile, pixel_format=pixels)
