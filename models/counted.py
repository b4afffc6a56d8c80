"""Folders of pictures of which it is known how many things of a class each shows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from domain.errors import ConfigurationError
from models.detections import Detections
from models.labelled import LabelledPicture, names_beside, picture_paths, read_folder

COUNTS_FILE = "counts.json"
_COUNTS: TypeAdapter[dict[str, int]] = TypeAdapter(dict[str, int])


@dataclass(frozen=True, slots=True)
class CountedPicture:
    """A picture, and how many people counted in it."""

    picture: LabelledPicture
    count: int


def counted_of(folder: Path, label: str, names: Sequence[str]) -> tuple[CountedPicture, ...]:
    """The pictures of `folder`/images, counted by their boxes of `label` in `folder`/labels, or,
    where heads were counted and no boxes drawn, by `folder`/counts.json: name without suffix →
    number.

    `names` are what class ids mean unless the folder's data.yaml says otherwise. Raises
    ConfigurationError naming the file that cannot be used.
    """
    if (folder / COUNTS_FILE).is_file():
        return _by_counts(folder)
    names = names_beside(folder) or tuple(names)
    if label not in names:
        known = ", ".join(names)
        raise ConfigurationError(f"{folder}: expected the class {label} among its names ({known})")
    pictures = read_folder(folder, names)
    return tuple(CountedPicture(one, len(one.truth.of(label))) for one in pictures)


def _by_counts(folder: Path) -> tuple[CountedPicture, ...]:
    file = folder / COUNTS_FILE
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8"))
        counts = _COUNTS.validate_python(data)
    except (UnicodeDecodeError, json.JSONDecodeError, ValidationError) as error:
        raise ConfigurationError(f"{file}: expected a number for each name: {error}") from error
    return tuple(
        CountedPicture(LabelledPicture(path, Detections.empty()), counts[path.stem])
        for path in picture_paths(folder / "images")
        if path.stem in counts
    )
