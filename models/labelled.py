"""Folders of labelled pictures in the YOLO form: images/ and labels/ side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from domain.errors import ConfigurationError
from models.detections import Detections
from models.letterbox import Image, SizeWH
from models.metadata import names_by_id

PICTURE_SUFFIXES = ".jpg", ".jpeg", ".png", ".webp", ".bmp"
NAMES_FILE = "data.yaml"
SOME = 8


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """One picture and what people marked in it."""

    path: Path
    truth: Detections
    """Scores are 1; class ids index the folder's class names."""

    def read(self) -> Image:
        """The pixels, (h, w, 3) uint8 BGR. Raises ConfigurationError naming the file."""
        return read_picture(self.path)


def read_picture(path: Path) -> Image:
    """The pixels, (h, w, 3) uint8 BGR. Raises ConfigurationError naming the file."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ConfigurationError(f"{path}: expected a picture, cannot be decoded")
    return np.asarray(image, np.uint8)


def some_pictures(folder: Path) -> tuple[Image, ...]:
    """At most `SOME` pictures of a folder, the first by name, (h, w, 3) uint8 BGR. Raises
    ConfigurationError if there are none, or one cannot be read."""
    return tuple(read_picture(path) for path in picture_paths(folder)[:SOME])


def read_folder(folder: Path, names: Sequence[str]) -> tuple[LabelledPicture, ...]:
    """All pictures of `folder`/images by name, with their boxes from `folder`/labels.

    A picture without a label file shows nothing of interest. Raises ConfigurationError naming
    file and line for what cannot be used.
    """
    images, labels = folder / "images", folder / "labels"
    if not images.is_dir() or not labels.is_dir():
        raise ConfigurationError(f"{folder}: expected the folders images/ and labels/ in it")
    return tuple(
        LabelledPicture(path, read_truth(labels / f"{path.stem}.txt", tuple(names)))
        for path in picture_paths(images)
    )


def picture_paths(images: Path) -> list[Path]:
    """The pictures in a folder by name. Raises ConfigurationError if there are none."""
    paths = pictures_among(images.iterdir() if images.is_dir() else ())
    if not paths:
        raise no_pictures(images)
    return paths


def pictures_among(paths: Iterable[Path]) -> list[Path]:
    """Those that are pictures, by name."""
    return sorted(path for path in paths if path.suffix.lower() in PICTURE_SUFFIXES)


def no_pictures(where: Path) -> ConfigurationError:
    kinds = ", ".join(suffix.removeprefix(".") for suffix in PICTURE_SUFFIXES)
    return ConfigurationError(f"{where}: expected pictures ({kinds}), found none")


def write_labelled(
    folder: Path,
    stem: str,
    image: Image,
    class_ids: Iterable[int],
    xyxy: NDArray[np.floating],
    *,
    quality: int,
    frame_wh: SizeWH = (1, 1),
) -> None:
    """Write one picture (h, w, 3) as JPEG to `folder`/images, and its boxes (n, 4) to
    `folder`/labels; both folders are there. Corners are in units of which the whole frame is
    `frame_wh`: in frame units, unless its size in pixels is given."""
    file = str(folder / "images" / f"{stem}.jpg")
    cv2.imwrite(file, image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    centres, sizes = (xyxy[:, :2] + xyxy[:, 2:]) / 2, xyxy[:, 2:] - xyxy[:, :2]
    rows = zip(class_ids, np.hstack([centres / frame_wh, sizes / frame_wh]), strict=True)
    lines = [f"{class_id} {' '.join(f'{v:.6f}' for v in row)}\n" for class_id, row in rows]
    (folder / "labels" / f"{stem}.txt").write_text("".join(lines), encoding="utf-8")


def names_beside(folder: Path) -> tuple[str, ...] | None:
    """The class names of the folder's data.yaml, here or one level up; None without one."""
    for path in (folder / NAMES_FILE, folder.parent / NAMES_FILE):
        if path.is_file():
            return _read_names(path)
    return None


def _read_names(path: Path) -> tuple[str, ...]:
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return names_by_id(data["names"])
    except (UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError, ValueError) as error:
        raise ConfigurationError(f"{path}: expected a list `names`, got: {error}") from error


def read_truth(path: Path, names: tuple[str, ...]) -> Detections:
    """The boxes of one label file, none where there is no such file."""
    if not path.is_file():
        return Detections.empty(names)
    rows = [
        _read_row(line, names, f"{path}:{number}")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if line.strip()
    ]
    table = np.array(rows, np.float64).reshape(-1, 5)
    half = table[:, 3:] / 2
    xyxy = np.concatenate([table[:, 1:3] - half, table[:, 1:3] + half], axis=1)
    return Detections(
        np.clip(xyxy, 0, 1).astype(np.float32),
        np.ones(len(table), np.float32),
        table[:, 0].astype(np.int64),
        names,
    )


def _read_row(line: str, names: Sequence[str], where: str) -> list[float]:
    """class cx cy w h, the last four in frame units."""
    try:
        row = [float(word) for word in line.split()]
    except ValueError as error:
        raise ConfigurationError(f"{where}: expected numbers, got {line!r}") from error
    if len(row) != 5:
        raise ConfigurationError(f"{where}: expected `class cx cy w h`, got {line!r}")
    if not (row[0].is_integer() and 0 <= row[0] < len(names)):
        raise ConfigurationError(
            f"{where}: expected a class id below {len(names)} ({', '.join(names)}), got {row[0]:g}"
        )
    return row
