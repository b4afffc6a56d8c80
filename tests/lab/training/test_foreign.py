"""Checkpoints of ultralytics become ONNX files. Needs the extra [train]."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("ultralytics", reason="the extra [train] is not installed")

from domain.errors import ModelCorrupt, ModelError  # noqa: E402
from lab.training.foreign import convert  # noqa: E402
from models.catalogue.catalog import Catalog  # noqa: E402
from models.sessions.session import Session  # noqa: E402
from patrol.commands.models import app  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
]
SIZE_WH = 128, 96


def _checkpoint(path: Any, kind: Any, config: Any, **more: Any) -> Any:
    """A network with random weights, saved as ultralytics saves one."""
    from ultralytics.nn import tasks

    torch.manual_seed(1)
    network = getattr(tasks, kind)(config, verbose=False, **more)
    torch.save({"model": network, "ema": None, "train_args": {}, "epoch": -1}, path)
    return path


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("DetectionModel", "yolo11n.yaml"),
        ("DetectionModel", "yolo26n.yaml"),
        ("SegmentationModel", "yolo11n-seg.yaml"),
    ],
)
def test_a_checkpoint_is_converted_and_imported(tmp_path: Path, kind: Any, config: Any) -> None:
    checkpoint = _checkpoint(tmp_path / "own.pt", kind, config, nc=3)
    target = convert(checkpoint, tmp_path / "own.onnx", SIZE_WH)
    session = Session.open(target)
    assert session.input_shape == (None, 3, 96, 128)
    assert session.run(np.zeros((3, 3, 96, 128), np.float32)).shape == (3, 7, 252)
    entry = Catalog(tmp_path / "models").import_file(target)
    assert (entry.head, entry.input_wh, len(entry.labels)) == ("yolov8", SIZE_WH, 3)
    assert (entry.licence, entry.origin) == ("AGPL-3.0", "converted from own.pt")


def test_an_end_to_end_network_keeps_its_own_end(tmp_path: Path) -> None:
    from ultralytics.nn.tasks import DetectionModel

    network = DetectionModel("yolo26n.yaml", nc=3, verbose=False)
    network.model[-1].end2end = True
    torch.save({"model": network, "ema": None, "train_args": {}, "epoch": -1}, tmp_path / "e.pt")
    target = convert(tmp_path / "e.pt", tmp_path / "e.onnx", SIZE_WH)
    assert Session.open(target).run(np.zeros((2, 3, 96, 128), np.float32)).shape == (2, 252, 6)
    assert Catalog(tmp_path / "models").import_file(target).head == "yolo26"


def test_weights_of_16_bits_are_half_the_size(tmp_path: Path) -> None:
    checkpoint = _checkpoint(tmp_path / "own.pt", "DetectionModel", "yolo11n.yaml", nc=3)
    half = convert(checkpoint, tmp_path / "half.onnx", SIZE_WH)
    whole = convert(checkpoint, tmp_path / "whole.onnx", SIZE_WH, half=False)
    assert half.stat().st_size < 0.6 * whole.stat().st_size


@pytest.mark.parametrize("config", ["yoloe-11s.yaml", "yoloe-11s-seg.yaml"])
def test_an_open_vocabulary_is_told_its_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Any
) -> None:
    from ultralytics.nn.tasks import YOLOEModel

    # Its text encoder would be fetched; any embeddings of the right size do for the conversion.
    monkeypatch.setattr(
        YOLOEModel, "get_text_pe", lambda self, words: torch.ones(1, len(words), 512) / 512**0.5
    )
    checkpoint = _checkpoint(tmp_path / "open.pt", "YOLOEModel", config)
    words = ["street stall", "vendor cart"]
    target = convert(checkpoint, tmp_path / "open.onnx", SIZE_WH, words)
    assert Catalog(tmp_path / "models").import_file(target).labels == tuple(words)
    with pytest.raises(ModelError, match="expected --classes"):
        convert(checkpoint, tmp_path / "open.onnx", SIZE_WH)


def test_without_internet_the_text_encoder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ultralytics.nn.tasks import YOLOEModel

    def offline(self: Any, words: Any) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(YOLOEModel, "get_text_pe", offline)
    checkpoint = _checkpoint(tmp_path / "open.pt", "YOLOEModel", "yoloe-11s.yaml")
    with pytest.raises(ModelError, match="its text encoder cannot be had"):
        convert(checkpoint, tmp_path / "open.onnx", SIZE_WH, ["cart"])


def test_what_is_no_detector_is_refused(tmp_path: Path) -> None:
    (tmp_path / "junk.pt").write_bytes(b"This is no checkpoint.")
    with pytest.raises(ModelCorrupt, match="not a checkpoint of ultralytics"):
        convert(tmp_path / "junk.pt", tmp_path / "m.onnx", SIZE_WH)
    checkpoint = _checkpoint(tmp_path / "c.pt", "ClassificationModel", "yolo11n-cls.yaml", nc=3)
    with pytest.raises(ModelError, match="expected a detector, got Classify"):
        convert(checkpoint, tmp_path / "m.onnx", SIZE_WH)
    with pytest.raises(ModelError, match="multiples of 32"):
        convert(checkpoint, tmp_path / "m.onnx", (100, 100))


def test_a_file_for_another_machine_takes_licence_and_name_along(tmp_path: Path) -> None:
    checkpoint = _checkpoint(tmp_path / "own.pt", "DetectionModel", "yolo11n.yaml", nc=3)
    out = tmp_path / "made" / "m.onnx"
    words = ["export", checkpoint, "--out", out, "--licence", "MIT", "--name", "ours",
             "--input-size", "128,96"]  # fmt: skip
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert f"patrol models import {out} --name ours" in result.stderr
    entry = Catalog(tmp_path / "models").import_file(out)
    assert (entry.licence, entry.origin) == ("MIT", "converted from own.pt")


def test_classes_of_its_own_cannot_be_changed(tmp_path: Path) -> None:
    checkpoint = _checkpoint(tmp_path / "own.pt", "DetectionModel", "yolo11n.yaml", nc=3)
    with pytest.raises(ModelError, match="has its own classes"):
        convert(checkpoint, tmp_path / "m.onnx", SIZE_WH, ["cart"])
