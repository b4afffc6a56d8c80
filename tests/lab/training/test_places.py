"""What a training keeps is found again by the same recipe, and by no other."""

from pathlib import Path

import pytest

from domain.errors import ModelMissing
from lab.training.places import places_of
from lab.training.recipe import Recipe, TeacherRecipe, TrainRecipe

RECIPE = Recipe(
    name="own",
    start="start.onnx",
    labels=("fire", "person"),
    sets=(),
    validation=(),
    teacher=TeacherRecipe(smoke="smoke.onnx"),
)
ALL = {"start", "go_on", "run"}


@pytest.fixture
def data_root(tmp_path: Path) -> Path:
    for name in ("start", "one", "two"):
        (tmp_path / f"{name}.onnx").write_text(name)
    return tmp_path


def changed(data_root: Path, recipe: Recipe = RECIPE, **chosen: object) -> set[str]:
    """Which places are others than those of the plain recipe."""
    before, after = (
        places_of(recipe_, data_root, data_root / "work", **more)  # type: ignore[arg-type]
        for recipe_, more in ((RECIPE, {}), (recipe, chosen))
    )
    return {name for name in ALL if getattr(before, name) != getattr(after, name)}


@pytest.mark.parametrize(
    ("update", "others"),
    [
        ({}, set()),
        ({"keep": 0.5, "remember": 0.1}, set()),  # only mixed in when it is exported
        ({"labels": ("person", "fire")}, ALL),
        ({"light_boxes": True}, ALL),
        ({"train": TrainRecipe(epochs=7)}, {"run"}),
        ({"train": TrainRecipe(imgsz=320)}, {"run"}),
        ({"input_wh": (320, 320)}, {"run"}),
    ],
)
def test_a_changed_recipe_has_other_places(
    data_root: Path, update: dict[str, object], others: set[str]
) -> None:
    assert changed(data_root, RECIPE.model_copy(update=update)) == others


def test_another_start_file_under_the_same_name_has_other_places(data_root: Path) -> None:
    before = places_of(RECIPE, data_root, data_root)
    (data_root / "start.onnx").write_text("another")
    assert places_of(RECIPE, data_root, data_root).start != before.start


def test_each_file_that_is_trained_on_has_places_of_its_own(data_root: Path) -> None:
    files = [data_root / "one.onnx", data_root / "two.onnx"]
    first, second = (places_of(RECIPE, data_root, data_root, go_on_from=f) for f in files)
    assert first.go_on != second.go_on
    assert first.run != second.run
    assert changed(data_root, go_on_from=files[0]) == {"go_on", "run"}


def test_sets_left_out_are_named_and_told_apart(data_root: Path) -> None:
    one, other = (
        places_of(RECIPE, data_root, data_root, leave_out=[f]) for f in ("a/fire8", "b/fire8")
    )
    assert one.run.name.startswith("run-without-fire8-")
    assert one.target.name == "own-without-fire8.onnx"
    assert one.run != other.run
    assert one.last == one.run / "weights" / "last.pt"


def test_a_model_that_is_not_there_is_told_before_any_work(data_root: Path) -> None:
    with pytest.raises(ModelMissing, match=r"none\.onnx: expected a model file"):
        places_of(RECIPE, data_root, data_root, go_on_from=data_root / "none.onnx")
