"""How the promise to look at each camera was kept lately, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from cases.coverage import HOUR, Coverage
from console.eyes import Tile
from console.services import Services
from console.times import Times
from console.words import say
from domain.health import cause_words
from domain.place import CameraInfo
from domain.workload import PROMISE_SLACK

SPAN = timedelta(hours=24)


@dataclass(frozen=True)
class Promise:
    """What became of one camera's promise within `SPAN`."""

    kept: bool
    words: str
    missed: int
    causes: str
    """Of the missed looks, the most frequent first: 过载 7, 无画面 3."""
    clock: str
    """By how much the clock of the worker was set; empty if it was not."""


def promises_of(services: Services, times: Times, tiles: Iterable[Tile]) -> Mapping[str, Promise]:
    """By camera; none of a camera of which nothing was told."""
    told = services.book.coverage(times.now - SPAN)
    infos = (tile.row.info for tile in tiles if tile.row.info.id in told)
    return {info.id: _promise(info, told[info.id], times) for info in infos}


def _promise(info: CameraInfo, coverage: Coverage, times: Times) -> Promise:
    longest_s = coverage.longest_interval_s
    limit_s = PROMISE_SLACK * info.look_every_s
    kept = not coverage.missed and (longest_s is None or longest_s <= limit_s)
    return Promise(
        kept=kept,
        words=_words(kept, longest_s, coverage, times),
        missed=sum(coverage.missed.values()),
        causes=_causes(coverage.missed, times),
        clock=_clock(coverage.clock_set_s, times),
    )


def _words(kept: bool, longest_s: float | None, coverage: Coverage, times: Times) -> str:
    """Of a day only once a day was counted; before that, since when. Looks are summed by the
    hour, so a day is full when its first hour is."""
    longest = say("dash", times.language) if longest_s is None else times.span(longest_s)
    if coverage.from_at <= times.now - SPAN + HOUR:
        key = "board.day_kept" if kept else "board.day_broken"
        return say(key, times.language, span=longest)
    key, since = "board.since_kept" if kept else "board.since_broken", times.short(coverage.from_at)
    return say(key, times.language, since=since, span=longest)


def _clock(set_s: float, times: Times) -> str:
    if not set_s:
        return ""
    key = "board.clock_ahead" if set_s > 0 else "board.clock_back"
    return say(key, times.language, span=times.span(abs(set_s)))


def _causes(missed: Mapping[str, int], times: Times) -> str:
    most_first = sorted(missed.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(
        f"{cause_words(cause).to(times.language)} {looks}" for cause, looks in most_first
    )
