"""The carried model's stored scores: how they are measured, kept and compared.

After a better model was carried, refresh them (where the development data is there, its part too)
and read the difference before committing it:

    python -m tests.lab.scores.regression
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from lab.footage.composed.folder import Order, write_composed
from lab.footage.sources import Sight, labelled_of
from lab.scores.score import ScoreReport, open_for_scoring, score
from models.catalogue.catalog import Catalog
from models.catalogue.files import write_whole
from models.detector import Detector
from tests.shared_data import shared_root

MODEL = "patrol-n"
SCORES_FILE = Path(__file__).with_name("scores.yaml")
REFRESH = "python -m tests.lab.scores.regression"
MARGIN = 0.04
"""By how much a score may fall: other versions of onnxruntime and OpenCV differ by less."""
FALSE_SHARE = 0.05

FIRES, LURES, SEED = 36, 24, 20
FIRE_SETS = "images/fire_buildings", "images/fire_clips"
EVERY = 10
Scores = dict[str, float]


def carried_detector() -> Detector:
    """Raises ModelMissing where none is carried."""
    return open_for_scoring(Catalog(None), MODEL, threads=1)


def composed_scores(detector: Detector, work: Path) -> Scores:
    """On 60 composed pictures over painted streets; the same pictures on every machine."""
    write_composed(Order(fires=FIRES, lures=0, seed=SEED), work / "fires")
    write_composed(Order(fires=0, lures=LURES, seed=SEED), work / "lures")
    report = score(detector, work / "fires", negatives=sights(f"{work / 'lures'}"))
    return _fire_scores(report)


def shared_scores(detector: Detector, root: Path, work: Path) -> Scores:
    """On part of the development data. The model has learned from the fire sets, so these scores
    are higher than on pictures it never saw: they only show whether something broke."""
    coco = Catalog(None).get("yolo11n-coco-640").labels
    people = score(detector, root / "images/coco/val", names=coco)
    scores = {f"{row.label} AP50": _kept(row.ap50) for row in people.classes if _many(row.label)}
    for name in FIRE_SETS:
        part = _thinned(root / name, work / Path(name).name)
        negatives = sights(f"{root / 'images/fire_negatives'}@0.8:1=")
        report = score(detector, part, names=("fire", "smoke"), negatives=negatives)
        found = _fire_scores(report)
        scores |= {f"{Path(name).name} {key}": value for key, value in found.items()}
    return scores


def sights(source: str) -> Iterator[Sight]:
    for picture in labelled_of(source):
        yield Sight(source, picture.path.name, picture.read(), picture.truth)


def fallen(stored: Scores, measured: Scores) -> list[str]:
    """What is worse than it was, in words."""
    return [
        f"{name}: {measured.get(name, 0.0):.3f}, stored {value:.3f}"
        for name, value in stored.items()
        if measured.get(name, 0.0) < value - MARGIN
    ]


def stored_scores() -> dict[str, Scores]:
    """By the data they were measured on."""
    scores: dict[str, Scores] = yaml.safe_load(SCORES_FILE.read_text(encoding="utf-8"))["scores"]
    return scores


def refresh(file: Path = SCORES_FILE) -> str:
    """Measure the carried model and write the score file; returns its text."""
    detector = carried_detector()
    scores = stored_scores() if file.is_file() else {}
    with tempfile.TemporaryDirectory() as folder:
        scores["composed"] = composed_scores(detector, Path(folder))
        if shared_root().is_dir():
            scores["shared"] = shared_scores(detector, shared_root(), Path(folder))
    ref = detector.ref
    words = {"model": {"name": ref.name, "sha256": ref.sha256}, "scores": scores}
    text = f"# Written by: {REFRESH}\n" + yaml.safe_dump(words, sort_keys=False)
    write_whole(file, text)
    return text


def _fire_scores(report: ScoreReport) -> Scores:
    scores = {f"{row.label} AP50": _kept(row.ap50) for row in report.classes}
    for row in report.picture_recalls:
        for at in row.at:
            if at.false_share == FALSE_SHARE:
                scores[f"{row.label} pictures at {FALSE_SHARE:.0%} false"] = _kept(at.recall)
    return scores


def _many(label: str) -> bool:
    """Whether coco/val has enough of a class for a score to mean something."""
    return label in ("person", "car")


def _kept(value: float) -> float:
    return round(value, 4)


def _thinned(folder: Path, target: Path) -> Path:
    """Every tenth picture of a labelled folder, by links."""
    for name in ("images", "labels"):
        (target / name).mkdir(parents=True)
    for picture in sorted((folder / "images").iterdir())[::EVERY]:
        label = folder / "labels" / f"{picture.stem}.txt"
        os.symlink(picture.resolve(), target / "images" / picture.name)
        if label.is_file():
            os.symlink(label.resolve(), target / "labels" / label.name)
    return target


if __name__ == "__main__":
    sys.stdout.write(refresh())
