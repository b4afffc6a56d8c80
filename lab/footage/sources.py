"""Where pictures come from, in words for the command line: FOLDER[@FROM:TO][=NAMES]."""

import glob
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ConfigurationError
from lab.footage.labelled import LabelledPicture, names_beside, read_truth
from models.detections import Detections
from models.importing.pictures import pictures_among
from models.letterbox import Image

CLIP_SUFFIXES = ".mp4", ".mkv", ".mov", ".avi", ".ts"


@dataclass(frozen=True, eq=False)
class Sight:
    """One picture that was read: of a folder, or a frame of a clip.

    Attributes:
        source: what it was named by on the command line.
        file: the picture's file, or the clip and the second of it.
        image: (h, w, 3) uint8 BGR.
        truth: what is marked in it; a picture without marks shows nothing of interest.
    """

    source: str
    file: str
    image: Image
    truth: Detections


def is_clip(source: str | Path) -> bool:
    """Whether a source is named like a clip, be it there or not."""
    path = Path(source)
    return path.suffix.lower() in CLIP_SUFFIXES and not path.is_dir()


def pictures_of(source: str) -> tuple[Path, ...]:
    """The pictures that a source names, in the order of their names.

    A source is a folder (with pictures or with images/ in it) or a pattern such as
    ``people/images/cam_[12]*``; ``@FROM:TO`` behind it takes only that part, in 0-1.
    Raises ConfigurationError where that names no picture.
    """
    where, _, part = source.partition("@")
    folder = Path(where)
    if folder.is_dir():
        inner = folder / "images"
        paths = pictures_among((inner if inner.is_dir() else folder).iterdir())
    else:
        paths = pictures_among(Path(path) for path in glob.glob(where))
    start, end = _part(part, source) if part else (0.0, 1.0)
    taken = paths[round(start * len(paths)) : round(end * len(paths))]
    if not taken:
        raise ConfigurationError(f"{source}: expected a folder or a pattern of pictures, got none")
    return tuple(taken)


def labelled_of(source: str) -> tuple[LabelledPicture, ...]:
    """The pictures of a source with what is marked in them, if anything.

    ``=NAMES`` behind the source says what the class ids of its labels mean (commas between);
    without, its data.yaml does; a bare ``=`` says that the labels do not matter.
    Raises ConfigurationError where labels cannot be understood.
    """
    where, given, words = source.rpartition("=")
    paths = pictures_of(where if given else source)
    folder = paths[0].parent.parent
    labels = folder / "labels"
    if (given and not words) or not labels.is_dir() or paths[0].parent.name != "images":
        return tuple(LabelledPicture(path, Detections.empty()) for path in paths)
    names = tuple(name.strip() for name in words.split(",")) if given else names_beside(folder)
    files = [labels / f"{path.stem}.txt" for path in paths]
    if names is None and any(file.is_file() and file.stat().st_size for file in files):
        raise ConfigurationError(
            f"{source}: has labels, but no data.yaml says what they mean; "
            f"give {source}=NAME,NAME… or, if none of them matters, {source}="
        )
    return tuple(
        LabelledPicture(path, read_truth(file, names or ()))
        for path, file in zip(paths, files, strict=True)
    )


def _part(text: str, source: str) -> tuple[float, float]:
    try:
        start, end = (float(word) for word in text.split(":"))
    except ValueError as error:
        raise ConfigurationError(f"{source}: expected @FROM:TO such as @0:0.6") from error
    if not 0 <= start < end <= 1:
        raise ConfigurationError(f"{source}: expected 0 <= FROM < TO <= 1, got {text}")
    return start, end
