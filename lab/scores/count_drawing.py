"""A count as a picture: counted over true, and the mean of each band with its 95 %."""

from collections.abc import Iterator
from dataclasses import dataclass

from lab.drawing import drawn
from lab.scores.count_bands import NOT_ESTABLISHED, BandError
from lab.scores.counting import CountReport

_LEFT, _TOP, _SIDE = 64, 76, 420
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_MOST_TICKS = 8


@dataclass(frozen=True)
class Tick:
    """A number on both axes, and how far it lies from where they meet."""

    number: int
    x: float
    y: float


@dataclass(frozen=True)
class Mark:
    """A band: its mean, and from where to where the mean lies with 95 %, in the picture."""

    x: float
    y: float
    low: float
    high: float
    left: float
    """Where the band begins."""
    words: str
    established: bool


def count_drawing(found: CountReport) -> str:
    """One SVG. Bands in which too few pictures are have no mark."""
    most = max([found.settings.limit, *(max(pair) for pair in found.counts), 1])
    scale = _SIDE / most
    tiles = f", {found.settings.tiles} tiles" if found.settings.tiles > 1 else ""
    return drawn(
        "lab.scores",
        "counts.svg",
        size=_LEFT + _SIDE + 36,
        left=_LEFT,
        top=_TOP,
        side=_SIDE,
        title=f"{found.model} · {found.folder}{tiles}",
        limit=_at(found.settings.limit, found.settings.limit, scale),
        limit_words=f"{found.settings.limit}",
        ticks=[Tick(n, *_at(n, n, scale)) for n in _ticks(most)],
        dots=[_at(*pair, scale) for pair in found.counts],
        marks=list(_marks(found.bands, scale)),
    )


def _marks(bands: tuple[BandError, ...], scale: float) -> Iterator[Mark]:
    for band in bands:
        error = band.mean_error_in
        low, high = (error.low, error.high) if error else (band.mean_error, band.mean_error)
        x, y = _at(band.people, band.people + band.mean_error, scale)
        words = f"{band.name} · n = {band.pictures}"
        yield Mark(
            x=x,
            y=y,
            low=_at(0, band.people + low, scale)[1],
            high=_at(0, band.people + high, scale)[1],
            left=_at(max(band.first - 0.5, 0), 0, scale)[0],
            words=words if band.established else f"{words} · {NOT_ESTABLISHED}",
            established=band.established,
        )


def _ticks(most: int) -> range:
    step = next((step for step in _STEPS if most / step <= _MOST_TICKS), most)
    return range(0, most + 1, step)


def _at(there: float, seen: float, scale: float) -> tuple[float, float]:
    return round(_LEFT + there * scale, 1), round(_TOP + _SIDE - seen * scale, 1)
