"""Quantising a tiny network with real convolutions, calibrated on real pictures."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from domain.errors import ConfigurationError, ModelCorrupt, ModelShapeError
from lab.scores.comparing import compare
from lab.training.quantising import QuantiseSettings, float_convolutions, pictures_in, quantise
from models.catalogue.catalog import Catalog
from models.catalogue.entry import ModelEntry
from models.catalogue.files import sha256_of
from models.sessions.session import Session
from tests.models import graphs
from tests.models.pictures import BLUE, GREEN, RED, square
from tests.patrol.test_cli import patrol
from tests.shared_data import shared_data

COLOURS = {0: RED, 1: GREEN, 2: BLUE}


def convolved(path: Path) -> Path:
    """The yolov8 graph of colours, with two convolutions of 1×1 before it that change nothing."""
    model = onnx.load(str(graphs.yolov8_graph(path, metadata=graphs.export_metadata())))
    weights = np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1)
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            if name == "images":
                node.input[index] = "twice"
    for name, source, target in (("a", "images", "once"), ("b", "once", "twice")):
        model.graph.initializer.append(numpy_helper.from_array(weights, f"{name}_weights"))
        node = helper.make_node("Conv", [source, f"{name}_weights"], [target], name=name)
        model.graph.node.insert(0 if name == "a" else 1, node)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return convolved(tmp_path / "colours.onnx")


@pytest.fixture
def entry(source: Path) -> ModelEntry:
    return ModelEntry(
        name="colours",
        file="colours.onnx",
        sha256=sha256_of(source),
        size_bytes=source.stat().st_size,
        labels=graphs.RGB_LABELS,
        input_wh=(graphs.SIDE, graphs.SIDE),
        head="yolov8",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six labelled pictures with one square each."""
    for part in ("images", "labels"):
        (tmp_path / "set" / part).mkdir(parents=True)
    for index in range(6):
        x, y = 8 * index, 8 * (index % 3)
        picture = square(x, y, COLOURS[index % 3])
        cv2.imwrite(str(tmp_path / "set" / "images" / f"{index}.png"), picture)
        centre = f"{(x + 4) / 64} {(y + 4) / 64} {8 / 64} {8 / 64}"
        (tmp_path / "set" / "labels" / f"{index}.txt").write_text(f"{index % 3} {centre}\n")
    return tmp_path / "set"


@pytest.fixture
def silent(source: Path, entry: ModelEntry) -> tuple[Path, ModelEntry]:
    """The same of an older opset, with a licence in the catalogue and not a word in the file."""
    model = onnx.load(str(source))
    (total,) = (node for node in model.graph.node if node.op_type == "ReduceSum")
    total.input.pop()  # the axes, an attribute then
    total.attribute.append(helper.make_attribute("axes", [1, 2]))
    model.opset_import[0].version = 11
    del model.metadata_props[:]
    onnx.save(model, str(source))
    facts = {"sha256": sha256_of(source), "size_bytes": source.stat().st_size, "licence": "MIT"}
    return source, entry.model_copy(update=facts)


def _operators(path: Path) -> list[str]:
    return [node.op_type for node in onnx.load(str(path)).graph.node]


@pytest.mark.parametrize("method", ["minmax", "percentile", "entropy"])
def test_convolutions_count_in_8_bits_and_say_nearly_the_same(
    tmp_path: Path, source: Path, entry: ModelEntry, folder: Path, method: str
) -> None:
    seen = []
    settings = QuantiseSettings(method=method)
    progress = lambda *done: seen.append(done)  # noqa: E731
    target = quantise(source, entry, folder / "images", tmp_path / "q.onnx", settings, progress)
    assert _operators(target).count("DequantizeLinear") >= 4
    assert seen[-1] == (6, 6)
    assert Session.open(target).metadata == Session.open(source).metadata | {"head": "yolov8"}
    picture = np.zeros((1, 3, 64, 64), np.float32)
    picture[0, 0, :8, :8] = 1
    before, after = (Session.open(path).run(picture) for path in (source, target))
    # Six pictures of one square each are mostly black: histograms cut what is rare.
    np.testing.assert_allclose(after, before, atol=0.02 if method == "minmax" else 1.0)


@pytest.mark.parametrize("per_channel", [True, False])
def test_what_only_the_catalogue_knew_is_told_by_the_file(
    tmp_path: Path, silent: tuple[Path, ModelEntry], folder: Path, per_channel: bool
) -> None:
    target = tmp_path / "made" / "q.onnx"  # a folder that is not there yet
    quantise(*silent, folder, target, QuantiseSettings(per_channel=per_channel))
    assert "QuantizeLinear" in _operators(target)
    entry = Catalog(tmp_path / "models").import_file(target)
    assert (entry.labels, entry.input_wh) == (graphs.RGB_LABELS, (graphs.SIDE, graphs.SIDE))
    assert (entry.head, entry.licence, entry.origin) == ("yolov8", "MIT", "not stated")


def test_what_cannot_be_opened_is_never_put_into_its_place(
    tmp_path: Path, source: Path, entry: ModelEntry, folder: Path
) -> None:
    target = tmp_path / "out" / "q.onnx"
    wrong = entry.model_copy(update={"head": "yolox"})
    with pytest.raises(ModelShapeError, match=r"out/q\.onnx.*head yolox with 3 classes"):
        quantise(source, wrong, folder, target, QuantiseSettings())
    assert list(target.parent.iterdir()) == []


@pytest.mark.shared_data
def test_yolox_is_quantised_and_imported_by_its_file_alone(tmp_path: Path) -> None:
    source = shared_data("weights/yolox_nano_coco_416.onnx")
    pictures = shared_data("images/coco/val")
    entry = Catalog(None).get("yolox-nano-coco-416")
    target = tmp_path / "q.onnx"
    quantise(source, entry, pictures, target, QuantiseSettings(method="minmax", pictures=1))
    quantised = Catalog(tmp_path / "models").import_file(target)
    assert quantised == entry.model_copy(
        update={
            "name": "q",
            "file": "q.onnx",
            "sha256": sha256_of(target),
            "size_bytes": target.stat().st_size,
            "note": "",
        }
    )


@pytest.mark.parametrize("settings", [{"activations": "int8"}, {"per_channel": False}])
def test_other_steps_work_too(
    tmp_path: Path,
    source: Path,
    entry: ModelEntry,
    folder: Path,
    settings: dict[str, Any],
) -> None:
    target = tmp_path / "q.onnx"
    quantise(source, entry, folder, target, QuantiseSettings(**settings))
    assert "QuantizeLinear" in _operators(target)


def test_convolutions_near_the_outputs_can_be_left_alone(
    tmp_path: Path, source: Path, entry: ModelEntry, folder: Path
) -> None:
    graph = onnx.load(str(source)).graph
    assert [float_convolutions(graph, levels) for levels in range(3)] == [[], ["b"], ["a", "b"]]
    target = tmp_path / "q.onnx"
    quantise(source, entry, folder, target, QuantiseSettings(float_levels=2))
    assert "QuantizeLinear" not in _operators(target)


def test_pictures_are_chosen_evenly_and_must_be_there(tmp_path: Path, folder: Path) -> None:
    assert [p.stem for p in pictures_in(folder, 3)] == ["0", "2", "5"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match=r"empty: expected pictures .*, found none"):
        pictures_in(tmp_path / "empty", 3)


def test_a_broken_picture_is_named(tmp_path: Path, source: Path, entry: ModelEntry) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "broken.jpg").write_text("This is no picture.")
    with pytest.raises(ModelCorrupt, match=r"broken\.jpg: cannot be read as a picture"):
        quantise(source, entry, tmp_path / "set", tmp_path / "q.onnx", QuantiseSettings())


def test_the_comparison_scores_both_and_takes_turns(
    tmp_path: Path, source: Path, entry: ModelEntry, folder: Path
) -> None:
    settings = QuantiseSettings(method="minmax")
    target = quantise(source, entry, folder, tmp_path / "q.onnx", settings)
    ticks = iter(range(10_000))
    compared = compare((source, target), entry, folder, timer=lambda: float(next(ticks)))
    assert compared.run_cpu_ms == (1000.0, 1000.0)
    assert compared.scores[0].ap50 == compared.scores[1].ap50 == pytest.approx(1.0)
    assert compared.scores[0].model.sha256 == entry.sha256 != compared.scores[1].model.sha256


def test_the_command_prints_what_it_costs_and_gains(
    tmp_path: Path, source: Path, folder: Path
) -> None:
    Catalog(tmp_path / "data" / "models").import_file(source)
    out, facts = tmp_path / "q.onnx", tmp_path / "facts.json"
    result = patrol(
        "models", "quantise", "colours", "--pictures", folder / "images", "--out", out,
        "--score", folder, "--json", facts, "--data", tmp_path / "data",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "AP50-95" in result.stdout
    assert "Collecting" not in result.stdout
    assert json.loads(facts.read_text())["size_bytes"][1] == out.stat().st_size
    assert patrol("models", "import", out, "--data", tmp_path / "data").returncode == 0
    by_file = patrol("models", "quantise", source, "--pictures", folder, "--out", out)
    assert by_file.returncode == 0, by_file.stderr
