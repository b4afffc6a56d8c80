"""How well a detector counts: the error by size of the crowd, and how often a limit would have
been decided wrongly."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from domain.base import Value
from domain.geometry import Unit
from lab.footage.counted import CountedPicture
from lab.scores.count_bands import DEFAULT_BANDS, BandError, band_errors
from lab.scores.tiles import cut, joined, tiles_of
from models.detections import Detections, Ints
from models.detector import Detector
from models.letterbox import Image


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
    """The last number of each band but the last, rising: 5, 15, 30 → 1–5, 6–15, 16–30, 31+."""


class CountReport(Value):
    """How well one detector counts in one folder."""

    model: str
    folder: str
    settings: CountingSettings
    pictures: int
    mean_abs_error: float
    bands: tuple[BandError, ...]
    counts: tuple[tuple[int, int], ...]
    """People in each picture, and how many were counted."""
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
        bands=tuple(band_errors(there, seen, settings.bands)),
        counts=tuple(zip(truth, counted, strict=True)),
        over_limit=int(crowd.sum()),
        missed=int((crowd & ~called).sum()),
        false=int((~crowd & called).sum()),
        counted_limit=counted_limit,
        wrong_then=wrong_then,
    )


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
