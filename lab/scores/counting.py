"""How well a detector counts: the error by size of the crowd, and how often a limit would have
been decided wrongly."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from domain.base import Text, Value
from domain.geometry import Unit
from lab.footage.counted import CountedPicture
from lab.scores.tiles import cut, joined, tiles_of
from models.catalogue.summary import Table
from models.detections import Detections, Ints
from models.detector import Detector
from models.letterbox import Image

DEFAULT_BANDS = (10, 20)


class CountingSettings(Value):
    """What is counted, and how."""

    label: str = "person"
    confidence: float = Field(default=0.3, ge=0, le=1)
    """Least score, as the rule has it."""
    min_height: Unit = 0.018
    """Least height as a share of the frame, as the rule has it."""
    tiles: int = Field(default=1, ge=1, le=16)
    """Parts that the picture is looked at in; each costs a look."""
    limit: int = Field(default=15, ge=1)
    """People from which on it is a crowd."""
    bands: tuple[int, ...] = DEFAULT_BANDS
    """The last number of each band but the last, rising: 10, 20 → 1–10, 11–20, over 20."""


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
    found_share: float
    """All that were counted, as a share of all that were there."""


class CountReport(Value):
    """How well one detector counts in one folder."""

    model: str
    folder: str
    settings: CountingSettings
    pictures: int
    mean_abs_error: float
    bands: tuple[BandError, ...]
    over_limit: int
    """Pictures with as many people as the limit, or more."""
    missed: int
    """Of those, pictures in which fewer were counted."""
    false: int
    """Pictures with fewer people in which the limit was reached."""
    counted_limit: int
    """The number counted that would have decided the limit best in these pictures."""
    wrong_then: int
    """Pictures in which it would still have been wrong."""

    @property
    def wrong(self) -> int:
        """Pictures in which the limit would have been decided wrongly."""
        return self.missed + self.false


def count_in_folder(
    detector: Detector,
    folder: str,
    pictures: Sequence[CountedPicture],
    settings: CountingSettings,
    progress: Callable[[int, int], None],
) -> CountReport:
    """Count in every picture and compare."""
    counted: list[int] = []
    for picture in pictures:
        counted.append(count(detector, picture.picture.read(), settings))
        progress(len(counted), len(pictures))
    truth = [picture.count for picture in pictures]
    return report(detector.ref.name, folder, settings, truth, counted)


def count(detector: Detector, image: Image, settings: CountingSettings) -> int:
    """What the detector counts in one picture."""
    seen = _look(detector, image, settings.tiles)
    seen = seen.of(settings.label).at_least(settings.confidence)
    return int(np.sum(seen.xyxy[:, 3] - seen.xyxy[:, 1] >= settings.min_height))


def report(
    model: str,
    folder: str,
    settings: CountingSettings,
    truth: Sequence[int],
    counted: Sequence[int],
) -> CountReport:
    """Compare counts with the truth, picture by picture."""
    there, seen = np.array(truth, np.int64), np.array(counted, np.int64)
    crowd, called = there >= settings.limit, seen >= settings.limit
    wrong_then, counted_limit = _best_limit(crowd, seen)
    return CountReport(
        model=model,
        folder=folder,
        settings=settings,
        pictures=len(there),
        mean_abs_error=float(np.abs(seen - there).mean()) if len(there) else 0.0,
        bands=tuple(_bands(there, seen, settings.bands)),
        over_limit=int(crowd.sum()),
        missed=int((crowd & ~called).sum()),
        false=int((~crowd & called).sum()),
        counted_limit=counted_limit,
        wrong_then=wrong_then,
    )


def count_table(found: CountReport) -> Table:
    """For `patrol models count`: a row for each band."""
    columns = (
        Text.of("实际人数", "People"),
        Text.of("图片", "Pictures"),
        Text.of("平均人数", "Mean"),
        Text.of("平均偏差", "Mean error"),
        Text.of("平均绝对误差", "Mean absolute error"),
        Text.of("数到", "Found"),
    )
    return Table(columns, tuple(_words(band) for band in found.bands))


def _look(detector: Detector, image: Image, tiles: int) -> Detections:
    if tiles == 1:
        return detector.detect([image])[0]
    places = tiles_of((image.shape[1], image.shape[0]), detector.input_wh, tiles)
    return joined(places, detector.detect([cut(image, place) for place in places]))


def _best_limit(crowd: NDArray[np.bool_], seen: Ints) -> tuple[int, int]:
    """How many pictures the best limit in counts decides wrongly, and that limit: the highest of
    those that are equally good."""
    limits = range(1, int(seen.max(initial=0)) + 2)
    wrong, limit = min((int(((seen >= each) != crowd).sum()), -each) for each in limits)
    return wrong, -limit


def _bands(there: Ints, seen: Ints, ends: Sequence[int]) -> Iterator[BandError]:
    """A row for each band in which there are pictures, those without anybody first."""
    edges = (-1, 0, *ends, int(max(there.max(initial=0), *ends, 0)) + 1)
    for before, last in pairwise(edges):
        rows = (there > before) & (there <= last)
        if not rows.any():
            continue
        error = seen[rows] - there[rows]
        yield BandError(
            first=before + 1,
            last=last if last in (0, *ends) else None,
            pictures=int(rows.sum()),
            people=float(there[rows].mean()),
            mean_error=float(error.mean()),
            mean_abs_error=float(np.abs(error).mean()),
            found_share=float(seen[rows].sum() / max(there[rows].sum(), 1)),
        )


def _words(band: BandError) -> tuple[str, ...]:
    last = "…" if band.last is None else f"–{band.last}"
    return (
        "0" if band.last == 0 else f"{band.first}{last}",
        str(band.pictures),
        f"{band.people:.1f}",
        f"{band.mean_error:+.1f}",
        f"{band.mean_abs_error:.1f}",
        f"{band.found_share:.0%}",
    )
