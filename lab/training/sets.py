"""From labelled folders to what a training reads: one list of classes, teachers' boxes added.

No set labels every class. What a set does not label, a teacher labels: the start model people,
vehicles and furniture, the fire teacher smoke. What a teacher is unsure of is painted over, so
that it is neither learned nor denied.
"""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path

import cv2
import numpy as np
import yaml

from domain.errors import ConfigurationError
from lab.footage.composed.folder import Order, write_composed
from lab.footage.composed.scene import NAMES
from lab.footage.labelled import LabelledPicture, read_folder, read_pictures, write_labelled
from lab.footage.sources import pictures_of
from lab.training.recipe import Recipe, SetRecipe
from lab.training.start import coco_labels
from models.catalogue.catalog import Catalog
from models.catalogue.entry import ModelEntry
from models.catalogue.files import sha256_of, write_whole
from models.detections import Detections
from models.detector import Detector, Detects
from models.detector_settings import DetectorSettings
from models.letterbox import PAD_GREY, Image
from models.network import Network

Progress = Callable[[str, int, int], None]
"""Called with a folder's name, how many of its pictures are done, and of how many."""

FACTS_FILE = "prepared.json"
BEGUN_FILE = "begun"
"""Says of which recipe the pictures are that lie here although not all are there yet."""
COMPOSED = "composed"
FIRE = "fire"
CHUNK = 4
"""Pictures handed at once to a process that labels."""
LARGEST_DOUBT = 0.1
"""Share of the picture: what is larger stays, or too much would be painted over."""
JPEG_QUALITY = 92


@dataclass(frozen=True)
class Teachers:
    """The two models that label what people did not."""

    start: Detects
    smoke: Detects


def prepare(recipe: Recipe, data_root: Path, target: Path, progress: Progress) -> Path:
    """Write the pictures and labels of a recipe below `target`; returns their data.yaml.

    What was prepared for the same recipe is kept, picture by picture. Raises ConfigurationError
    for a folder that cannot be used, ModelError for a teacher that cannot be opened.
    """
    settings = recipe.model_dump_json(exclude={"train", "keep", "remember"})
    key = hashlib.sha256(settings.encode()).hexdigest()
    facts = target / FACTS_FILE
    if facts.is_file() and json.loads(facts.read_text(encoding="utf-8"))["recipe"] == key:
        return target / "data.yaml"
    begun = target / BEGUN_FILE
    if not begun.is_file() or begun.read_text(encoding="utf-8") != key:
        shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True, exist_ok=True)
    write_whole(begun, key)
    open_teachers(recipe, data_root)  # a model that cannot be opened is told here, once
    with get_context("spawn").Pool(os.cpu_count(), _sit_down, (recipe, data_root)) as workers:
        counts = {
            part: _write_part(sets, data_root, target / part, workers, progress)
            for part, sets in (("train", recipe.sets), ("val", recipe.validation))
        }
        counts["train"] |= _write_composed(recipe, data_root, target, workers, progress)
    listing = {"path": str(target), "train": "train/images", "val": "val/images"}
    names = dict(enumerate(recipe.labels))
    write_whole(target / "data.yaml", yaml.safe_dump({**listing, "names": names}))
    facts_text = json.dumps({"recipe": key, "data": _hash_of(target), **counts}, indent=2)
    write_whole(facts, facts_text + "\n")
    return target / "data.yaml"


def listed(data: Path, recipe: Recipe, leave_out: Sequence[str]) -> Path:
    """A data.yaml beside `data` without some sets; `data` itself when none is left out.

    Raises ConfigurationError for a set that the recipe does not have.
    """
    known = [settings.folder for settings in recipe.sets]
    for folder in leave_out:
        if folder not in known:
            raise ConfigurationError(f"{folder}: expected a set of the recipe, one of {known}")
    if not leave_out:
        return data
    prefixes = tuple(prefix_of(folder) for folder in leave_out)
    cut_from = tuple(f"_cut_{Path(folder).name}_" for folder in leave_out)
    kept = [
        str(path)
        for path in sorted((data.parent / "train" / "images").iterdir())
        if not path.name.startswith(prefixes) and not any(cut in path.name for cut in cut_from)
    ]
    name = "without-" + "-".join(Path(folder).name for folder in leave_out)
    write_whole(data.parent / f"{name}.txt", "\n".join(kept) + "\n")
    listing = yaml.safe_load(data.read_text(encoding="utf-8"))
    write_whole(data.parent / f"{name}.yaml", yaml.safe_dump({**listing, "train": f"{name}.txt"}))
    return data.parent / f"{name}.yaml"


def open_teachers(recipe: Recipe, data_root: Path, *, threads: int = 2) -> Teachers:
    """Open both teachers at their own input size."""
    coco = Catalog(None).get("yolo11n-coco-640")
    smoke_file = data_root / recipe.teacher.smoke
    smoke = ModelEntry(
        name="fire-teacher",
        file=smoke_file.name,
        sha256=sha256_of(smoke_file),
        size_bytes=smoke_file.stat().st_size,
        labels=recipe.teacher.smoke_labels,
        input_wh=(640, 640),
        head="yolov8",
    )
    files = (coco, data_root / recipe.start), (smoke, smoke_file)
    settings = DetectorSettings(confidence=recipe.teacher.doubt)
    return Teachers(
        *(Detector(e, Network.open(e, path, threads=threads), settings) for e, path in files)
    )


def taken(pictures: Sequence[LabelledPicture], settings: SetRecipe) -> list[LabelledPicture]:
    """The pictures that a set recipe takes of a folder's, in the order of their names."""
    matching = [p for p in pictures if p.path.match(settings.only)]
    start, end = (round(share * len(matching)) for share in settings.part)
    part = matching[start:end]
    if settings.take is None or settings.take >= len(part):
        return part
    places = np.linspace(0, len(part) - 1, settings.take).round().astype(int)
    return [part[int(place)] for place in places]


def labelled_by_all(
    picture: Detections, image: Image, settings: SetRecipe, recipe: Recipe, teachers: Teachers
) -> tuple[Detections, Image]:
    """The boxes of people and teachers in the recipe's classes, and the picture without doubts."""
    marked = picture.as_classes(recipe.labels)
    if settings.tighten:
        marked = tightened(marked, _flames_of(teachers.smoke, image, recipe))
    boxes, doubts = [marked], []
    for teacher, wanted in _lessons(settings, recipe, teachers):
        (found,) = teacher.detect([image])
        found = found.of(*wanted).as_classes(recipe.labels)
        boxes.append(found.at_least(recipe.teacher.sure))
        doubts.append(found[found.scores < recipe.teacher.sure])
    learned = Detections.joined(boxes)
    return learned, painted_over(image, Detections.joined(doubts), learned) if doubts else image


def tightened(marked: Detections, flames: Detections) -> Detections:
    """Boxes of fire made as tight as the teacher's flames (n, 4) that lie in them: the box around
    those of which more than half is inside. Where none is, the box stays as it is drawn."""
    xyxy = marked.xyxy.copy()
    for row in np.flatnonzero(marked.class_ids == marked.labels.index(FIRE)):
        box = marked.xyxy[row]
        low, high = np.maximum(flames.xyxy[:, :2], box[:2]), np.minimum(flames.xyxy[:, 2:], box[2:])
        inside = np.prod(np.clip(high - low, 0, None), axis=1)
        own = np.prod(flames.xyxy[:, 2:] - flames.xyxy[:, :2], axis=1)
        its = inside > own / 2
        if its.any():
            xyxy[row] = [*low[its].min(axis=0), *high[its].max(axis=0)]
    return Detections(xyxy, marked.scores, marked.class_ids, marked.labels)


def painted_over(image: Image, doubts: Detections, kept: Detections) -> Image:
    """A copy in which small doubtful boxes are grey, except where they touch a kept box."""
    copy = image.copy()
    size = np.array([image.shape[1], image.shape[0]] * 2)
    for box in doubts.xyxy:
        touches = (
            np.minimum(box[2:], kept.xyxy[:, 2:]) > np.maximum(box[:2], kept.xyxy[:, :2])
        ).all(axis=1)
        if touches.any() or np.prod(box[2:] - box[:2]) > LARGEST_DOUBT:
            continue
        x1, y1, x2, y2 = (box * size).round().astype(int)
        copy[y1:y2, x1:x2] = PAD_GREY
    return copy


def _flames_of(teacher: Detects, image: Image, recipe: Recipe) -> Detections:
    """What the fire teacher takes for flames, in the recipe's classes."""
    (found,) = teacher.detect([image])
    return found.of(FIRE).as_classes(recipe.labels)


def _lessons(
    settings: SetRecipe, recipe: Recipe, teachers: Teachers
) -> Iterator[tuple[Detects, list[str]]]:
    """Which teacher marks which classes of a set."""
    known = settings.names or teachers.start.labels
    missing = [x for x in recipe.labels if x in teachers.start.labels and x not in known]
    if missing:
        yield teachers.start, missing
    if settings.teach_smoke:
        yield teachers.smoke, ["smoke"]


def _write_part(
    sets: Sequence[SetRecipe],
    data_root: Path,
    target: Path,
    workers: Pool,
    progress: Progress,
) -> dict[str, int]:
    """Write the pictures of some sets; returns how many of each folder."""
    for folder in ("images", "labels"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    for settings in sets:
        counts[settings.folder] += _write_set(settings, data_root, target, workers, progress)
    return dict(counts)


def _write_set(
    settings: SetRecipe, data_root: Path, target: Path, workers: Pool, progress: Progress
) -> int:
    """Write the pictures of one set; returns how many."""
    names = settings.names or coco_labels()
    folder = data_root / settings.folder
    whole = read_pictures(folder, names) if settings.nothing else read_folder(folder, names)
    pictures = taken(whole, settings)
    tasks = ((picture, settings, target) for picture in pictures)
    for done, _ in enumerate(workers.imap_unordered(_label_one, tasks, CHUNK), start=1):
        progress(settings.folder, done, len(pictures))
    return len(pictures)


def _write_composed(
    recipe: Recipe, data_root: Path, target: Path, workers: Pool, progress: Progress
) -> dict[str, int]:
    """Compose pictures, and let the teachers mark the people in their backgrounds."""
    wanted = recipe.composed
    if not wanted.fires + wanted.lures:
        return {}
    order = Order(
        fires=wanted.fires,
        lures=wanted.lures,
        seed=wanted.seed,
        backgrounds=tuple(
            path for source in wanted.backgrounds for path in pictures_of(f"{data_root}/{source}")
        ),
        flames=tuple(data_root / folder for folder in wanted.flames),
    )
    write_composed(order, target / COMPOSED)
    settings = SetRecipe(folder=COMPOSED, names=NAMES)
    return {COMPOSED: _write_set(settings, target, target / "train", workers, progress)}


@dataclass(frozen=True)
class _Desk:
    """What one of the processes that label works with."""

    recipe: Recipe
    teachers: Teachers


_desk: _Desk | None = None


def _sit_down(recipe: Recipe, data_root: Path) -> None:
    """Called once in each process that labels."""
    global _desk
    cv2.setNumThreads(1)
    _desk = _Desk(recipe, open_teachers(recipe, data_root, threads=1))


def _label_one(task: tuple[LabelledPicture, SetRecipe, Path]) -> None:
    assert _desk is not None
    picture, settings, target = task
    stem = f"{prefix_of(settings.folder)}{picture.path.stem}"
    if (target / "labels" / f"{stem}_{settings.repeat - 1}.txt").is_file():  # written last
        return
    boxes, image = labelled_by_all(
        picture.truth, picture.read(), settings, _desk.recipe, _desk.teachers
    )
    for copy in range(settings.repeat):
        write_labelled(
            target, f"{stem}_{copy}", image, boxes.class_ids, boxes.xyxy, quality=JPEG_QUALITY
        )


def prefix_of(folder: str) -> str:
    """How the file names of a set's prepared pictures begin."""
    return f"{folder.replace('/', '_')}__"


def _hash_of(folder: Path) -> str:
    """One hash over all pictures and labels, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.*")):
        if path.suffix in (".jpg", ".txt"):
            digest.update(f"{path.relative_to(folder)} {sha256_of(path)}\n".encode())
    return digest.hexdigest()
