"""Clips: packets put into an MP4 file as they are, and a copy that any browser plays."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import av

from streams.container import open_container, video_stream
from streams.elementary import open_elementary
from streams.packet import Packet, StreamInfo
from streams.rotation import file_rotation, write_rotation

CLOCK_HZ = 90_000
_TIME_BASE = Fraction(1, CLOCK_HZ)
_LONE_PICTURE_TICKS = CLOCK_HZ // 25
_LAST_PICTURE_TICKS = CLOCK_HZ // 10
"""The last picture is shown no longer than this: nobody knows how long it would have held."""
_FASTSTART = {"movflags": "+faststart"}
_COPY_OPTIONS = {"preset": "veryfast", "crf": "23"}


_PLAYED_PROFILES = frozenset({"Constrained Baseline", "Baseline", "Main", "High"})
_PLAYED_PIXELS = frozenset({"yuv420p", "yuvj420p"})


def plays_in_browsers(stream: StreamInfo) -> bool:
    """Whether every browser plays clips of this stream: H.264 of 8 bits and 4:2:0. Its profiles
    for editors (10 bits, 4:2:2, 4:4:4), though H.264 too, are shown by none of them."""
    return (
        stream.codec == "h264"
        and stream.profile in _PLAYED_PROFILES
        and stream.pixel_format in _PLAYED_PIXELS
    )


def clip_span(packets: Sequence[Packet]) -> tuple[datetime, datetime]:
    """From when until when a clip of these packets shows, which is as long as it plays. The end
    is dated as it came; what was before it by the time that it takes to play: the first packets
    of a connection come in a burst, and a clock may have been set meanwhile."""
    packets = _without_leading(packets)
    times_s = [packet.pts * float(packet.time_base) for packet in packets]
    to_at = packets[-1].captured_at
    return to_at - timedelta(seconds=max(times_s) - min(times_s)), to_at


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """What was written."""

    from_at: datetime
    to_at: datetime
    duration_s: float
    codec: str
    size_wh: tuple[int, int]


def write_clip(packets: Sequence[Packet], path: Path) -> ClipInfo:
    """Write packets of one stream, the first a keyframe, to an MP4 at `path` without coding them
    anew: it begins at time 0, its index stands in front, H.265 is tagged ``hvc1``.

    Raises:
        ValueError: no packets, none of them a keyframe first, or of more than one stream, or of a
            codec that MP4 does not hold.
        OSError: the disk is full or fails (with its errno); the file is then removed.
    """
    _check(packets)
    packets = _without_leading(packets)
    stream = packets[0].stream
    with _written(path):
        with _opened(path) as container:
            with open_elementary(stream.codec, stream.extradata, packets[0].data) as template:
                track = container.add_stream_from_template(template.streams.video[0], opaque=True)
            if stream.codec == "hevc":
                track.codec_context.codec_tag = "hvc1"
            track.time_base = _TIME_BASE
            durations = _mux(container, track, packets)
        write_rotation(path, stream.rotation)
    return ClipInfo(*clip_span(packets), durations / CLOCK_HZ, stream.codec, stream.size_wh)


def browser_copy(source: Path, target: Path) -> None:
    """Code a clip anew as H.264 (yuv420p, index in front) at `target`, for browsers that do not
    play its own codec.

    Raises:
        ValueError: `source` holds no video that can be decoded.
        OSError: `source` is missing, or `target` cannot be written; it is then removed.
    """
    with _written(target):
        with open_container(source) as clip, _opened(target) as container:
            shown = video_stream(clip)
            if shown is None:
                raise ValueError(f"expected a clip with a video stream, got {source.name}")
            _code_anew(clip, shown, container)
        write_rotation(target, file_rotation(source))


def _code_anew(
    clip: av.container.InputContainer,
    shown: av.VideoStream,
    container: av.container.OutputContainer,
) -> None:
    rate = shown.average_rate or shown.guessed_rate or 25
    coded = container.add_stream("libx264", rate=rate, options=_COPY_OPTIONS)
    # 4:2:0 has half the colour samples: an odd last row or column is left off
    coded.width, coded.height = shown.width // 2 * 2, shown.height // 2 * 2
    coded.pix_fmt = "yuv420p"
    coded.codec_context.time_base = _TIME_BASE
    for picture in clip.decode(shown):
        plain = picture.reformat(coded.width, coded.height, "yuv420p")
        plain.pict_type = 0  # the encoder chooses its own keyframes
        container.mux(coded.encode(plain))
    container.mux(coded.encode(None))


def _check(packets: Sequence[Packet]) -> None:
    if not packets:
        raise ValueError("expected packets to write, got none")
    if not packets[0].keyframe:
        raise ValueError("expected a keyframe first, got a packet that needs one before it")
    if any(packet.stream is not packets[0].stream for packet in packets):
        raise ValueError("expected packets of one stream, got some from after a change")


def _without_leading(packets: Sequence[Packet]) -> Sequence[Packet]:
    """Leave out pictures shown before the first keyframe: they refer to what came before it."""
    return [packet for packet in packets if packet.pts >= packets[0].pts]


def _mux(
    container: av.container.OutputContainer, track: av.VideoStream, packets: Sequence[Packet]
) -> int:
    """Write the packets; the clip's duration in ticks."""
    shown = _unique(
        round((packet.pts - packets[0].pts) * packet.time_base / _TIME_BASE) for packet in packets
    )
    step = _usual_step(shown)
    for packet, pts, dts in zip(packets, shown, _decoding_times(shown), strict=True):
        coded: av.Packet[Any] = av.Packet(packet.data)
        coded.pts, coded.dts, coded.time_base = pts, dts, _TIME_BASE
        coded.duration = min(step, _LAST_PICTURE_TICKS)
        coded.is_keyframe = packet.keyframe
        coded.stream = track
        container.mux(coded)
    return max(shown) + min(step, _LAST_PICTURE_TICKS)


def _unique(times: Iterable[int]) -> list[int]:
    """The times with equal ones moved apart by a tick: no two pictures are shown at once."""
    taken: set[int] = set()
    result = []
    for time in times:
        while time in taken:
            time += 1
        taken.add(time)
        result.append(time)
    return result


def _decoding_times(shown: Sequence[int]) -> Iterator[int]:
    """Decoding times for pictures in decoding order: the same times in rising order, all moved
    earlier by as much as makes none later than its picture is shown."""
    rising = sorted(shown)
    delay = max(early - pts for early, pts in zip(rising, shown, strict=True))
    return (early - delay for early in rising)


def _usual_step(shown: Sequence[int]) -> int:
    steps = [later - earlier for earlier, later in pairwise(sorted(shown))]
    return max(round(median(steps)), 1) if steps else _LONE_PICTURE_TICKS


@contextmanager
def _opened(path: Path) -> Iterator[av.container.OutputContainer]:
    with av.open(str(path), "w", format="mp4", container_options=_FASTSTART) as container:
        yield container


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """Leave a whole file at `path`, or none."""
    try:
        yield
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            raise OSError(error.errno, error.strerror, error.filename or str(path)) from error
        if isinstance(error, av.FFmpegError):
            raise ValueError(
                f"expected video that {path.name} can hold, libav says: {error.strerror}"
            ) from error
        raise
