"""How good a detector is on a folder of labelled pictures."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from domain.base import Value
from domain.errors import ConfigurationError
from domain.incident import ModelRef
from lab.footage.labelled import LabelledPicture, names_beside, read_folder
from lab.footage.sources import Sight
from lab.scores.average_precision import ScoredPicture, average_precisions
from lab.scores.coco_json import export_coco
from lab.scores.curves import write_curves
from lab.scores.picture_recall import PictureRecall, PictureScores
from models.catalogue.catalog import Catalog
from models.detector import Detector, Detects
from models.detector_settings import EXACT, DetectorSettings

SCORING_CONFIDENCE = 0.001
"""So low because AP looks at the whole curve, not at one threshold."""

Progress = Callable[[int, int], None]
"""Called with how many pictures are done, and of how many."""


class ClassScore(Value):
    """How well one class was found."""

    label: str
    truths: int
    found: int
    """Boxes at any confidence."""
    ap50: float
    ap50_95: float


class ScoreReport(Value):
    """Average precision, COCO style. Means are over the classes that are marked in the folder."""

    model: ModelRef
    folder: str
    names_from: Literal["given", "data.yaml", "model"]
    """Where the meaning of the folder's class ids came from."""
    pictures: int
    truths: int
    ap50: float
    ap50_95: float
    classes: tuple[ClassScore, ...]
    unknown_to_model: tuple[str, ...] = ()
    """Classes of the folder that the model does not have; they count nowhere."""
    negatives: int = 0
    """Pictures that were looked at for what is not in them."""
    picture_recalls: tuple[PictureRecall, ...] = ()
    """How well pictures are told apart, where negatives were given."""


def score_model(
    catalog: Catalog,
    model: str,
    folder: Path,
    *,
    threads: int = 1,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
    coco_dir: Path | None = None,
    curves_dir: Path | None = None,
    negatives: Iterable[Sight] = (),
) -> ScoreReport:
    """Open a model of the catalogue with the floor that scoring needs, and `score` it."""
    return score(
        open_for_scoring(catalog, model, threads),
        folder,
        names=names,
        progress=progress,
        coco_dir=coco_dir,
        curves_dir=curves_dir,
        negatives=negatives,
    )


def open_for_scoring(catalog: Catalog, model: str, threads: int) -> Detector:
    """A model of the catalogue, run exactly, that reports even boxes it hardly believes in."""
    exact = EXACT.model_dump() | {"threads": threads}
    settings = DetectorSettings(model=model, confidence=SCORING_CONFIDENCE, **exact)
    return Detector.open(catalog, settings)


def score(
    detector: Detects,
    folder: Path,
    *,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
    coco_dir: Path | None = None,
    curves_dir: Path | None = None,
    negatives: Iterable[Sight] = (),
) -> ScoreReport:
    """Look at every picture of `folder` (images/ and labels/) and compare with what is marked.

    Args:
        names: what the folder's class ids mean; else its data.yaml, else the model's own labels.
        coco_dir: where to write truth and detections as COCO JSON, to check the numbers with
            another program.
        curves_dir: where to write precision-recall curves, as SVG.
        negatives: pictures for `ScoreReport.picture_recalls`, looked at one by one as they come.

    Raises ConfigurationError naming file and line, or when model and folder share no class.
    """
    names, names_from = class_names(detector, folder, names)
    known = known_classes(detector, names, folder)
    pictures = _look_at_all(detector, read_folder(folder, names), known, progress)
    if coco_dir is not None:
        export_coco(pictures, known, coco_dir)
    if curves_dir is not None:
        write_curves(pictures, known, curves_dir, f"{detector.ref.name} · {folder.name}")
    best = _look_for_nothing(detector, negatives, known, len(pictures), progress)
    classes = _class_scores(pictures, known)
    return ScoreReport(
        model=detector.ref,
        folder=str(folder),
        names_from=names_from,
        pictures=len(pictures),
        truths=sum(len(picture.truth) for picture in pictures),
        ap50=_mean([row.ap50 for row in classes]),
        ap50_95=_mean([row.ap50_95 for row in classes]),
        classes=classes,
        unknown_to_model=tuple(name for name in names if name not in known),
        negatives=best.negatives,
        picture_recalls=best.recalls(pictures),
    )


def class_names(
    detector: Detects, folder: Path, given: Sequence[str] | None
) -> tuple[tuple[str, ...], Literal["given", "data.yaml", "model"]]:
    """What a folder's class ids mean, and who says so."""
    if given:
        return tuple(given), "given"
    if beside := names_beside(folder):
        return beside, "data.yaml"
    return detector.labels, "model"


def known_classes(detector: Detects, names: Sequence[str], folder: Path) -> list[str]:
    """The classes that folder and model share."""
    known = [name for name in names if name in detector.labels]
    if not known:
        raise ConfigurationError(
            f"{folder}: expected a class that model {detector.ref.name} knows "
            f"({', '.join(detector.labels)}), got {', '.join(names)}; give --names"
        )
    return known


def _look_at_all(
    detector: Detects,
    labelled: Sequence[LabelledPicture],
    names: Sequence[str],
    progress: Progress | None,
) -> list[ScoredPicture]:
    pictures = []
    for done, picture in enumerate(labelled, start=1):
        pictures.append(_look(detector, picture, names))
        if progress is not None:
            progress(done, len(labelled))
    return pictures


def _look(detector: Detects, picture: LabelledPicture, names: Sequence[str]) -> ScoredPicture:
    image = picture.read()
    (found,) = detector.detect([image])
    size_wh = (image.shape[1], image.shape[0])
    return ScoredPicture(
        picture.path.name, size_wh, picture.truth.as_classes(names), found.as_classes(names)
    )


def _look_for_nothing(
    detector: Detects,
    negatives: Iterable[Sight],
    names: Sequence[str],
    done: int,
    progress: Progress | None,
) -> PictureScores:
    best = PictureScores(names)
    for number, sight in enumerate(negatives, start=done + 1):
        (found,) = detector.detect([sight.image])
        best.add_negative(found, sight.truth)
        if progress is not None:
            progress(number, number)
    return best


def _class_scores(
    pictures: Sequence[ScoredPicture], names: Sequence[str]
) -> tuple[ClassScore, ...]:
    rows = []
    for class_id, name in enumerate(names):
        precisions = average_precisions(pictures, class_id)
        if precisions is None:
            continue
        rows.append(
            ClassScore(
                label=name,
                truths=sum(int(np.sum(p.truth.class_ids == class_id)) for p in pictures),
                found=sum(int(np.sum(p.found.class_ids == class_id)) for p in pictures),
                ap50=float(precisions[0]),
                ap50_95=float(precisions.mean()),
            )
        )
    return tuple(rows)


def _mean(values: Sequence[float]) -> float:
    """0 for a folder where nothing is marked: there was nothing to find."""
    return sum(values) / len(values) if values else 0.0
