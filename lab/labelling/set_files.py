"""How a set lies on disk: what every YOLO trainer reads, and what tells where it came from.

images/, labels/      one picture and one text each
data.yaml             class names, and the two lists
train.txt, val.txt    the pictures to learn, and those to measure by
recipe.yaml           the same split, for a recipe of `patrol models train`
manifest.json         each picture's case, camera, verdict, who labelled it and when, SHA-256
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import ValidationError

from domain.base import Value
from domain.documents import UnreadableText, read_text
from domain.errors import ConfigurationError
from domain.words import first_in_words
from lab.footage.labelled import NAMES_FILE
from lab.labelling.marks import Mark, MarkedBox
from lab.labelling.splitting import validation_of
from models.catalogue.files import write_whole

MANIFEST_FILE, RECIPE_FILE = "manifest.json", "recipe.yaml"
LISTS = {"train": "train.txt", "val": "val.txt"}
MOST_MANIFEST_BYTES = 256 * 1024 * 1024
FORM = 1


class Manifest(Value):
    """All that is known of a set's pictures; from it everything but the pictures is made."""

    form: int = FORM
    privacy: str = (
        "图片来自监控, 可能有人脸和车牌, 未打码; 按证据管理, 用完删除。These pictures are of "
        "surveillance and may show faces and plates, unmasked: keep them like evidence, and "
        "remove them when they have served."
    )
    names: tuple[str, ...]
    pictures: tuple[Mark, ...] = ()


def read_manifest(folder: Path) -> Manifest | None:
    """What the folder's manifest says; None where there is none. Raises ConfigurationError."""
    path = folder / MANIFEST_FILE
    if not path.exists():
        return None
    try:
        found = Manifest.model_validate_json(read_text(path, MOST_MANIFEST_BYTES))
    except UnreadableText as error:
        raise ConfigurationError(f"{path}: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {first_in_words(error)}") from error
    if found.form != FORM:
        raise ConfigurationError(
            f"{path}: expected a manifest of form {FORM}, got {found.form}: made by another version"
        )
    return found


def label_text(boxes: Iterable[MarkedBox], names: Sequence[str]) -> str:
    """A line for each box: class cx cy w h in frame units."""
    lines = []
    for box in boxes:
        x1, y1, x2, y2 = box.xyxy
        row = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
        lines.append(f"{names.index(box.label or '')} {' '.join(f'{v:.6f}' for v in row)}\n")
    return "".join(lines)


def write_manifest(
    folder: Path, names: Sequence[str], marks: Sequence[Mark], zone: ZoneInfo, out: Sequence[str]
) -> None:
    """Write the manifest, then what follows from it; each file whole or not at all."""
    manifest = Manifest(names=tuple(names), pictures=tuple(marks))
    write_whole(folder / MANIFEST_FILE, manifest.model_dump_json(indent=1) + "\n")
    kept = [mark for mark in marks if mark.status.in_set]
    left = validation_of(kept, zone, out)
    for part, file in LISTS.items():
        its = (mark for mark in kept if (mark.stem in left) is (part == "val"))
        write_whole(folder / file, "".join(f"./images/{mark.picture}\n" for mark in its))
    # Without `path`: ultralytics takes the lists for beside this file, wherever the set is moved.
    write_whole(folder / NAMES_FILE, _yaml({**LISTS, "names": dict(enumerate(names))}))
    write_whole(folder / RECIPE_FILE, _yaml(recipe_parts(folder.name, names, kept, left)))


def recipe_parts(
    folder: str, names: Sequence[str], kept: Sequence[Mark], left: frozenset[str]
) -> dict[str, list[dict[str, Any]]]:
    """The `sets` and `validation` of a recipe (`lab.training.recipe`): for each camera from where
    to where of its sorted names."""
    parts: dict[str, list[dict[str, Any]]] = {"sets": [], "validation": []}
    ordered = sorted(kept, key=lambda mark: (mark.camera_id, mark.stem))
    for camera_id, group in groupby(ordered, key=lambda mark: mark.camera_id):
        its = [mark.stem not in left for mark in group]
        learned = sum(its) / len(its)
        only = f"{camera_id}__????????-??????__*"
        row = {"folder": folder, "names": list(names), "only": only}
        if learned > 0:
            parts["sets"].append({**row, "part": [0.0, learned]})
        if learned < 1:
            parts["validation"].append({**row, "part": [learned, 1.0]})
    return parts


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
