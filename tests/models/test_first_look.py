"""The first look's file: what it says, and what it says of itself."""

from pathlib import Path

import numpy as np
import pytest

from domain.errors import ModelCorrupt, ModelMissing, ModelShapeError
from models import first_look
from models.first_look import CARRIED, STRIDE, FirstLook, FirstLookFacts
from models.letterbox import Image
from tests.models.heat_graph import FACTS, INPUT_WH, heat_graph


def picture(width: int, height: int) -> Image:
    return np.zeros((height, width, 3), np.uint8)


def test_it_tells_the_hottest_place_of_each_class(tmp_path: Path) -> None:
    look = FirstLook.open(heat_graph(tmp_path / "heat.onnx"))
    image = picture(128, 64)
    image[32:64, 96:128, 2] = 255  # red, in BGR
    image[0:32, 0:32, 1] = 128
    heat = look.look(image)
    assert heat.labels == look.labels == FACTS.labels
    assert heat.places.shape == (2, INPUT_WH[1] // STRIDE, INPUT_WH[0] // STRIDE)
    assert heat.places[0, 1, 3] == heat.of("fire") == pytest.approx(1, abs=0.01)
    assert heat.places[1, 0, 0] == heat.of("smoke") == pytest.approx(128 / 255, abs=0.01)
    assert heat.of("person") == 0


def test_a_picture_of_another_shape_is_padded_as_the_network_learned(tmp_path: Path) -> None:
    look = FirstLook.open(heat_graph(tmp_path / "heat.onnx"))
    heat = look.look(picture(32, 32))
    grey = 114 / 255
    assert np.allclose(heat.places[0], [[grey, 0, 0, grey]] * 2, atol=0.01)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"task": "detect"}, "expected a first look"),
        ({}, "got no task"),
        ({"task": "first-look", "names": "{0: 'fire'}"}, "imgsz"),
        ({"task": "first-look", "names": "nonsense(", "imgsz": "[32, 64]"}, "expected names"),
        ({"task": "first-look", "names": "{1: 'fire'}", "imgsz": "[32, 64]"}, "expected names"),
    ],
)
def test_a_file_that_is_none_is_refused(
    tmp_path: Path, metadata: dict[str, str], said: str
) -> None:
    with pytest.raises(ModelShapeError, match=said):
        FirstLook.open(heat_graph(tmp_path / "heat.onnx", metadata=metadata))


def test_a_heat_map_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelShapeError, match=r"shape \[1, 2, 2, 4\], got \[1, 2, 4, 8\]"):
        FirstLook.open(heat_graph(tmp_path / "heat.onnx", pool=8))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="nowhere"):
        FirstLook.open(tmp_path / "nowhere.onnx")


def test_another_file_in_the_place_of_the_carried_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = heat_graph(tmp_path / "heat.onnx")
    monkeypatch.setattr(first_look, "CARRIED", file)
    with pytest.raises(ModelCorrupt, match="not the file that came with the product"):
        FirstLook.open(file)


def test_the_carried_one_says_what_it_is_for() -> None:
    look = FirstLook.open(CARRIED)
    assert look.labels == ("fire", "smoke")
    grey = np.full((360, 640, 3), 114, np.uint8)
    assert look.look(grey).scores.max() < 0.1


def test_facts_are_read_as_they_are_written() -> None:
    assert FirstLookFacts.read(FACTS.written("MIT"), "here") == FACTS
