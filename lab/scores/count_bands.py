"""The error of a count by size of the crowd, with intervals by bootstrap.

Pictures of a band are drawn again and again, with replacement (Efron, 1979); the 2.5th and 97.5th
percentile of each figure are its 95 % interval. It tells how far these pictures may mislead about
others *of the same places*; of other places it tells nothing.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from domain.base import Text, Value
from models.catalogue.summary import Table
from models.detections import Ints

DEFAULT_BANDS = (5, 15, 30)
LEAST_PICTURES = 30
"""In fewer pictures a band's error is not established."""
RESAMPLES = 2_000
SEED = 16
NOT_ESTABLISHED = Text.of("未确立", "not established")


class Interval(Value):
    """Where a figure lies with 95 %."""

    low: float
    high: float


class BandError(Value):
    """The error of the count where so many people were."""

    first: int
    last: int | None
    """None: and over."""
    pictures: int
    people: float
    """Mean number of people."""
    mean_error: float
    """Counted minus true, mean: below 0 when people are missed."""
    mean_abs_error: float
    relative_error: float | None
    """All absolute errors as a share of all people; None where nobody was."""
    found_share: float
    """All that were counted, as a share of all that were there."""
    established: bool
    """Whether there were `LEAST_PICTURES`; without them no figure here may be quoted."""
    mean_error_in: Interval | None = None
    mean_abs_error_in: Interval | None = None
    relative_error_in: Interval | None = None
    """None where the figure itself is none, or is not established."""

    @property
    def name(self) -> str:
        """0, 1-5, 31+"""
        if self.last == 0:
            return "0"
        return f"{self.first}+" if self.last is None else f"{self.first}–{self.last}"


def band_errors(there: Ints, seen: Ints, ends: Sequence[int]) -> Iterator[BandError]:
    """A row for each band in which there are pictures, those without anybody first.

    Attributes:
        there, seen: (n,) people in each picture, and how many were counted.
        ends: the last number of each band but the last, rising.
    """
    edges = (-1, 0, *ends, int(max(there.max(initial=0), *ends, 0)) + 1)
    for before, last in pairwise(edges):
        rows = (there > before) & (there <= last)
        if rows.any():
            end = last if last in (0, *ends) else None
            yield _band(before + 1, end, there[rows], seen[rows])


def band_table(bands: Sequence[BandError]) -> Table:
    """A row for each band; figures only where they are established."""
    columns = (
        Text.of("实际人数", "People"),
        Text.of("图片", "Pictures"),
        Text.of("平均人数", "Mean"),
        Text.of("平均绝对误差", "Mean absolute error"),
        Text.of("平均偏差", "Bias"),
        Text.of("相对误差", "Relative error"),
        Text.of("数到", "Found"),
    )
    return Table(columns, tuple(_words(band) for band in bands))


def _band(first: int, last: int | None, there: Ints, seen: Ints) -> BandError:
    figures = _figures(there[None], seen[None])
    established = len(there) >= LEAST_PICTURES
    ranges = _ranges(there, seen) if established else {}
    return BandError(
        first=first,
        last=last,
        pictures=len(there),
        people=float(there.mean()),
        mean_error=float(figures["mean_error"][0]),
        mean_abs_error=float(figures["mean_abs_error"][0]),
        relative_error=float(figures["relative_error"][0]) if there.any() else None,
        found_share=float(seen.sum() / max(there.sum(), 1)),
        established=established,
        mean_error_in=ranges.get("mean_error"),
        mean_abs_error_in=ranges.get("mean_abs_error"),
        relative_error_in=ranges.get("relative_error") if there.any() else None,
    )


def _ranges(there: Ints, seen: Ints) -> dict[str, Interval]:
    """The interval of each figure; the same pictures in the same order give the same."""
    draws = np.random.default_rng(SEED).integers(len(there), size=(RESAMPLES, len(there)))
    figures = _figures(there[draws], seen[draws])
    ends = {name: np.percentile(values, (2.5, 97.5)) for name, values in figures.items()}
    return {name: Interval(low=float(low), high=float(high)) for name, (low, high) in ends.items()}


def _figures(there: Ints, seen: Ints) -> dict[str, NDArray[np.float64]]:
    """The figures of each row of pictures; both (rows, n)."""
    error = seen - there
    people = np.maximum(there.sum(axis=1), 1)
    return {
        "mean_error": error.mean(axis=1),
        "mean_abs_error": np.abs(error).mean(axis=1),
        "relative_error": np.abs(error).sum(axis=1) / people,
    }


def _words(band: BandError) -> tuple[str, ...]:
    about = band.name, str(band.pictures), f"{band.people:.1f}"
    if not band.established:
        return (*about, str(NOT_ESTABLISHED), "—", "—", "—")
    return (
        *about,
        f"{band.mean_abs_error:.1f}{_between(band.mean_abs_error_in, '.1f')}",
        f"{band.mean_error:+.1f}{_between(band.mean_error_in, '+.1f')}",
        "—"
        if band.relative_error is None
        else f"{band.relative_error:.0%}{_between(band.relative_error_in, '.0%')}",
        f"{band.found_share:.0%}",
    )


def _between(interval: Interval | None, how: str) -> str:
    return "" if interval is None else f" ({interval.low:{how}} … {interval.high:{how}})"
