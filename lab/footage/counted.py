"""Folders of pictures of which it is known how many things of a class each shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from domain.documents import UnreadableText, read_json
from domain.errors import ConfigurationError
from domain.words import first_in_words
from lab.footage.labelled import LabelledPicture, names_beside, read_folder
from models.detections import Detections
from models.importing.pictures import picture_paths

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
        counts = _COUNTS.validate_python(read_json(file))
    except UnreadableText as error:
        words = f"{file}: expected a number for each name: line {error.line}: {error}"
        raise ConfigurationError(words) from error
    except ValidationError as error:
        words = f"{file}: expected a number for each name: {first_in_words(error)}"
        raise ConfigurationError(words) from error
    return tuple(
        CountedPicture(LabelledPicture(path, Detections.empty()), counts[path.stem])
        for path in picture_paths(folder / "images")
        if path.stem in counts
    )
