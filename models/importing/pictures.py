"""The pictures of a folder, whatever they show: what a new model is tried on beside drawn ones."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from domain.errors import ConfigurationError
from models.letterbox import Image

PICTURE_SUFFIXES = ".jpg", ".jpeg", ".png", ".webp", ".bmp"
SOME = 8


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
