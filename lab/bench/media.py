"""The bench's clips: 1080p25 H.264 of 3 Mbit/s with a keyframe every 2 s; in some of them
something happens, and some are of those that are no good neighbours."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from lab.bench.crowds import MOMENTS, MOMENTS_APART_S, crowded, empty_place, van_of, with_van
from lab.footage.demo.compose import Sensor, seen
from lab.footage.demo.painter import Burning, FirePainter
from lab.footage.simulator import as_substream
from streams.encode import read_video, write_video
from streams.frame import Image

STREET, FIRE, CROWD, PARKED = "street", "fire", "crowd", "parked"
FLOOD, ENDLESS, SMALL = "flood", "endless", "small"

SIZE_WH = (1920, 1080)
FPS = 25
GOP = 2 * FPS
BITS_S = 3_000_000
"""Asked of the encoder: at a fixed quality one source and one encoder give half of another."""
GRAIN = 1.5
"""Texture that scaling up does not give, in grey levels."""
WHOLE: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
STREET_S = 20.0
FIRE_S = 40.0
FLOOD_S = 10.0
FLOOD_GRAIN = 8.0
FLOOD_BITS_S = 20_000_000
SMALL_S = 10.0
SMALL_WH = (640, 360)
SMALL_FPS = 10
BURNING = Burning(starts_s=1.0, grown_s=4.0, fades_s=36.0, out_s=39.0)
"""A fire breaks out 1 s after its camera was switched to this clip."""
PAINTED_WH = (768, 432)
PAINTED_FPS = 12.5
THERE_AND_BACK = 16 * 7
"""Pictures from the first to the turn of the endless clip, and back to the first: it can be sent
round and round with its keyframe once only, because it ends as it begins, and because numbers of
H.264 pictures count to 16 and start over."""

BESIDE = (FLOOD, ENDLESS, SMALL)
"""Clips that only bad neighbours play."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class BenchMedia:
    """The clips by their names; `street` is what cameras show when nothing happens."""

    clips: Mapping[str, Path]

    @property
    def street(self) -> Path:
        return self.clips[STREET]

    @property
    def street_mbit_s(self) -> float:
        """What a camera sends when nothing happens, measured by its file."""
        return self.street.stat().st_size * 8 / STREET_S / 1e6

    def small(self, progress: Progress) -> "BenchMedia":
        """The same as second streams: 704×576, 0.5 Mbit/s, a keyframe each second."""

        def tell(clip: Path, share: float) -> None:
            progress(f"small {clip.name}", round(share * 100), 100)

        return BenchMedia(
            {
                name: as_substream(clip, clip.parent, progress=tell)
                for name, clip in self.clips.items()
                if name not in BESIDE
            }
        )


def make_bench_media(
    source: Path,
    target: Path,
    progress: Progress,
    *,
    names: Iterable[str] = (STREET, FIRE),
    van_from: Path | None = None,
) -> BenchMedia:
    """Encode clips of `source`, a video of a place, below `target`, unless they are there.

    Args:
        names: which ones.
        van_from: the demo's clip, out of which a van is cut; `source` if it is that one.

    Raises:
        StreamError: the source cannot be read.
    """
    target.mkdir(parents=True, exist_ok=True)
    clips = {name: target / f"{name}-{_rate(name)}.mp4" for name in names}
    for name, path in clips.items():
        if not path.exists():
            _MAKERS[name](source, path, progress, van_from or source)
    return BenchMedia(clips)


def _rate(name: str) -> str:
    """Part of a file's name: a clip of another rate is another clip."""
    return f"{(FLOOD_BITS_S if name == FLOOD else BITS_S) // 1_000_000}mbit"


def folder_of(source: Path, cache: Path) -> Path:
    """Where the clips of somebody's own video are kept: others than those of another."""
    stat = source.stat()
    words = f"{source.resolve()} {stat.st_size} {stat.st_mtime_ns}"
    return cache / f"bench-{hashlib.sha256(words.encode()).hexdigest()[:12]}"


_Maker = Callable[[Path, Path, Progress, Path], None]
"""Makes one clip: of a source, at a path, telling how far it is, with a van from a third file."""


def _make_street(source: Path, path: Path, progress: Progress, _van: Path) -> None:
    _encode(path, _street(source), STREET_S, progress)


def _make_fire(source: Path, path: Path, progress: Progress, _van: Path) -> None:
    _encode(path, _burning(source), FIRE_S, progress)


def _make_crowd(source: Path, path: Path, progress: Progress, _van: Path) -> None:
    starts_s = [number * MOMENTS_APART_S for number in range(MOMENTS)]
    moments = zip(*(_half_rate(_street(source, at_s)) for at_s in starts_s), strict=True)
    _encode(path, _twice(crowded(moments, empty_place(source))), STREET_S, progress)


def _make_parked(source: Path, path: Path, progress: Progress, van: Path) -> None:
    _encode(path, _twice(with_van(_half_rate(_street(source)), van_of(van))), STREET_S, progress)


def _make_flood(source: Path, path: Path, progress: Progress, _van: Path) -> None:
    _encode(path, _street(source), FLOOD_S, progress, bits_s=FLOOD_BITS_S, grain=FLOOD_GRAIN)


def _make_endless(source: Path, path: Path, progress: Progress, _van: Path) -> None:
    seconds = (2 * THERE_AND_BACK + 1) / FPS
    _encode(path, _there_and_back(source), seconds, progress, gop=2 * THERE_AND_BACK + 2)


def _make_small(source: Path, path: Path, progress: Progress, _van: Path) -> None:
    count = round(SMALL_S * SMALL_FPS)
    places = islice(read_video(source, fps=SMALL_FPS), count)
    pictures = (seen(image, WHOLE, SMALL_WH) for image in places)
    unfinished = path.with_suffix(".unfinished")
    whole = _counted(pictures, path.name, count, progress)
    write_video(unfinished, whole, size_wh=SMALL_WH, fps=SMALL_FPS, gop=SMALL_FPS)
    unfinished.replace(path)


_MAKERS: Mapping[str, _Maker] = {
    STREET: _make_street,
    FIRE: _make_fire,
    CROWD: _make_crowd,
    PARKED: _make_parked,
    FLOOD: _make_flood,
    ENDLESS: _make_endless,
    SMALL: _make_small,
}


def _encode(
    path: Path,
    pictures: Iterator[Image],
    seconds: float,
    progress: Progress,
    *,
    gop: int = GOP,
    bits_s: int = BITS_S,
    grain: float = GRAIN,
) -> None:
    count = round(seconds * FPS)
    unfinished = path.with_suffix(".unfinished")
    whole = _counted(_grainy(islice(pictures, count), grain), path.name, count, progress)
    write = partial(write_video, size_wh=SIZE_WH, fps=FPS, gop=gop, preset="superfast")
    write(unfinished, whole, bits_s=bits_s)
    unfinished.replace(path)


def _street(source: Path, start_s: float = 0.0) -> Iterator[Image]:
    """The source from a moment on, then over and over from its beginning."""
    yield from read_video(source, fps=FPS, start_s=start_s)
    while True:
        yield from read_video(source, fps=FPS)


def _there_and_back(source: Path) -> Iterator[Image]:
    turn = THERE_AND_BACK
    there = list(islice(_half_rate(_street(source)), turn // 2 + 1))
    order = [*range(turn), turn, *range(turn - 1, -1, -1)]
    return (there[number // 2] for number in order)


def _burning(source: Path) -> Iterator[Image]:
    """The street at half the rate, each picture twice: the gas costs more than the encoder."""
    painter = FirePainter(PAINTED_WH, burning=BURNING)
    pictures = enumerate(_half_rate(_street(source)))
    return _twice(
        painter.paint(seen(image, WHOLE, PAINTED_WH), number / PAINTED_FPS)
        for number, image in pictures
    )


def _half_rate(pictures: Iterator[Image]) -> Iterator[Image]:
    return islice(pictures, 0, None, 2)


def _twice(pictures: Iterable[Image]) -> Iterator[Image]:
    for picture in pictures:
        yield picture
        yield picture


def _grainy(pictures: Iterator[Image], grain: float) -> Iterator[Image]:
    sensor = Sensor(SIZE_WH, grain, seed=1)
    return (sensor.grainy(seen(image, WHOLE, SIZE_WH)) for image in pictures)


def _counted(
    pictures: Iterator[Image], name: str, count: int, progress: Progress
) -> Iterator[Image]:
    for done, picture in enumerate(pictures, start=1):
        yield picture
        progress(name, done, count)
