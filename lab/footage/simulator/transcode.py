"""Clips of any codec made into ones that cameras send; each once, kept in a folder."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from domain.errors import StreamCorrupt, StreamNotFound, UnsupportedCodec
from lab.footage.simulator.clip import has_times, load_clip
from lab.footage.simulator.rtp import CLOCK_HZ, Codec
from streams.container import open_container

Progress = Callable[[Path, float], None]
"""Told the clip and how much of it is done, 0 to 1; the last call says 1."""

KEYFRAME_EVERY_S = 2.0
"""As surveillance cameras are usually set."""
SUB_WH = 704, 576
"""The usual size of a second stream (4CIF), whatever the shape of the first: the picture is
squeezed into it, as cameras do."""
SUB_KEYFRAME_EVERY_S = 1.0


@dataclass(frozen=True)
class _Wish:
    """What a clip is made into; `name` tells its files apart."""

    name: str
    encoder: str
    options: Mapping[str, str]
    keyframe_every_s: float = KEYFRAME_EVERY_S
    size_wh: tuple[int, int] | None = None


_WISHES: dict[Codec, _Wish] = {
    "h264": _Wish("h264", "libx264", {"preset": "veryfast", "crf": "23", "bf": "0"}),
    # x265 writes to stderr by itself, past libav's log
    "hevc": _Wish(
        "hevc",
        "libx265",
        {"preset": "veryfast", "x265-params": "crf=26:bframes=0:log-level=none"},
    ),
}
_SUB = _Wish(
    "sub",
    "libx264",
    # 0.5 Mbit/s, and keyframes only where they are due: a camera knows no scene cuts
    {
        "preset": "veryfast",
        "bf": "0",
        "b": "500k",
        "maxrate": "600k",
        "bufsize": "600k",
        "sc_threshold": "0",
    },
    SUB_KEYFRAME_EVERY_S,
    SUB_WH,
)


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
    return _made(path, _WISHES[codec], folder, progress or _quiet)


def as_substream(path: Path, folder: Path, *, progress: Progress | None = None) -> Path:
    """The small second stream of a camera that sends the clip at `path`: the same pictures at the
    same times, H.264 of `SUB_WH` and some 0.5 Mbit/s. From `folder` if it was made before.

    Raises:
        StreamNotFound, StreamCorrupt: as `as_codec`.
    """
    return _made(path, _SUB, folder, progress or _quiet)


def _made(path: Path, wish: _Wish, folder: Path, progress: Progress) -> Path:
    if not path.is_file():
        raise StreamNotFound(f"expected a clip, there is no file {path}")
    target = folder / f"{path.stem}-{_fingerprint(path)}-{wish.name}.mp4"
    if not target.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        half = target.with_suffix(f".{os.getpid()}.part")
        try:
            _transcode(path, half, wish, progress)
            half.replace(target)
        finally:
            half.unlink(missing_ok=True)
    progress(path, 1.0)
    return target


def _quiet(path: Path, done: float) -> None:
    """Tell nobody."""


def _fingerprint(path: Path) -> str:
    """Changes when the file does."""
    stat = path.stat()
    words = f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}"
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def _transcode(path: Path, target: Path, wish: _Wish, progress: Progress) -> None:
    try:
        with open_container(path) as source, av.open(str(target), "w", format="mp4") as sink:
            if not source.streams.video:
                raise StreamCorrupt(f"expected a video, got no video stream in {path}")
            _encode(path, source, sink, wish, progress)
    except av.FFmpegError as error:
        raise StreamCorrupt(f"expected a video, got {error.strerror} in {path}") from error


def _encode(
    path: Path,
    source: av.container.InputContainer,
    sink: av.container.OutputContainer,
    wish: _Wish,
    progress: Progress,
) -> None:
    video = source.streams.video[0]
    rate = video.average_rate or video.guessed_rate or Fraction(25)
    output = _output(sink, video, wish, rate)
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
    sink: av.container.OutputContainer, video: av.VideoStream, wish: _Wish, rate: Fraction
) -> av.VideoStream:
    output = sink.add_stream(wish.encoder, rate=rate, options=dict(wish.options))
    assert isinstance(output, av.VideoStream)
    output.width, output.height = wish.size_wh or (video.width // 2 * 2, video.height // 2 * 2)
    output.pix_fmt = "yuv420p"
    output.codec_context.time_base = Fraction(1, CLOCK_HZ)
    output.codec_context.gop_size = max(1, round(rate * Fraction(wish.keyframe_every_s)))
    return output
