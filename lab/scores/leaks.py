"""Leaks 泄漏: training pictures that look like what a score is measured on.

A score on a picture whose neighbour was learned says how well a detector remembers. So no
training picture may lie within `LIMIT` of 256 bits (lab.scores.likeness) of any evaluation
picture, or of any frame of an evaluation clip.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pydantic import Field

from domain.base import Value
from domain.errors import ConfigurationError
from lab.footage.sources import is_clip, pictures_of
from lab.scores.likeness import BITS, Hashes, difference_hash, nearest
from models.importing.pictures import read_picture
from streams.replay import replay

LIMIT = 40
"""Bits that may differ between a picture and one that it leaks into."""
CLIP_EVERY_S = 1.0
"""How often a clip is looked at."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

OnProgress = Callable[[str, int], None]
"""Called with a source and how many of its pictures are read."""


class Leak(Value):
    """A training picture and what it looks like most."""

    train: str
    evaluated: str
    """A picture, or a clip and the second of it."""
    bits: int


class LeakReport(Value):
    """The report of `patrol models leaks`."""

    limit_bits: int
    of_bits: int = BITS
    train: int
    """Pictures that were compared."""
    evaluated: int
    leaks: tuple[Leak, ...]
    """The nearest first."""
    nearest: Leak | None = Field(default=None)
    """The nearest pair of all, a leak or not."""


@dataclass(frozen=True, eq=False)
class Hashed:
    """Pictures by name, with their hashes (n, 4)."""

    names: tuple[str, ...]
    hashes: Hashes

    def __len__(self) -> int:
        return len(self.names)


def hashed(
    sources: Sequence[str],
    on_progress: OnProgress = lambda _source, _done: None,
    *,
    clip_every_s: float = CLIP_EVERY_S,
) -> Hashed:
    """The hashes of pictures and of frames of clips. A source is a folder of pictures or of clips,
    a pattern, or a clip; it may be of both kinds.

    Raises:
        ConfigurationError: a source names nothing, or a picture cannot be read.
        StreamError: a clip cannot be read.
    """
    planned = [(source, *_named_by(source)) for source in sources]
    names: list[str] = []
    hashes: list[Hashes] = []
    for source, pictures, clips in planned:
        for done, (name, bits) in enumerate(_hashes_of(pictures, clips, clip_every_s), start=1):
            names.append(name)
            hashes.append(bits)
            on_progress(source, done)
    return Hashed(tuple(names), np.array(hashes, np.uint64).reshape(-1, BITS // 64))


def leaks_between(train: Hashed, evaluated: Hashed, *, limit: int = LIMIT) -> LeakReport:
    """Compare each training picture with all evaluated ones; a picture compared with itself is a
    leak too."""
    pairs = [
        Leak(train=train.names[row], evaluated=evaluated.names[its], bits=bits)
        for row, (its, bits) in enumerate(_pairs(train, evaluated))
    ]
    pairs.sort(key=lambda pair: (pair.bits, pair.train))
    return LeakReport(
        limit_bits=limit,
        train=len(train),
        evaluated=len(evaluated),
        leaks=tuple(pair for pair in pairs if pair.bits <= limit),
        nearest=pairs[0] if pairs else None,
    )


def _pairs(train: Hashed, evaluated: Hashed) -> Iterator[tuple[int, int]]:
    if not len(evaluated):
        return
    for rows, bits in nearest(train.hashes, evaluated.hashes):
        yield from zip(rows.tolist(), bits.tolist(), strict=True)


def _named_by(source: str) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The pictures and the clips that a source names."""
    path = Path(source)
    if is_clip(path):
        return (), (path,)
    clips = sorted(filter(is_clip, path.iterdir())) if path.is_dir() else []
    try:
        return pictures_of(source), tuple(clips)
    except ConfigurationError:
        if not clips:
            words = f"{source}: expected pictures or clips (a folder, a pattern, a clip), got none"
            raise ConfigurationError(words) from None
        return (), tuple(clips)


def _hashes_of(
    pictures: Iterable[Path], clips: Iterable[Path], every_s: float
) -> Iterator[tuple[str, Hashes]]:
    """Decoding is most of the work, and lets threads run beside one another."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(_of_picture, pictures)
    for clip in clips:
        frames = replay(str(clip), look_every_s=every_s, start_at=_EPOCH, decode="all")
        for frame in frames:
            yield f"{clip} {frame.stream_s:.1f} s", difference_hash(frame.image())


def _of_picture(path: Path) -> tuple[str, Hashes]:
    return str(path), difference_hash(read_picture(path))
