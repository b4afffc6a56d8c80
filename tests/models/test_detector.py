from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.errors import ConfigurationError, ModelCorrupt, ModelMissing
from models.catalogue.catalog import Catalog
from models.catalogue.entry import HeadKind
from models.detector import Detector
from models.detector_settings import DetectorSettings
from tests.models import graphs
from tests.models.pictures import BLUE, GREEN, RED, square

HEADS: dict[HeadKind, tuple[Any, tuple[str, ...]]] = {
    "yolov8": (graphs.yolov8_graph, graphs.RGB_LABELS),
    "yolo-dfl": (graphs.yolo_dfl_graph, graphs.RGB_LABELS),
    "yolo26": (graphs.yolo26_graph, graphs.RGB_LABELS),
    "yolox": (graphs.yolox_graph, graphs.BGR_LABELS),
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "models")


def open_colours(
    catalog: Catalog,
    tmp_path: Path,
    head: HeadKind = "yolov8",
    batch: graphs.Batch = "n",
    **settings: Any,
) -> Detector:
    build, labels = HEADS[head]
    catalog.import_file(build(tmp_path / "colours.onnx", batch=batch), head=head, labels=labels)
    settings = {"model": "colours", "confidence": 0.9} | settings
    return Detector.open(catalog, DetectorSettings(**settings))


@pytest.mark.parametrize("batch", [1, "n"])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(
    ("x", "y", "colour", "label"),
    [(0, 0, RED, "red"), (56, 16, GREEN, "green"), (24, 56, BLUE, "blue")],
)
def test_it_finds_a_square_of_a_colour(
    catalog: Catalog,
    tmp_path: Path,
    head: HeadKind,
    batch: graphs.Batch,
    x: int,
    y: int,
    colour: tuple[int, int, int],
    label: str,
) -> None:
    detector = open_colours(catalog, tmp_path, head, batch)
    (found,) = detector.detect([square(x, y, colour)])
    assert found.counts() == {label: 1}
    np.testing.assert_allclose(found.xyxy * 64, [[x, y, x + 8, y + 8]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [1], rtol=1e-5)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("batch", [1, "n"])
def test_a_batch_of_pictures_of_different_sizes(
    catalog: Catalog, tmp_path: Path, head: HeadKind, batch: graphs.Batch
) -> None:
    detector = open_colours(catalog, tmp_path, head, batch, max_batch=2)
    pictures = [
        square(8, 8, RED),
        square(64, 32, GREEN, side=32, size_wh=(256, 128)),  # ¼ of the size, flat
        np.zeros((64, 64, 3), np.uint8),
    ]
    first, second, third = detector.detect(pictures)
    assert first.counts() == {"red": 1}
    assert second.counts() == {"green": 1}
    np.testing.assert_allclose(second.xyxy, [[0.25, 0.25, 0.375, 0.5]], atol=1e-5)
    assert len(third) == 0


def test_no_pictures_give_no_detections(catalog: Catalog, tmp_path: Path) -> None:
    assert open_colours(catalog, tmp_path).detect([]) == []


def test_a_fitted_picture_gives_the_same_boxes(catalog: Catalog, tmp_path: Path) -> None:
    detector = open_colours(catalog, tmp_path)
    assert detector.fit_wh((1920, 1080)) == (64, 36)
    assert detector.fit_wh((64, 36)) == (64, 36)


def test_ref_and_labels_are_the_models(catalog: Catalog, tmp_path: Path) -> None:
    detector = open_colours(catalog, tmp_path)
    assert detector.ref == catalog.get("colours").ref
    assert detector.labels == graphs.RGB_LABELS


def test_only_the_labels_asked_for_come_back(catalog: Catalog, tmp_path: Path) -> None:
    detector = open_colours(catalog, tmp_path, labels=("green",))
    red, green = detector.detect([square(0, 0, RED), square(0, 0, GREEN)])
    assert len(red) == 0
    assert green.counts() == {"green": 1}


def test_an_unknown_label_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="knows no pink; expected some of: red, green"):
        open_colours(catalog, tmp_path, labels=("green", "pink"))


@pytest.mark.parametrize("head", HEADS)
def test_no_more_boxes_than_allowed(catalog: Catalog, tmp_path: Path, head: HeadKind) -> None:
    detector = open_colours(catalog, tmp_path, head, max_boxes=3)
    (found,) = detector.detect([square(0, 0, RED, side=64)])
    assert len(found) == 3


@pytest.mark.parametrize("head", HEADS)
def test_boxes_in_the_padding_are_dropped_and_others_clipped(
    catalog: Catalog, tmp_path: Path, head: HeadKind
) -> None:
    """A confidence of 0 lets every cell through, those of the padding included."""
    detector = open_colours(catalog, tmp_path, head, confidence=0)
    (found,) = detector.detect([np.zeros((20, 64, 3), np.uint8)])
    assert 0 < len(found) < graphs.CELLS
    assert found.xyxy.min() >= 0
    assert found.xyxy.max() <= 1
    assert (found.xyxy[:, 3] > found.xyxy[:, 1]).all()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(
    catalog: Catalog, tmp_path: Path, image: NDArray[Any]
) -> None:
    detector = open_colours(catalog, tmp_path)
    with pytest.raises(ValueError, match=r"expected a picture of shape \(h, w, 3\), uint8"):
        detector.detect([image])


def test_several_threads_may_look_at_once(catalog: Catalog, tmp_path: Path) -> None:
    detector = open_colours(catalog, tmp_path)
    pictures = [square(8 * (i % 8), 8 * (i // 8 % 8)) for i in range(64)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda picture: detector.detect([picture])[0], pictures))
    lefts = [round(float(one.xyxy[0, 0] * 64)) for one in found]
    assert lefts == [8 * (i % 8) for i in range(64)]


def test_a_model_that_is_not_known(catalog: Catalog) -> None:
    with pytest.raises(ModelMissing, match="no model nothing in the catalogue"):
        Detector.open(catalog, DetectorSettings(model="nothing"))


def test_a_model_whose_file_was_changed(catalog: Catalog, tmp_path: Path) -> None:
    detector = open_colours(catalog, tmp_path)
    path = catalog.path(detector.ref.name)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(ModelCorrupt, match=r"expected .* sha256 .*, got .* sha256"):
        Detector.open(catalog, DetectorSettings(model="colours"))
