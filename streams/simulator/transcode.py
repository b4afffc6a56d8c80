"""Clips of any codec made into ones that cameras send; each once, kept in a folder."""

import hashlib
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

from domain.errors import StreamCorrupt, StreamNotFound, UnsupportedCodec
from streams.simulator.clip import has_times, load_clip
from streams.simulator.rtp import CLOCK_HZ, Codec

Progress = Callable[[Path, float], None]
"""Told the clip and how much of it is done, 0 to 1; the last call says 1."""

KEYFRAME_EVERY_S = 2.0
"""As surveillance cameras are usually set."""
_ENCODERS: dict[Codec, tuple[str, dict[str, str]]] = {
    "h264": ("libx264", {"preset": "veryfast", "crf": "23", "bf": "0"}),
    # x265 writes to stderr by itself, past libav's log
    "hevc": ("libx265", {"preset": "veryfast", "x265-params": "crf=26:bframes=0:log-level=none"}),
}


def is_playable(path: Path, codec: Codec | None = None) -> bool:
    """Whether cameras can send the clip as it is, and with `codec` if one is named.

    Raises:
        StreamNotFound, StreamCorrupt: as `load_clip`.
    """
    try:
        found = load_clip(path).codec
    except UnsupportedCodec:
        return False
    return codec in (None, found)


def as_codec(path: Path, codec: Codec, folder: Path, *, progress: Progress | None = None) -> Path:
    """The clip at `path` in another codec, from `folder` if it was made before.

    Raises:
        StreamNotFound: there is no such file.
        StreamCorrupt: it cannot be decoded.
    """
    if not path.is_file():
        raise StreamNotFound(f"expected a clip, there is no file {path}")
    target = folder / f"{path.stem}-{_fingerprint(path)}-{codec}.mp4"
    if not target.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        half = target.with_suffix(f".{os.getpid()}.part")
        try:
            _transcode(path, half, codec, progress or _quiet)
            half.replace(target)
        finally:
            half.unlink(missing_ok=True)
    if progress:
        progress(path, 1.0)
    return target


def _quiet(path: Path, done: float) -> None:
    """Tell nobody."""


def _fingerprint(path: Path) -> str:
    """Changes when the file does."""
    stat = path.stat()
    words = f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}"
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def _transcode(path: Path, target: Path, codec: Codec, progress: Progress) -> None:
    try:
        with av.open(str(path)) as source, av.open(str(target), "w", format="mp4") as sink:
            if not source.streams.video:
                raise StreamCorrupt(f"expected a video, got no video stream in {path}")
            _encode(path, source, sink, codec, progress)
    except av.FFmpegError as error:
        raise StreamCorrupt(f"expected a video, got {error.strerror} in {path}") from error


def _encode(
    path: Path,
    source: av.container.InputContainer,
    sink: av.container.OutputContainer,
    codec: Codec,
    progress: Progress,
) -> None:
    video = source.streams.video[0]
    rate = video.average_rate or video.guessed_rate or Fraction(25)
    output = _output(sink, video, codec, rate)
    timed = has_times(source)
    length_s = (source.duration or 0) / av.time_base
    last = -1
    for number, frame in enumerate(source.decode(video)):
        at_s = frame.time if timed and frame.time is not None else float(number / rate)
        picture = frame.reformat(output.width, output.height, "yuv420p")
        last = max(round(at_s * CLOCK_HZ), last + 1)
        picture.pts, picture.time_base = last, Fraction(1, CLOCK_HZ)
        picture.pict_type = 0
        sink.mux(output.encode(picture))
        progress(path, min(at_s / length_s, 0.999) if length_s else 0.0)
    sink.mux(output.encode(None))


def _output(
    sink: av.container.OutputContainer, video: av.VideoStream, codec: Codec, rate: Fraction
) -> av.VideoStream:
    encoder, options = _ENCODERS[codec]
    output = sink.add_stream(encoder, rate=rate, options=options)
    assert isinstance(output, av.VideoStream)
    output.width, output.height = video.width // 2 * 2, video.height // 2 * 2
    output.pix_fmt = "yuv420p"
    output.codec_context.time_base = Fraction(1, CLOCK_HZ)
    output.codec_context.gop_size = max(1, round(rate * KEYFRAME_EVERY_S))
    return output
