"""Layers, flames, smoke, cut-outs and backgrounds by themselves."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from domain.errors import ConfigurationError
from lab.footage.composed.backgrounds import any_background
from lab.footage.composed.cutouts import FlameShelf, cut_out
from lab.footage.composed.flames import flames
from lab.footage.composed.layer import Layer, lay, shown_extent
from lab.footage.composed.scene import LURES
from lab.footage.composed.smoke import any_plume, smoke
from lab.footage.labelled import LabelledPicture
from lab.footage.sources import pictures_of
from models.detections import Detections


def square(cover: float = 1.0) -> Layer:
    return Layer(np.full((4, 6, 3), 0.5, np.float32), np.full((4, 6), cover, np.float32))


@pytest.mark.parametrize(
    ("at_xy", "box"),
    [
        ((2, 3), (2, 3, 8, 7)),
        ((-4, -1), (0, 0, 2, 3)),
        ((8, 8), (8, 8, 10, 10)),
        ((10, 0), None),
        ((0, -4), None),
    ],
)
def test_what_sticks_out_is_cut(
    at_xy: tuple[int, int], box: tuple[float, float, float, float] | None
) -> None:
    canvas = np.zeros((10, 10, 3), np.float32)
    lay(canvas, square(), at_xy)
    assert shown_extent(canvas, square(), at_xy) == box
    if box is not None:
        x1, y1, x2, y2 = (int(side) for side in box)
        assert np.all(canvas[y1:y2, x1:x2] == 0.5)
        assert canvas.sum() == pytest.approx(0.5 * 3 * (x2 - x1) * (y2 - y1))


def test_a_thin_layer_lets_through_what_is_behind_it_and_is_not_marked() -> None:
    canvas = np.ones((10, 10, 3), np.float32)
    lay(canvas, square(0.1), (0, 0))
    assert canvas[0, 0] == pytest.approx([1.4] * 3)
    assert shown_extent(canvas, square(0.1), (0, 0)) is None


@pytest.mark.parametrize("height_px", [8, 40, 300])
@pytest.mark.parametrize("night", [True, False])
def test_flames_are_as_high_as_asked_hot_inside_and_end_softly(height_px: int, night: bool) -> None:
    layer = flames(np.random.default_rng(4), height_px, night=night)
    assert layer.size_wh[1] == height_px
    assert layer.extent() is not None
    assert layer.light[..., 2].mean() > layer.light[..., 0].mean()
    edges = (layer.cover[0], layer.cover[:, 0], layer.cover[:, -1])
    assert max(float(edge.max()) for edge in edges) < 0.35


def test_smoke_fills_its_place_softly() -> None:
    random = np.random.default_rng(1)
    for lit in (True, False):
        layer = smoke(random, (120, 300), any_plume(random, night=True, lit=lit))
        assert layer.size_wh == (120, 300)
        assert 0 <= layer.cover.min() < 0.01
        assert 0.2 < layer.cover.max() <= 0.97
        assert layer.cover[0].max() < 0.1


@pytest.mark.parametrize("name", list(LURES))
def test_a_lure_changes_the_picture(name: str) -> None:
    canvas = np.full((90, 160, 3), 0.3, np.float32)
    before = canvas.copy()
    for seed in range(5):
        LURES[name](np.random.default_rng(seed), canvas)
    assert np.isfinite(canvas).all()
    assert np.abs(canvas - before).mean() > 0.002


def burning_yard(flame: bool) -> np.ndarray:
    image = np.full((200, 200, 3), 30, np.uint8)
    if flame:
        cv2.ellipse(image, (100, 100), (35, 60), 0, 0, 360, (20, 110, 250), -1)
        cv2.ellipse(image, (100, 120), (20, 35), 0, 0, 360, (120, 225, 255), -1)
    else:  # a red car, without a core
        cv2.rectangle(image, (60, 60), (140, 140), (30, 20, 200), -1)
    return image


BOX = (0.3, 0.18, 0.7, 0.82)


def test_a_flame_is_cut_out_by_its_light() -> None:
    layer = cut_out(burning_yard(flame=True), BOX)
    assert layer is not None
    height, width = layer.cover.shape
    assert layer.cover[height // 2, width // 2] > 0.9
    assert max(layer.cover[0].max(), layer.cover[:, 0].max()) < 0.05


def test_what_has_no_core_or_fills_its_box_is_not_cut_out(tmp_path: Path) -> None:
    assert cut_out(burning_yard(flame=False), BOX) is None
    assert cut_out(np.full((200, 200, 3), (20, 160, 250), np.uint8), BOX) is None
    assert cut_out(burning_yard(flame=True), (0.5, 0.5, 0.55, 0.55)) is None
    assert FlameShelf("empty", ()).take(np.random.default_rng(1), night=True) is None


def test_a_shelf_gives_up_on_pictures_that_cannot_be_cut(tmp_path: Path) -> None:
    path = tmp_path / "car.png"
    cv2.imwrite(str(path), burning_yard(flame=False))
    truth = Detections(
        np.array([BOX], np.float32), np.ones(1, np.float32), np.zeros(1, np.int64), ("fire",)
    )
    shelf = FlameShelf("cars", (LabelledPicture(path, truth),))
    assert shelf.take(np.random.default_rng(1), night=False) is None


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for n in range(10):
        cv2.imwrite(str(tmp_path / "images" / f"cam_{n}.png"), np.full((60, 80, 3), n, np.uint8))
    return tmp_path


def test_a_background_is_a_part_of_a_picture_or_a_painted_street(pictures: Path) -> None:
    random = np.random.default_rng(3)
    paths = pictures_of(str(pictures))
    shapes = {any_background(random, paths).shape for _ in range(20)}
    assert {shape[1] for shape in shapes} == {480, 640}
    assert any_background(random, ()).std() > 10
    broken = pictures / "broken.jpg"
    broken.write_bytes(b"no picture")
    with pytest.raises(ConfigurationError, match="cannot be decoded"):
        any_background(random, (broken,))
