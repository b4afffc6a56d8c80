"""A training run from its recipe to its file."""

from pathlib import Path

import pytest

from domain.errors import ModelError
from lab.training.recipe import read_recipe
from lab.training.run import train
from models.catalogue.extras import has_extra

RECIPE = Path(__file__).parents[3] / "lab" / "training" / "patrol-n.yaml"


@pytest.mark.skipif(has_extra("train"), reason="the extra [train] is installed: nothing is missing")
def test_without_the_extra_it_is_told_before_any_picture_is_labelled(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"pip install -e '\.\[train\]'"):
        train(read_recipe(RECIPE), tmp_path, tmp_path / "work", lambda *_: None)
    assert not (tmp_path / "work").exists()
