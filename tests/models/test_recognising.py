"""Which head a file has is read off its values: shapes that fit several heads prove nothing."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from domain.errors import ModelError, ModelShapeError
from models.catalogue.catalog import Catalog
from models.catalogue.class_words import rule_words
from models.catalogue.entry import ModelEntry
from models.detections import Detections
from models.detector import Detector
from models.detector_settings import DetectorSettings
from tests.models import graphs
from tests.models.constant_graphs import (
    CELLS,
    CENTRE,
    CORNERS,
    SIDE,
    constant_graph,
    endless_graph,
    greedy_graph,
)
from tests.shared_data import shared_data

ONE, TWO = ("fire",), ("fire", "smoke")
UNIT_CENTRE = tuple(value / SIDE for value in CENTRE)
UNIT_CORNERS = tuple(value / SIDE for value in CORNERS)
BOX = [value / SIDE for value in CORNERS]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "town")


def exported(
    labels: tuple[str, ...], description: str = "An export", **more: str
) -> dict[str, str]:
    return graphs.export_metadata(labels) | {"description": description} | more


def seen(catalog: Catalog, entry: ModelEntry) -> Detections:
    """What the whole detector finds in a grey picture."""
    detector = Detector.open(catalog, DetectorSettings(model=entry.name, provider="cpu"))
    return detector.detect([np.full((SIDE, SIDE, 3), 90, np.uint8)])[0]


@pytest.mark.parametrize(
    ("labels", "row", "total", "across", "head", "boxes"),
    [
        pytest.param(TWO, (*CENTRE, 0.9, 0), CELLS, True, "yolov8", "pixels", id="v8"),
        pytest.param(TWO, (*UNIT_CENTRE, 0.9, 0), CELLS, True, "yolov8", "unit", id="v8-0-1"),
        pytest.param(ONE, (*CENTRE, 0.9, 1), 3 * CELLS, False, "yolov5", "pixels", id="v5-one"),
        pytest.param(TWO, (*CENTRE, 0.9, 1, 0), 3 * CELLS, False, "yolov5", "pixels", id="v5"),
        pytest.param(
            TWO, (*UNIT_CENTRE, 0.9, 1, 0), 3 * CELLS, False, "yolov5", "unit", id="v5-0-1"
        ),
        pytest.param(TWO, (*CORNERS, 0.9, 0), 300, False, "yolo26", "pixels", id="end-to-end"),
        pytest.param(ONE, (*CORNERS, 0.9, 0), 300, False, "yolo26", "pixels", id="end-to-end-one"),
        pytest.param(TWO, (*UNIT_CORNERS, 0.9, 0), 300, False, "yolo26", "unit", id="e2e-0-1"),
        pytest.param(ONE, (*UNIT_CENTRE, 0.9), 300, False, "rtdetr", "pixels", id="rt-detr-one"),
    ],
)
def test_a_head_is_told_by_its_values(
    catalog: Catalog,
    tmp_path: Path,
    labels: tuple[str, ...],
    row: tuple[Any, ...],
    total: int,
    across: bool,
    head: str,
    boxes: str,
) -> None:
    description = "Ultralytics YOLOv10n model" if boxes == "unit" and total == 300 else "A model"
    file = constant_graph(
        tmp_path / "m.onnx",
        [row],
        total,
        across=across,
        metadata=exported(labels, description),
    )
    entry = catalog.import_file(file)
    assert (entry.head, entry.boxes) == (head, boxes)
    found = seen(catalog, entry)
    assert found.xyxy[0].tolist() == pytest.approx(BOX, abs=0.01)
    assert found.scores[0] == pytest.approx(0.9, abs=0.01)
    assert found.labels[found.class_ids[0]] == "fire"


def test_rt_detr_of_two_classes_is_no_end_to_end_network_of_six_columns(
    catalog: Catalog, tmp_path: Path
) -> None:
    metadata = exported(TWO, "Ultralytics rt-detr-l model")
    row = (*UNIT_CENTRE, 0.9, 0.02)
    file = constant_graph(tmp_path / "m.onnx", [row], 300, metadata=metadata)
    entry = catalog.import_file(file)
    assert entry.head == "rtdetr"
    assert seen(catalog, entry).xyxy[0].tolist() == pytest.approx(BOX, abs=0.01)


def test_what_values_leave_open_has_to_be_said(catalog: Catalog, tmp_path: Path) -> None:
    """Whole numbers in the last column, corners or sizes alike, and no word of its maker."""
    row = (0.3, 0.3, 0.4, 0.4, 0.9, 0.0)
    file = constant_graph(tmp_path / "m.onnx", [row], 300, metadata=exported(TWO))
    with pytest.raises(ModelShapeError, match=r"may be yolo26 or rtdetr.*give --head"):
        catalog.import_file(file)
    assert catalog.import_file(file, head="rtdetr").head == "rtdetr"


def test_a_network_that_found_nothing_proves_nothing(catalog: Catalog, tmp_path: Path) -> None:
    file = constant_graph(tmp_path / "m.onnx", [[0.0] * 6], 300, metadata=exported(ONE))
    with pytest.raises(ModelShapeError, match="found nothing in the trial pictures"):
        catalog.import_file(file)
    said = constant_graph(
        tmp_path / "n.onnx", [[0.0] * 6], 300, metadata=exported(ONE, end2end="True")
    )
    assert catalog.import_file(said).head == "yolo26"


@pytest.mark.parametrize(
    ("row", "total", "across", "words"),
    [
        ((*CORNERS, 0.9, 0), CELLS, True, "expected centre and size"),
        ((*CENTRE, 9.0, -4.0), CELLS, True, "scores run from -4 to 9, expected 0 to 1"),
        ((*CENTRE, 0.9, 0), 300, False, "not yolo26: .*no corners.*not rtdetr: .*reach to 32"),
        ((*CORNERS, 0.0, 0.9), 300, False, "cannot tell the head"),
        ((*CORNERS, 0.9, 5.0), 300, False, "tells of class 5, but has 2 class names"),
        ((*CORNERS, 0.9, 0.5), 300, False, "sixth column holds 0.5, expected whole"),
        ((0.0, *CORNERS, 0, 0.9), 300, False, "cannot tell the head"),
    ],
)
def test_values_that_are_no_heads_are_refused_in_words(
    catalog: Catalog, tmp_path: Path, row: tuple[Any, ...], total: int, across: bool, words: str
) -> None:
    file = constant_graph(tmp_path / "m.onnx", [row], total, across=across, metadata=exported(TWO))
    with pytest.raises(ModelShapeError, match=words):
        catalog.import_file(file)
    assert not list((tmp_path / "town").glob("*.onnx"))


def test_a_head_that_is_claimed_has_to_fit_the_values_too(catalog: Catalog, tmp_path: Path) -> None:
    file = constant_graph(tmp_path / "m.onnx", [(*CENTRE, 0.9, 0)], 300, metadata=exported(TWO))
    with pytest.raises(ModelShapeError, match=r"head yolo26 .* does not fit: .* no corners"):
        catalog.import_file(file, head="yolo26")


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        ("{0: 'Fire', 1: 'SMOKE'}", TWO),
        ("{0: '火焰', 1: '烟雾'}", TWO),
        ('{"0": "fire", "1": "smoke"}', TWO),
        ("['fire', 'smoke']", TWO),
    ],
)
def test_names_are_those_that_rules_look_for(
    catalog: Catalog, tmp_path: Path, names: str, labels: tuple[str, str]
) -> None:
    metadata = exported(TWO) | {"names": names}
    row = (*CENTRE, 0.9, 0)
    file = constant_graph(tmp_path / "m.onnx", [row], CELLS, across=True, metadata=metadata)
    assert catalog.import_file(file).labels == labels


def test_two_names_of_one_meaning_stay_apart() -> None:
    assert rule_words(("fire", "火焰", "Person")) == ("fire", "火焰", "person")


def test_one_number_is_the_side_of_a_square(catalog: Catalog, tmp_path: Path) -> None:
    metadata = exported(TWO) | {"imgsz": str(SIDE)}
    row = (*CENTRE, 0.9, 0)
    file = constant_graph(tmp_path / "m.onnx", [row], CELLS, across=True, metadata=metadata)
    assert catalog.import_file(file).input_wh == (SIDE, SIDE)


@pytest.mark.parametrize("key", ["names", "imgsz"])
@pytest.mark.parametrize("text", ["(" * 100_000, "[" * 1_000, "9" * 5_000, "[1]" * 800_000])
def test_metadata_without_measure_is_refused(
    catalog: Catalog, tmp_path: Path, key: str, text: str
) -> None:
    metadata = exported(TWO) | {key: text}
    file = constant_graph(tmp_path / "m.onnx", [(*CENTRE, 0.9, 0)], CELLS, metadata=metadata)
    with pytest.raises(ModelError):
        catalog.import_file(file)


def test_whole_numbers_cannot_tell_a_score(catalog: Catalog, tmp_path: Path) -> None:
    file = constant_graph(
        tmp_path / "m.onnx", [(*CENTRE, 0.9, 0)], CELLS, across=True, metadata=exported(TWO)
    )
    model = onnx.load(str(file))
    model.graph.node[-1].output[0] = "scores"
    cast = onnx.helper.make_node("Cast", ["scores"], ["output0"], to=onnx.TensorProto.INT64)
    model.graph.node.append(cast)
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.INT64
    onnx.save(model, str(file))
    with pytest.raises(ModelShapeError, match=r"output of float32, got tensor\(int64\)"):
        catalog.import_file(file)


def test_a_graph_that_loops_without_end_is_ended(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.importing.newcomer.TRY_WITHIN_S", 2.0)
    file = endless_graph(tmp_path / "m.onnx", exported(TWO))
    begun_s = time.monotonic()
    with pytest.raises(ModelError, match="not done after 2 s; does it loop without end"):
        catalog.import_file(file)
    assert time.monotonic() - begun_s < 30
    assert not list((tmp_path / "town").iterdir())


def test_a_graph_that_wants_all_memory_is_ended(catalog: Catalog, tmp_path: Path) -> None:
    file = greedy_graph(tmp_path / "m.onnx", exported(TWO))
    with pytest.raises(ModelError, match="memory"):
        catalog.import_file(file)


def test_an_input_without_measure_is_refused_before_it_is_made(
    catalog: Catalog, tmp_path: Path
) -> None:
    metadata = exported(TWO) | {"imgsz": "[8192, 8192]"}
    row = (*CENTRE, 0.9, 0)
    file = constant_graph(tmp_path / "m.onnx", [row], CELLS, metadata=metadata, side=8192)
    with pytest.raises(ModelShapeError, match="at most 16777216 pixels, got 8192 × 8192"):
        catalog.import_file(file)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "labels", "head"),
    [
        ("yolo11n_coco_640", 80, "yolov8"),
        ("fire_teacher_yolov8s_640", 2, "yolov8"),
    ],
)
def test_real_networks_are_told_by_their_values(
    tmp_path: Path, name: str, labels: int, head: str
) -> None:
    """The same files without anything known of them."""
    import onnx

    model = onnx.load(str(shared_data(f"weights/{name}.onnx")))
    onnx.helper.set_model_props(model, {"names": str({i: f"c{i}" for i in range(labels)})})
    onnx.save(model, str(tmp_path / "unknown.onnx"))
    entry = Catalog(tmp_path / "town").import_file(tmp_path / "unknown.onnx")
    assert (entry.head, entry.boxes) == (head, "pixels")


def test_a_model_registered_before_its_values_were_looked_at_is_found_out(
    catalog: Catalog, tmp_path: Path
) -> None:
    """As `patrol check` does: entries of an older version stay in a data directory."""
    row = (*CENTRE, 0.9, 1)
    file = constant_graph(tmp_path / "m.onnx", [row], 3 * CELLS, metadata=exported(ONE))
    entry = catalog.import_file(file)
    catalog.check(entry.name)
    text = (tmp_path / "town" / "catalog.yaml").read_text()
    (tmp_path / "town" / "catalog.yaml").write_text(text.replace("head: yolov5", "head: yolo26"))
    with pytest.raises(ModelShapeError, match=r"head yolo26 .* does not fit"):
        Catalog(tmp_path / "town").check(entry.name)


def test_an_old_entry_of_boxes_in_0_to_1_is_mended_by_importing_again(
    catalog: Catalog, tmp_path: Path
) -> None:
    row = (*UNIT_CENTRE, 0.9, 0)
    file = constant_graph(tmp_path / "m.onnx", [row], CELLS, across=True, metadata=exported(TWO))
    entry = catalog.import_file(file)
    written = tmp_path / "town" / "catalog.yaml"
    written.write_text(written.read_text().replace("boxes: unit", "boxes: pixels"))
    old = Catalog(tmp_path / "town")
    with pytest.raises(ModelShapeError, match="bring it in again with: patrol models import"):
        old.check(entry.name)
    assert old.import_file(file).boxes == "unit"
    old.check(entry.name)
