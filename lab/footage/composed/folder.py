"""Composed pictures as a labelled folder: images/, labels/, data.yaml."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from domain.errors import ConfigurationError
from lab.footage.composed.cutouts import FlameShelf
from lab.footage.composed.grading import JPEG_QUALITIES
from lab.footage.composed.scene import LURES, NAMES, Composed, compose_fire, compose_lure
from lab.footage.labelled import NAMES_FILE, read_folder, write_labelled

Progress = Callable[[int, int], None]
"""Called with how many pictures are done, and of how many."""


@dataclass(frozen=True)
class Order:
    """What to compose. Picture n of a seed is the same whatever else is asked for.

    Attributes:
        fires, lures: how many pictures with fire or smoke, and without.
        backgrounds: pictures to put them into; streets are painted where there are none.
        flames: labelled folders (ids 0 fire, 1 smoke) from which real flames are cut.
        cut_share: the share of fires whose flames are real, where `flames` are given.
    """

    fires: int
    lures: int
    seed: int = 1
    backgrounds: tuple[Path, ...] = ()
    flames: tuple[Path, ...] = ()
    cut_share: float = 2 / 3


def composed(order: Order) -> Iterator[Composed]:
    """The pictures of an order, fires first."""
    # One picture's flames are of one folder, and its name says which: whoever leaves a folder
    # out of a training can leave out what was cut from it.
    shelves = [FlameShelf(folder.name, read_folder(folder, NAMES)) for folder in order.flames]
    for number in range(order.fires):
        random = np.random.default_rng((order.seed, 0, number))
        cut = shelves and random.random() < order.cut_share
        shelf = shelves[int(random.integers(len(shelves)))] if cut else None
        yield compose_fire(random, order.backgrounds, shelf)
    for number in range(order.lures):
        random = np.random.default_rng((order.seed, 1, number))
        name = tuple(LURES)[number % len(LURES)]
        yield compose_lure(random, order.backgrounds, name)


def write_composed(order: Order, target: Path, progress: Progress = lambda done, of: None) -> Path:
    """Write the pictures of an order below `target`; returns its data.yaml.

    Raises ConfigurationError for a folder that has pictures already: those of both orders would be
    taken for one.
    """
    if any((target / "images").glob("*")):
        raise ConfigurationError(
            f"{target / 'images'}: expected no pictures yet, there are some; choose another folder"
        )
    for folder in ("images", "labels"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(composed(order)):
        random = np.random.default_rng((order.seed, 2, number))
        height, width = picture.image.shape[:2]
        corners = np.array([box for _, box in picture.boxes], np.float64).reshape(-1, 4)
        write_labelled(
            target,
            f"{number:05d}_{picture.what}",
            picture.image,
            [class_id for class_id, _ in picture.boxes],
            corners,
            quality=int(random.integers(*JPEG_QUALITIES)),
            frame_wh=(width, height),
        )
        progress(number + 1, order.fires + order.lures)
    path = target / NAMES_FILE
    words = {"path": ".", "train": "images", "val": "images", "names": list(NAMES)}
    path.write_text(yaml.safe_dump(words, sort_keys=False), encoding="utf-8")
    return path
