"""Folders of labelled pictures in the YOLO form: images/ and labels/ side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.documents import UnreadableText, read_text
from domain.errors import ConfigurationError
from models.catalogue.bounded_yaml import read_yaml
from models.catalogue.metadata import names_by_id
from models.detections import Detections
from models.importing.pictures import picture_paths, read_picture
from models.letterbox import Image, SizeWH

NAMES_FILE = "data.yaml"
_SHOWN = 80
"""So much of a line stands in an error."""
_FARTHEST = 2.0
"""Boxes may reach over the border, but not by a whole frame."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """One picture and what people marked in it."""

    path: Path
    truth: Detections
    """Scores are 1; class ids index the folder's class names."""

    def read(self) -> Image:
        """The pixels, (h, w, 3) uint8 BGR. Raises ConfigurationError naming the file."""
        return read_picture(self.path)


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


def read_pictures(folder: Path, names: Sequence[str]) -> tuple[LabelledPicture, ...]:
    """All pictures of a folder, or of images/ in it, that nobody labelled: in none of them is
    anything of `names`. Raises ConfigurationError where there is none."""
    nothing, images = Detections.empty(tuple(names)), folder / "images"
    paths = picture_paths(images if images.is_dir() else folder)
    return tuple(LabelledPicture(path, nothing) for path in paths)


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
        data: Any = read_yaml(path)
        return names_by_id(data["names"])
    except (TypeError, KeyError, ValueError) as error:
        raise ConfigurationError(f"{path}: expected a list `names`, got: {error}") from error


def read_truth(path: Path, names: tuple[str, ...]) -> Detections:
    """The boxes of one label file, none where there is no such file. Of a polygon, as labels for
    segmentation have them, the box around it is taken."""
    if not path.exists():
        return Detections.empty(names)
    try:
        text = read_text(path)
    except UnreadableText as error:
        raise ConfigurationError(f"{path}:{error.line}: {error}") from error
    rows = [
        _read_row(line, names, f"{path}:{number}")
        for number, line in enumerate(text.splitlines(), start=1)
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
    """class cx cy w h, the last four in frame units. Written so, or as class x1 y1 x2 y2 x3 y3 …:
    the corners of a polygon, three at least."""
    shown = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
    try:
        row = [float(word) for word in line.split()]
    except ValueError as error:
        raise ConfigurationError(f"{where}: expected numbers, got {shown!r}") from error
    if len(row) != 5 and (len(row) < 7 or len(row) % 2 == 0):
        raise ConfigurationError(
            f"{where}: expected `class cx cy w h` or `class x1 y1 x2 y2 x3 y3 …`, got {shown!r}"
        )
    if not all(abs(value) <= _FARTHEST for value in row[1:]):
        raise ConfigurationError(
            f"{where}: expected parts of the frame between 0 and 1, not pixels, got {shown!r}"
        )
    if not (row[0].is_integer() and 0 <= row[0] < len(names)):
        raise ConfigurationError(
            f"{where}: expected a class id below {len(names)} ({', '.join(names)}), got {row[0]:g}"
        )
    return row if len(row) == 5 else [row[0], *_box_around(row[1::2], row[2::2])]


def _box_around(xs: Sequence[float], ys: Sequence[float]) -> list[float]:
    """Centre and size, cx cy w h, of the box around corners; what lies outside of the frame is
    cut off first."""
    left, right = (min(max(x, 0.0), 1.0) for x in (min(xs), max(xs)))
    top, bottom = (min(max(y, 0.0), 1.0) for y in (min(ys), max(ys)))
    return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
