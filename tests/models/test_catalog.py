import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.errors import (
    ConfigurationError,
    ModelCorrupt,
    ModelError,
    ModelMissing,
    ModelShapeError,
)
from models.catalogue.catalog import Catalog
from models.catalogue.metadata import MAX_TOLD, ExportMetadata
from tests.models import graphs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def catalog(folder: Path) -> Catalog:
    return Catalog(folder)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An ultralytics export that describes itself."""
    return graphs.yolov8_graph(
        tmp_path / "tiny_colours.onnx", batch="n", metadata=graphs.export_metadata()
    )


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_builtin_entries() -> None:
    entries = {entry.name: entry for entry in Catalog(None).entries()}
    start, small = entries["yolo11n-coco-640"], entries["yolox-nano-coco-416"]
    assert len(start.labels) == 80
    assert start.labels == small.labels
    assert start.labels[:3] == ("person", "bicycle", "car")


def test_an_unknown_name_lists_what_there_is(catalog: Catalog) -> None:
    with pytest.raises(ModelMissing, match=r"one of: .*yolo11n-coco-640, .*yolox-nano") as info:
        catalog.get("mine")
    assert "patrol models import FILE --name mine" in str(info.value)


def test_a_known_model_without_its_file_says_how_to_bring_it(
    catalog: Catalog, folder: Path
) -> None:
    with pytest.raises(ModelMissing) as info:
        catalog.path("yolo11n-coco-640")
    assert str(folder / "yolo11n_coco_640.onnx") in str(info.value)
    assert "10703944 bytes" in str(info.value)
    assert "patrol models import FILE" in str(info.value)


def test_without_a_folder_nothing_can_be_opened_or_imported(export: Path) -> None:
    with pytest.raises(ModelMissing, match="folder of models, none is set"):
        Catalog(None).path("yolo11n-coco-640")
    with pytest.raises(ModelMissing, match="folder of models, none is set"):
        Catalog(None).import_file(export)


def test_an_export_describes_itself(catalog: Catalog, folder: Path, export: Path) -> None:
    entry = catalog.import_file(export)
    assert (entry.name, entry.head, entry.input_wh) == ("tiny-colours", "yolov8", (64, 64))
    assert entry.labels == graphs.RGB_LABELS
    assert (entry.licence, entry.origin) == ("AGPL-3.0", "A tiny model of colours")
    assert catalog.path("tiny-colours").read_bytes() == export.read_bytes()
    assert files_in(folder) == ["catalog.yaml", "tiny-colours.onnx"]


def test_an_end_to_end_export_is_recognised(catalog: Catalog, tmp_path: Path) -> None:
    path = graphs.yolo26_graph(tmp_path / "e2e.onnx", metadata=graphs.export_metadata())
    assert catalog.import_file(path).head == "yolo26"


@pytest.mark.parametrize("said", [{}, {"head": "yolo-dfl"}])
def test_an_export_of_our_own_is_recognised(
    catalog: Catalog, tmp_path: Path, said: dict[str, str]
) -> None:
    metadata = graphs.export_metadata() | said
    path = graphs.yolo_dfl_graph(tmp_path / "ours.onnx", metadata=metadata)
    assert catalog.import_file(path).head == "yolo-dfl"


def test_what_a_file_says_of_its_head_must_be_true(catalog: Catalog, tmp_path: Path) -> None:
    metadata = graphs.export_metadata() | {"head": "yolo-dfl"}
    path = graphs.yolov8_graph(tmp_path / "false.onnx", metadata=metadata)
    with pytest.raises(ModelShapeError, match=r"shape \[1, 67, 84\].*got \[1, 7, 84\]"):
        catalog.import_file(path)


def test_an_import_outlives_the_process(catalog: Catalog, folder: Path, export: Path) -> None:
    entry = catalog.import_file(export)
    assert Catalog(folder).get("tiny-colours") == entry


def test_two_catalogues_of_one_folder_keep_each_others_imports(
    folder: Path, export: Path, tmp_path: Path
) -> None:
    first, second = Catalog(folder), Catalog(folder)
    first.import_file(export)
    second.import_file(
        graphs.yolox_graph(tmp_path / "x.onnx"), head="yolox", labels=["a", "b", "c"]
    )
    assert {"tiny-colours", "x"} <= {entry.name for entry in Catalog(folder).entries()}


def test_importing_again_changes_nothing(catalog: Catalog, folder: Path, export: Path) -> None:
    first = catalog.import_file(export)
    before = (folder / "catalog.yaml").read_text()
    assert catalog.import_file(export) == first
    assert (folder / "catalog.yaml").read_text() == before


def test_importing_again_mends_a_damaged_file(catalog: Catalog, folder: Path, export: Path) -> None:
    catalog.import_file(export)
    (folder / "tiny-colours.onnx").write_bytes(b"damaged")
    catalog.import_file(export)
    assert catalog.path("tiny-colours").read_bytes() == export.read_bytes()


def test_a_known_file_may_have_a_second_name(catalog: Catalog, export: Path) -> None:
    catalog.import_file(export)
    entry = catalog.import_file(export, name="second")
    assert (entry.name, entry.file, entry.head) == ("second", "second.onnx", "yolov8")
    assert catalog.get("tiny-colours").sha256 == entry.sha256


@pytest.mark.parametrize("name", ["../out", "a/b", "", " "])
def test_a_name_that_is_no_name_is_refused(
    catalog: Catalog, folder: Path, export: Path, name: str
) -> None:
    if name:
        with pytest.raises(ModelError, match="name"):
            catalog.import_file(export, name=name)
        catalog.import_file(export)
        with pytest.raises(ModelError, match="name"):
            catalog.import_file(export, name=name)
        assert files_in(folder.parent) == ["models", "tiny_colours.onnx"]
    else:
        assert catalog.import_file(export, name=name).name == "tiny-colours"


def test_a_claim_against_what_is_known_is_refused(catalog: Catalog, export: Path) -> None:
    catalog.import_file(export)
    with pytest.raises(ModelError, match="known as tiny-colours: expected head yolov8, got yolox"):
        catalog.import_file(export, head="yolox")


def test_one_name_stands_for_one_file(catalog: Catalog, export: Path, tmp_path: Path) -> None:
    entry = catalog.import_file(export)
    other = graphs.yolo26_graph(tmp_path / "other.onnx", metadata=graphs.export_metadata())
    with pytest.raises(ModelCorrupt) as info:
        catalog.import_file(other, name="tiny-colours")
    assert f"expected {entry.size_bytes} bytes, sha256 {entry.sha256}" in str(info.value)
    assert "--name" in str(info.value)
    assert catalog.path("tiny-colours").read_bytes() == export.read_bytes()


def test_another_models_file_is_never_overwritten(
    catalog: Catalog, folder: Path, export: Path
) -> None:
    with pytest.raises(ModelError, match=r"belongs to the model yolo11n-coco-640; .* --name"):
        catalog.import_file(export, name="yolo11n_coco_640")
    assert files_in(folder) == []
    catalog.import_file(export)
    with pytest.raises(ModelError, match="belongs to the model yolo11n-coco-640"):
        catalog.import_file(export, name="yolo11n_coco_640")  # known by now


def test_a_truncated_copy_of_a_known_model_is_recognised_by_its_name(
    catalog: Catalog, folder: Path, tmp_path: Path
) -> None:
    part = tmp_path / "yolo11n_coco_640.onnx"
    part.write_bytes(b"\x08\x08\x12\x07")
    with pytest.raises(ModelCorrupt, match=r"expected 10703944 bytes, .* got 4 bytes, .* again"):
        catalog.import_file(part)
    assert files_in(folder) == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, "give --labels"),
        (
            {"labels": ["a", "b", "c"]},
            "give --head yolov8, yolo-dfl, yolo26, yolov5, rtdetr, yolox",
        ),
        (
            {"labels": ["a", "b"], "head": "yolov8"},
            r"expects an output of shape \[1, 6, 84\].*got \[1, 7, 84\]",
        ),
        (
            {"labels": ["a", "b", "c"], "head": "yolox"},
            r"expects an output of shape \[1, 84, 8\].*got \[1, 7, 84\]",
        ),
        (
            {"labels": ["a", "b", "c"], "head": "yolov8", "input_wh": (32, 64)},
            r"input of shape \[1 or open, 3, 64, 32\], got \[1, 3, 64, 64\]",
        ),
        ({"labels": [], "head": "yolov8"}, "give --labels"),
    ],
)
def test_what_a_silent_file_needs(
    catalog: Catalog, folder: Path, tmp_path: Path, said: dict[str, Any], expected: str
) -> None:
    path = graphs.yolov8_graph(tmp_path / "silent.onnx")
    with pytest.raises(ModelShapeError, match=expected):
        catalog.import_file(path, **said)
    assert files_in(folder) == []  # no draft, no entry
    assert "silent" not in [entry.name for entry in catalog.entries()]


def test_a_head_that_cannot_be_told_from_the_output(catalog: Catalog, tmp_path: Path) -> None:
    metadata = graphs.export_metadata(("a", "b"))
    path = graphs.yolov8_graph(tmp_path / "odd.onnx", metadata=metadata)
    with pytest.raises(ModelShapeError, match=r"output of shape \[1, 7, 84\] with 2 classes"):
        catalog.import_file(path)


def test_an_open_input_size_has_to_be_said(catalog: Catalog, tmp_path: Path) -> None:
    path = graphs.yolov8_graph(tmp_path / "open.onnx", side="side")
    with pytest.raises(ModelShapeError, match="give --input-size"):
        catalog.import_file(path, head="yolov8", labels=graphs.RGB_LABELS)
    entry = catalog.import_file(
        path, head="yolov8", labels=graphs.RGB_LABELS, input_wh=(64, 64), licence="MIT"
    )
    assert (entry.input_wh, entry.licence) == ((64, 64), "MIT")


def test_weights_that_give_no_numbers_are_refused(catalog: Catalog, tmp_path: Path) -> None:
    path = graphs.undefined_graph(tmp_path / "nan.onnx")
    with pytest.raises(ModelCorrupt, match="expected numbers for a black picture"):
        catalog.import_file(path, head="yolov8", labels=graphs.RGB_LABELS)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"task": "segment"}, "task 'detect', got 'segment'"),
        ({"names": "{0: 'a'"}, "'names': expected a literal"),
        ({"names": "{1: 'a'}"}, "a name for each class id from 0 on"),
        ({"head": "yolo99"}, "'head': expected one of .*yolo-dfl.*, got 'yolo99'"),
        (
            {"names": "['a', 'b', 'c']", "imgsz": "'64'"},
            r"expected \[height, width\], or one side, got '64'",
        ),
    ],
)
def test_metadata_that_does_not_fit(
    catalog: Catalog, tmp_path: Path, metadata: dict[str, str], expected: str
) -> None:
    path = graphs.yolov8_graph(tmp_path / "odd.onnx", metadata=metadata)
    with pytest.raises(ModelShapeError, match=expected):
        catalog.import_file(path)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({0: "", 1: "fire"}, "an empty one"),
        ({0: "a" * 1_000, 1: "fire"}, "at most 100 signs, got 1000"),
        ({0: "per\x1b[31mson", 1: "fire"}, "invisible ones"),
        ({0: "a\u202eb", 1: "fire"}, "invisible ones"),
    ],
)
def test_a_class_name_that_nobody_could_read_is_refused(
    catalog: Catalog, tmp_path: Path, names: dict[int, str], expected: str
) -> None:
    metadata = {"names": str(names), "imgsz": "[64, 64]", "task": "detect"}
    path = graphs.yolov8_graph(tmp_path / "odd.onnx", metadata=metadata)
    with pytest.raises(ModelError, match=f"labels.*{expected}"):
        catalog.import_file(path)


def test_what_an_exporter_says_is_kept_in_one_visible_line_without_passwords() -> None:
    said = ExportMetadata.read(
        {"license": "AGPL\x1b[2J\n3.0", "description": "rtsp://a:Zq7x@10.0.0.1/ " + "x" * 9_000},
        "m.onnx",
    )
    assert said.licence == "AGPL [2J 3.0"
    assert said.origin is not None
    assert said.origin.startswith("rtsp://a:***@10.0.0.1/ x")
    assert len(said.origin) == MAX_TOLD


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "this is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "git lfs pull"),
        (b"<html><body>404</body></html>", "a page of the web"),
        (b'{"error": "not found"}', "JSON"),
        (b"PK\x03\x04archive", "an archive"),
        (b"\x80\x02}q\x00.", "a pickle of PyTorch"),
        (b"\x1f\x8b\x08", "packed by gzip"),
    ],
)
def test_a_file_of_another_kind_under_a_models_name_is_called_by_its_own(
    catalog: Catalog, tmp_path: Path, data: bytes, expected: str
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelCorrupt, match=expected):
        catalog.import_file(path)


def test_a_pipe_under_a_models_name_is_not_waited_for(catalog: Catalog, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.onnx")
    with pytest.raises(ModelError, match="got a pipe or device"):
        catalog.import_file(tmp_path / "m.onnx")


def test_what_is_no_model_file(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"gone\.onnx: expected an ONNX file, found none"):
        catalog.import_file(tmp_path / "gone.onnx")
    with pytest.raises(ModelError, match="got a folder"):
        catalog.import_file(tmp_path)
    weights = tmp_path / "best.pt"
    weights.write_bytes(b"torch")
    with pytest.raises(ModelError, match=r"expected an ONNX file \(\.onnx\), got \.pt"):
        catalog.import_file(weights)
    (tmp_path / "text.onnx").write_text("not a graph")
    with pytest.raises(ModelCorrupt, match="cannot be opened as an ONNX graph"):
        catalog.import_file(tmp_path / "text.onnx")


def test_a_place_that_cannot_be_written(catalog: Catalog, folder: Path, export: Path) -> None:
    (folder / "tiny-colours.onnx" / "full").mkdir(parents=True)
    with pytest.raises(ModelError, match=r"tiny_colours\.onnx: cannot be copied into .*models"):
        catalog.import_file(export)
    assert files_in(folder) == ["tiny-colours.onnx"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda data: data[: len(data) // 2], "is truncated: expected .* bytes, .* got .* bytes"),
        (lambda data: data + b"x", "is wrong: expected"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "got .* bytes, sha256"),
    ],
)
def test_a_file_that_changed_is_refused(
    catalog: Catalog, export: Path, change: Callable[[bytes], bytes], expected: str
) -> None:
    catalog.import_file(export)
    path = catalog.path("tiny-colours")
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ModelCorrupt, match=expected):
        catalog.path("tiny-colours")


def test_a_file_laid_into_the_folder_by_hand_is_found(
    catalog: Catalog, folder: Path, export: Path
) -> None:
    catalog.import_file(export)
    shutil.move(folder / "tiny-colours.onnx", folder.parent / "aside.onnx")
    with pytest.raises(ModelMissing):
        catalog.path("tiny-colours")
    shutil.copy(folder.parent / "aside.onnx", folder / "tiny-colours.onnx")
    assert catalog.path("tiny-colours") == folder / "tiny-colours.onnx"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("models: [", "expected a YAML file with a list `models`"),
        ("other: 1", "expected a YAML file with a list `models`"),
        ("", "expected a YAML file with a list `models`"),
        ("models: [{name: x}]", r"models\.0\.file: expected this key"),
    ],
)
def test_a_catalogue_that_cannot_be_understood(folder: Path, text: str, expected: str) -> None:
    folder.mkdir()
    (folder / "catalog.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=expected):
        Catalog(folder)


def test_a_catalogue_never_reaches_out_of_its_folder(
    catalog: Catalog, folder: Path, export: Path
) -> None:
    catalog.import_file(export)
    path = folder / "catalog.yaml"
    data = yaml.safe_load(path.read_text())
    data["models"][0]["file"] = "../tiny_colours.onnx"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(ConfigurationError, match=r"models\.0\.file"):
        Catalog(folder)
