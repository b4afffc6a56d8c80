"""How the promise to look at each camera was kept lately, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from cases.coverage import Coverage
from console.eyes import PROMISE_SLACK, Tile
from console.services import Services
from console.times import Times
from domain.health import cause_words
from domain.place import CameraInfo

SPAN = timedelta(hours=24)


@dataclass(frozen=True)
class Promise:
    """What became of one camera's promise within `SPAN`."""

    kept: bool
    longest: str | None
    missed: int
    causes: str
    """Of the missed looks, the most frequent first: 过载 7, 无画面 3."""


def promises_of(services: Services, times: Times, tiles: Iterable[Tile]) -> Mapping[str, Promise]:
    """By camera; none of a camera of which nothing was told."""
    told = services.book.coverage(times.now - SPAN)
    infos = (tile.row.info for tile in tiles if tile.row.info.id in told)
    return {info.id: _promise(info, told[info.id], times) for info in infos}


def _promise(info: CameraInfo, coverage: Coverage, times: Times) -> Promise:
    longest_s = coverage.longest_interval_s
    limit_s = PROMISE_SLACK * info.look_every_s
    return Promise(
        kept=not coverage.missed and (longest_s is None or longest_s <= limit_s),
        longest=None if longest_s is None else times.span(longest_s),
        missed=sum(coverage.missed.values()),
        causes=_causes(coverage.missed, times),
    )


def _causes(missed: Mapping[str, int], times: Times) -> str:
    most_first = sorted(missed.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(
        f"{cause_words(cause).to(times.language)} {looks}" for cause, looks in most_first
    )
