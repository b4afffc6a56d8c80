"""What the first look is given to learn: pictures as a camera shows them, and where it is hot."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from domain.errors import ModelError
from lab.footage.labelled import read_folder, write_labelled
from lab.training.first.pictures import CLASSES, heat_of, shown
from lab.training.first.run import FirstLookRecipe, train_first_look
from models.first_look import STRIDE

LABELS = ("person", "fire", "smoke")
INPUT_WH = (416, 256)


def test_a_place_is_hot_where_a_quarter_of_it_is_covered() -> None:
    half = np.array([[0, 0, STRIDE / 2, STRIDE]], np.float32)
    heat = heat_of(half, np.array([0]), INPUT_WH)
    assert heat.shape == (2, INPUT_WH[1] // STRIDE, INPUT_WH[0] // STRIDE)
    assert heat[0, 0, 0] == 1
    assert heat.sum() == 1


def test_the_smallest_flame_has_its_place() -> None:
    spark = np.array([[100, 50, 102, 52]], np.float32)
    heat = heat_of(spark, np.array([1]), INPUT_WH)
    assert np.argwhere(heat).tolist() == [[1, 50 // STRIDE, 100 // STRIDE]]


def test_what_lies_outside_is_not_learned() -> None:
    gone = np.array([[-60, -60, -20, -20], [500, 10, 600, 90]], np.float32)
    assert heat_of(gone, np.array([0, 1]), INPUT_WH).sum() == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    image = np.full((270, 480, 3), 90, np.uint8)
    image[0:135, 240:480] = (0, 0, 255)  # red, and alight
    boxes = np.array([[0.5, 0.0, 1.0, 0.5], [0.0, 0.0, 0.2, 1.0]])
    write_labelled(tmp_path, "a", image, [1, 0], boxes, quality=95)
    return tmp_path


@pytest.mark.parametrize("seed", [None, *range(8)])
def test_heat_lies_where_the_flame_is_shown(folder: Path, seed: int | None) -> None:
    (picture,) = read_folder(folder, LABELS)
    random = None if seed is None else np.random.default_rng(seed)
    seen = shown(picture, INPUT_WH, random)
    assert seen.image.shape == (INPUT_WH[1], INPUT_WH[0], 3)
    assert seen.heat[CLASSES.index("smoke")].sum() == 0
    red = seen.image[..., 0].astype(float) - seen.image[..., 1]  # RGB
    by_place = cv2.resize(red, seen.heat.shape[:0:-1], interpolation=cv2.INTER_AREA)
    hot = seen.heat[CLASSES.index("fire")] == 1
    if hot.any() and red.max() > 40:  # at night some see no colour
        assert by_place[hot].mean() > by_place[~hot].mean() + 20


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.training.first.run.has_extra", lambda _name: False)
    recipe = FirstLookRecipe(labels=LABELS)
    with pytest.raises(ModelError, match="needs the extra"):
        train_first_look(recipe, tmp_path, tmp_path, tmp_path, lambda *_: None)
