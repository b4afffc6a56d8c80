"""Two files of one model side by side: what the second loses in AP and gains in speed."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from domain.base import Value
from lab.scores.score import SCORING_CONFIDENCE, Progress, ScoreReport, score
from models.catalogue.entry import ModelEntry
from models.catalogue.files import sha256_of
from models.detector import Detector
from models.detector_settings import DetectorSettings
from models.network import Network

LOOKS = 15


class Comparison(Value):
    """What was measured of both, in the order in which they were given."""

    scores: tuple[ScoreReport, ScoreReport]
    run_cpu_ms: tuple[float, float]
    """Processor time of one run of the graph, medians of runs in turn: other programs do not
    count, wall time on a free machine with one thread is the same."""
    size_bytes: tuple[int, int]


def compare(
    files: tuple[Path, Path],
    entry: ModelEntry,
    folder: Path,
    *,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
    timer: Callable[[], float] = time.process_time,
) -> Comparison:
    """Score both files as `entry` reads them on a labelled folder; `timer` tells seconds."""
    first, second = (_detector(entry, file) for file in files)
    return Comparison(
        scores=(
            score(first, folder, names=names, progress=progress),
            score(second, folder, names=names, progress=progress),
        ),
        run_cpu_ms=_run_ms(entry, (first, second), timer),
        size_bytes=(files[0].stat().st_size, files[1].stat().st_size),
    )


def _detector(entry: ModelEntry, file: Path) -> Detector:
    """The file as the entry reads it, under its own hash."""
    facts = {"sha256": sha256_of(file), "size_bytes": file.stat().st_size}
    named = entry.model_copy(update=facts)
    settings = DetectorSettings(model=entry.name, confidence=SCORING_CONFIDENCE)
    return Detector(named, Network.open(named, file), settings)


def _run_ms(
    entry: ModelEntry, detectors: tuple[Detector, Detector], timer: Callable[[], float]
) -> tuple[float, float]:
    width, height = entry.input_wh
    picture = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    marks: tuple[list[float], list[float]] = ([], [])
    for _ in range(LOOKS):
        for detector, taken in zip(detectors, marks, strict=True):
            start = timer()
            detector.run([picture])
            taken.append(1000 * (timer() - start))
    return statistics.median(marks[0]), statistics.median(marks[1])
