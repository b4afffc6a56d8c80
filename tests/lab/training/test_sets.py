"""What a training is given: which pictures, whose boxes, and what is painted over."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from domain.errors import ConfigurationError
from domain.incident import ModelRef
from lab.footage.labelled import LabelledPicture
from lab.training.recipe import SetRecipe, read_recipe
from lab.training.sets import (
    Teachers,
    labelled_by_all,
    listed,
    painted_over,
    prefix_of,
    taken,
)
from models.detections import Detections
from models.letterbox import PAD_GREY

RECIPE = Path(__file__).parents[3] / "lab" / "training" / "patrol-n.yaml"
LABELS = ("fire", "smoke", "person")
CORNER, MIDDLE = (0.0, 0.0, 0.2, 0.2), (0.4, 0.4, 0.6, 0.6)


def boxes(
    *rows: tuple[tuple[float, ...], float, str],
    labels: tuple[str, ...] = LABELS,
) -> Detections:
    """Rows of (corners, score, label)."""
    return Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([labels.index(row[2]) for row in rows], np.int64),
        labels,
    )


class Teacher:
    ref = ModelRef(name="teacher", sha256="0" * 64)

    def __init__(self, answer: Detections) -> None:
        self.labels, self._answer = answer.labels, answer

    def fit_wh(self, size_wh: tuple[int, int]) -> tuple[int, int]:
        return size_wh

    def detect(self, images: Sequence[NDArray[Any]]) -> list[Detections]:
        return [self._answer for _ in images]


def numbered(count: int) -> list[LabelledPicture]:
    return [LabelledPicture(Path(f"{i:03}.webp"), boxes()) for i in range(count)]


def numbers(pictures: list[LabelledPicture]) -> list[int]:
    return [int(picture.path.stem) for picture in pictures]


def test_the_recipe_of_the_product_is_sound() -> None:
    recipe = read_recipe(RECIPE)
    assert recipe.labels[:3] == LABELS
    assert "images/coco/val" not in {one.folder for one in recipe.sets}


def test_a_misspelt_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.read_text(encoding="utf-8").replace("lr0:", "lr:"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"recipe\.yaml: train\.lr: unknown key"):
        read_recipe(path)


def test_a_part_of_a_set_is_taken_evenly_and_always_the_same() -> None:
    settings = SetRecipe(folder="x", part=(0.0, 0.6), take=3)
    assert numbers(taken(numbered(10), settings)) == [0, 2, 5]
    assert numbers(taken(numbered(4), SetRecipe(folder="x", take=9))) == [0, 1, 2, 3]
    assert numbers(taken(numbered(30), SetRecipe(folder="x", only="02*"))) == list(range(20, 30))


def prepared(folder: Path, *names: str) -> Path:
    """A prepared training folder with an empty file for each picture."""
    images = folder / "train" / "images"
    images.mkdir(parents=True)
    for name in names:
        (images / name).touch()
    (folder / "data.yaml").write_text(f"path: {folder}\ntrain: train/images\nval: val/images\n")
    return folder / "data.yaml"


def test_a_set_left_out_is_not_listed(tmp_path: Path) -> None:
    recipe = read_recipe(RECIPE)
    kept = prefix_of("images/fire_scenes") + "1_0.jpg"
    cut = prefix_of("composed") + "00001_cut_fire_clips_0.jpg"
    data = prepared(tmp_path, kept, cut, prefix_of("images/fire_clips") + "2_0.jpg")
    listing = listed(data, recipe, ["images/fire_clips"])
    names = (tmp_path / "without-fire_clips.txt").read_text().split()
    assert [Path(name).name for name in names] == [kept]
    assert "train: without-fire_clips.txt" in listing.read_text()
    assert listed(data, recipe, []) == data


def test_a_set_that_the_recipe_lacks_cannot_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="images/fire8"):
        listed(prepared(tmp_path), read_recipe(RECIPE), ["images/nowhere"])


def test_a_teacher_marks_only_what_the_set_does_not_label() -> None:
    recipe = read_recipe(RECIPE)
    start = boxes((CORNER, 0.9, "person"), labels=("person", "car"))
    smoke = boxes((MIDDLE, 0.8, "smoke"), (MIDDLE, 0.9, "fire"), labels=("smoke", "fire"))
    teachers = Teachers(Teacher(start), Teacher(smoke))
    truth = boxes((MIDDLE, 1, "fire"), labels=("fire", "smoke"))
    image = np.zeros((50, 50, 3), np.uint8)

    def learned(**settings: Any) -> dict[str, int]:
        given = SetRecipe(folder="x", **settings)
        return labelled_by_all(truth, image, given, recipe, teachers)[0].counts()

    assert learned(names=("fire", "smoke")) == {"fire": 1, "person": 1}
    assert learned(names=("fire",), teach_smoke=True) == {"fire": 1, "person": 1, "smoke": 1}
    assert learned(names=("fire", "person")) == {"fire": 1}


def test_doubts_are_painted_over_but_never_a_marked_box() -> None:
    image = np.zeros((50, 100, 3), np.uint8)
    doubts = boxes((CORNER, 0.3, "person"), (MIDDLE, 0.3, "person"))
    painted = painted_over(image, doubts, boxes(((0.5, 0.5, 0.9, 0.9), 1, "fire")))
    assert (painted[:10, :20] == PAD_GREY).all()
    assert cv2.countNonZero(painted[..., 0]) == 200
    assert not image.any()


def test_a_doubt_about_half_the_picture_stays() -> None:
    image = np.zeros((50, 50, 3), np.uint8)
    doubt = boxes(((0.0, 0.0, 0.7, 0.7), 0.3, "person"))
    assert not painted_over(image, doubt, boxes()).any()
