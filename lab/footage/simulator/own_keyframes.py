"""Keyframes of a camera's own: many cameras may send one clip, and yet no two the same pictures.

To encode a clip anew for each camera costs ten seconds of a core and 8 MB; its keyframes alone
cost half a second and 1 MB. So each camera gets the keyframes once more, under the noise of a
sensor of its own, and sends them in place of the clip's. What follows on a keyframe is shared: it
is coded as a difference, so that the noise of the keyframe stays in the picture until the next one,
as it does with real cameras of few bits. No two cameras show one picture then: their keyframes
differ by their bytes already, and what follows on them by what it is added to.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from domain.errors import StreamCorrupt, UnsupportedCodec
from lab.footage.simulator.clip import Clip, load_clip
from lab.footage.simulator.rtp import CLOCK_HZ
from streams.container import open_container, video_stream
from streams.encode import read_video
from streams.frame import Image

CLEAN_FPS = 1
"""Pictures a second of the videos from which keyframes are made anew."""
BUFFERED_KEYFRAMES = 1.5
"""A keyframe takes at most so many times what the clip's take on average: the rate of an encoder
that sees keyframes only would swing for seconds."""
_LEVEL_AT = 3
"""The byte of an H.264 SPS that tells the level."""

Plane = NDArray[np.uint8]
Progress = Callable[[Path, int, int], None]
"""Told each file that is done, how many are, and of how many."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What a camera's sensor adds to each of its keyframes."""

    seed: int
    levels: float
    """Standard deviation of each pixel's brightness, in grey levels of 0-255."""


def make_own_keyframes(
    path: Path, clean: Path, wishes: Mapping[Path, Noise], progress: Progress | None = None
) -> None:
    """Encode the keyframes of the clip at `path` anew for each of `wishes`: the file to write, an
    MP4 of nothing but keyframes, and the noise in it.

    Args:
        clean: a video of the same, of any size, without noise and with a picture each second
            (`CLEAN_FPS`); what was encoded once already has other noise and edges of its own.

    Raises:
        StreamNotFound, StreamCorrupt: as `load_clip`, and where `clean` is shorter than the clip.
        UnsupportedCodec: the clip is not H.264.
    """
    clip = load_clip(path)
    if clip.codec != "h264":
        raise UnsupportedCodec(f"expected H.264, got {clip.codec} in {path}")
    pictures, shrunk = _pictures(clip, clean)
    ticks_hz = _ticks_hz(path)
    for done, (target, noise) in enumerate(wishes.items(), start=1):
        unfinished = target.with_suffix(".unfinished")
        averaged = replace(noise, levels=noise.levels / shrunk)
        _encode(unfinished, clip, _noisy(pictures, averaged), ticks_hz)
        with_keyframes(clip, load_clip(unfinished))  # or it would only fail when it is sent
        unfinished.replace(target)
        if progress is not None:
            progress(target, done, len(wishes))


def with_keyframes(clip: Clip, own: Clip) -> Clip:
    """The clip with the keyframes of another one in place of its own.

    Raises:
        StreamCorrupt: what follows could not be decoded on from them, or they are not as many.
    """
    places = [number for number, unit in enumerate(clip.units) if unit.keyframe]
    if own.parameter_sets != clip.parameter_sets:
        raise StreamCorrupt(f"expected {own.path} encoded as {clip.path}, got other parameter sets")
    if len(own.units) != len(places) or not all(unit.keyframe for unit in own.units):
        raise StreamCorrupt(
            f"expected {len(places)} keyframes for {clip.path}, got {len(own.units)} pictures "
            f"in {own.path}"
        )
    units = list(clip.units)
    for place, unit in zip(places, own.units, strict=True):
        units[place] = replace(units[place], packets=unit.packets)
    return replace(clip, units=tuple(units))


def _pictures(clip: Clip, clean: Path) -> tuple[list[Plane], float]:
    """What the clip's keyframes show, as planes of 4:2:0, (1.5 height, width) uint8: brightness,
    and the two of colour below it; and by how much noise is averaged away in their size."""
    seconds = list(read_video(clean, fps=CLEAN_FPS))
    ticks = [unit.shown_ticks - clip.units[0].shown_ticks for unit in clip.units if unit.keyframe]
    wanted = [(each + CLOCK_HZ // 100) * CLEAN_FPS // CLOCK_HZ for each in ticks]
    if wanted[-1] >= len(seconds):
        raise StreamCorrupt(f"expected {wanted[-1] + 1} pictures, got {len(seconds)} in {clean}")
    height, width = seconds[0].shape[:2]
    shrunk = max(1.0, (width * height / (clip.size_wh[0] * clip.size_wh[1])) ** 0.5)
    return [_planes(seconds[number], clip.size_wh) for number in wanted], shrunk


def _planes(image: Image, size_wh: tuple[int, int]) -> Plane:
    if (image.shape[1], image.shape[0]) != size_wh:
        image = np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)


def _noisy(pictures: list[Plane], noise: Noise) -> Iterator[Plane]:
    """Copies with noise on their brightness, fresh for each."""
    random = np.random.default_rng(noise.seed)
    for picture in pictures:
        height, width = picture.shape[0] * 2 // 3, picture.shape[1]
        grain = random.standard_normal((height, width), dtype=np.float32)
        grain *= np.float32(noise.levels)
        copy = picture.copy()
        cv2.add(copy[:height], np.rint(grain).astype(np.int16), dst=copy[:height], dtype=cv2.CV_8U)
        yield copy


def _ticks_hz(path: Path) -> Fraction:
    """The ticks in which the stream itself counts; the file may count in others."""
    with open_container(path) as container:
        film = video_stream(container)
        rate = film.codec_context.framerate if film else None
        if not rate:
            raise StreamCorrupt(f"expected a stream that tells its ticks, got none in {path}")
        return Fraction(rate)


def _encode(target: Path, clip: Clip, pictures: Iterator[Plane], ticks_hz: Fraction) -> None:
    """Keyframes alone, of the parameters and, on average, the size that the clip's have."""
    rate = Fraction(clip.fps).limit_denominator(1001)
    with av.open(str(target), "w", format="mp4") as sink:
        output = sink.add_stream("libx264", rate=rate, options=_options(clip))
        assert isinstance(output, av.VideoStream)
        output.width, output.height = clip.size_wh
        output.pix_fmt = "yuv420p"
        output.codec_context.time_base = 1 / ticks_hz
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = round(number * ticks_hz / rate), 1 / ticks_hz
            frame.pict_type = av.video.frame.PictureType.I
            sink.mux(output.encode(frame))
        sink.mux(output.encode(None))


def _options(clip: Clip) -> dict[str, str]:
    """So that the parameter sets are the clip's, byte for byte: only then can its other pictures
    follow. A level is else chosen by the rate; a rate without a quality keeps the base of all
    quantisers where it is."""
    sizes = [len(unit.packets.data) for unit in clip.units if unit.keyframe]
    kbit = 8 * sum(sizes) / len(sizes) / 1000
    rate, buffer = round(kbit * clip.fps), round(BUFFERED_KEYFRAMES * kbit)
    level = clip.parameter_sets[0][_LEVEL_AT]
    params = (
        f"bframes=0:open-gop=0:scenecut=0:level={level}:bitrate={rate}:vbv-maxrate={rate}"
        f":vbv-bufsize={buffer}:vbv-init={1 / BUFFERED_KEYFRAMES:.2f}"
    )
    return {"preset": "superfast", "x264-params": params}
