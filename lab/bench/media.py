"""The bench's clips: 1080p25 H.264 of 3 Mbit/s with a keyframe every 2 s; in some of them
something happens, some show a quiet night, and some are of those that are no good neighbours."""

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import streams.encode
from lab.bench import crowds, grain, recipes
from lab.bench.recipes import (
    BITS_S,
    FLOOD_BITS_S,
    LIGHTS,
    NIGHT_S,
    RECIPES,
    STREET_S,
    Order,
    clean_of,
)
from lab.footage.demo import compose, fire, painter
from lab.footage.simulator import as_substream

STREET, NIGHT, FIRE, CROWD, PARKED = "street", "night", "fire", "crowd", "parked"
FLOOD, ENDLESS, SMALL = "flood", "endless", "small"

STREETS = (STREET, *(f"{STREET}-{number}" for number in range(1, len(LIGHTS))))
"""What cameras show when nothing happens: the same place from other moments on, each in its own
light."""
NIGHTS = (NIGHT, f"{NIGHT}-1")
"""What quiet cameras show."""
BESIDE = (FLOOD, ENDLESS, SMALL)
"""Clips that only bad neighbours play."""
_SUFFIX = ".mp4"
_COOKS = (recipes, crowds, grain, compose, fire, painter, streams.encode)
"""Whatever is changed in them makes other clips."""

Progress = Callable[[str, int, int], None]
"""Told a clip's name, pictures done, pictures in all."""


@dataclass(frozen=True)
class BenchMedia:
    """The clips by their names."""

    clips: Mapping[str, Path]

    @property
    def street(self) -> Path:
        return self.clips[STREET]

    def mbit_s(self, name: str) -> float:
        """What a camera sends of a street or a night, measured by its file."""
        seconds = NIGHT_S if name in NIGHTS else STREET_S
        return self.clips[name].stat().st_size * 8 / seconds / 1e6

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


def streets_of(cameras: int) -> tuple[str, ...]:
    """The streets that so many cameras show."""
    return STREETS[:cameras]


def nights_of(cameras: int) -> tuple[str, ...]:
    """What so many quiet cameras show."""
    return NIGHTS[:cameras]


def make_bench_media(
    source: Path,
    target: Path,
    progress: Progress,
    *,
    names: Iterable[str] = (STREET, FIRE),
    van_from: Path | None = None,
) -> BenchMedia:
    """Encode clips of `source`, a video of a place, below `target`, unless they are there. What is
    there of the same name, but made of something else, is taken away.

    Args:
        names: which ones.
        van_from: the demo's clip, out of which a van is cut; `source` if it is that one.

    Raises:
        StreamError: the source cannot be read.
    """
    target.mkdir(parents=True, exist_ok=True)
    van_from = van_from or source
    key = key_of(source, van_from)
    clips = {name: target / f"{name}-{_rate(name)}-{key}{_SUFFIX}" for name in names}
    for name, path in clips.items():
        if not path.exists():
            _make(name, Order(source, path, van_from, _number(name)), progress)
    return BenchMedia(clips)


def key_of(source: Path, van_from: Path) -> str:
    """Changes with whatever shapes the clips: the source, and the code with its recipes."""
    digest = hashlib.sha256()
    for path in (source, van_from, *(Path(inspect.getfile(module)) for module in _COOKS)):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def folder_of(source: Path, cache: Path) -> Path:
    """Where the clips of somebody's own video are kept: others than those of another."""
    stat = source.stat()
    words = f"{source.resolve()} {stat.st_size} {stat.st_mtime_ns}"
    return cache / f"bench-{hashlib.sha256(words.encode()).hexdigest()[:12]}"


def _make(name: str, order: Order, progress: Progress) -> None:
    """Make one clip, and take away what was made before of it."""
    path = order.path
    unfinished = path.with_suffix(".unfinished")
    make = RECIPES[name.partition("-")[0]]
    make(replace(order, path=unfinished), partial(progress, path.name))
    for old in path.parent.glob(f"{name}-{_rate(name)}*{_SUFFIX}"):
        old.unlink()
    if (clean := clean_of(unfinished)).exists():
        clean.replace(clean_of(path))
    unfinished.replace(path)


def _number(name: str) -> int:
    """Of `street-3`: 3; of `street`: 0."""
    return int(name.partition("-")[2] or 0)


def _rate(name: str) -> str:
    """Part of a file's name: a clip of another rate is another clip."""
    return f"{(FLOOD_BITS_S if name == FLOOD else BITS_S) // 1_000_000}mbit"
