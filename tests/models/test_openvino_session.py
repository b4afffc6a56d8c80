"""The openvino door, with the real package. Where it is not installed these tests are skipped."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.errors import ModelCorrupt, ModelError, ModelMissing, ModelShapeError
from lab.footage.composed.folder import Order, write_composed
from lab.footage.labelled import read_folder
from models.catalogue.catalog import Catalog
from models.detector import Detector
from models.detector_settings import DetectorSettings, RunSettings
from models.heads.input_forms import ULTRALYTICS_INPUT, YOLOX_INPUT
from models.sessions import openvino_session
from models.sessions.openvino_session import OpenvinoSession
from models.sessions.runtime import open_graph
from models.sessions.session import Session
from tests.models import graphs

pytest.importorskip("openvino", reason="the extra [openvino] is not installed")

FP32 = RunSettings(provider="openvino", precision="fp32")


def _pictures(count: Any) -> Any:
    return np.random.default_rng(1).random((count, 3, 64, 64), np.float32)


@pytest.mark.parametrize("batch", [1, "n"])
@pytest.mark.parametrize("count", [1, 3])
def test_it_gives_what_onnxruntime_gives(tmp_path: Path, batch: Any, count: Any) -> None:
    path = graphs.yolov8_graph(tmp_path / "m.onnx", batch=batch)
    theirs = OpenvinoSession.open(path, FP32).run(_pictures(count))
    assert theirs.dtype == np.float32
    np.testing.assert_allclose(theirs, Session.open(path).run(_pictures(count)), atol=1e-5)


def test_outputs_are_kept_when_it_runs_again(tmp_path: Path) -> None:
    session = OpenvinoSession.open(graphs.yolov8_graph(tmp_path / "m.onnx"), FP32)
    first = session.run(np.ones((1, 3, 64, 64), np.float32))
    kept = first.copy()
    session.run(np.zeros((1, 3, 64, 64), np.float32))
    np.testing.assert_array_equal(first, kept)


def test_threads_do_not_mix_their_pictures(tmp_path: Path) -> None:
    session = OpenvinoSession.open(graphs.yolov8_graph(tmp_path / "m.onnx", batch="n"), FP32)
    wrong = []

    def look(level: Any) -> None:
        for _ in range(20):
            output = session.run(np.full((1 + level % 2, 3, 64, 64), level / 4, np.float32))
            if not np.allclose(output[:, 4:, :64], level / 4, atol=1e-5):
                wrong.append(level)

    threads = [threading.Thread(target=look, args=(level,)) for level in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_it_reads_shape_and_metadata(tmp_path: Path) -> None:
    metadata = graphs.export_metadata()
    path = graphs.yolov8_graph(tmp_path / "m.onnx", batch="n", metadata=metadata)
    session = OpenvinoSession.open(path, FP32)
    assert session.input_shape == (None, 3, 64, 64)
    assert session.metadata == metadata == Session.open(path).metadata
    assert OpenvinoSession.open(graphs.yolov8_graph(tmp_path / "n.onnx"), FP32).metadata == {}


def test_it_says_what_it_computes_in(tmp_path: Path) -> None:
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    exact = open_graph(path, FP32).runs_on
    assert (exact.provider, exact.precision, exact.why) == ("openvino", "fp32", "")
    assert exact.through.startswith("openvino ")
    left_open = open_graph(path, FP32.model_copy(update={"precision": "auto"})).runs_on
    assert left_open.precision in ("fp32", "bf16", "fp16")
    assert left_open.why == ""


def test_errors_are_ours(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        OpenvinoSession.open(tmp_path / "none.onnx", FP32)
    with pytest.raises(ModelShapeError, match="one input and one output, got 1 and 2"):
        OpenvinoSession.open(graphs.two_headed_graph(tmp_path / "two.onnx"), FP32)
    with pytest.raises(ModelShapeError, match="expected float32 input, got f16"):
        OpenvinoSession.open(graphs.half_graph(tmp_path / "half.onnx"), FP32)
    broken = tmp_path / "broken.onnx"
    broken.write_text("This is not a graph at all.")
    with pytest.raises(ModelCorrupt, match=r"broken\.onnx: cannot be opened as an ONNX graph"):
        OpenvinoSession.open(broken, FP32)
    session = OpenvinoSession.open(graphs.yolov8_graph(tmp_path / "m.onnx"), FP32)
    with pytest.raises(ModelShapeError, match=r"input of shape \(1, 3, 32, 32\)"):
        session.run(np.zeros((1, 3, 32, 32), np.float32))


def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_session, "find_spec", lambda name: None)
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    with pytest.raises(ModelError, match=r"extra \[openvino\]"):
        OpenvinoSession.open(path, FP32)


def test_pictures_go_in_as_they_are(tmp_path: Path) -> None:
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    canvases = np.random.default_rng(2).integers(0, 256, (2, 64, 64, 3), np.uint8)
    for form in (ULTRALYTICS_INPUT, YOLOX_INPUT):
        theirs = OpenvinoSession.open(path, FP32).see(canvases, form)
        ours = Session.open(path).see(canvases, form)
        np.testing.assert_allclose(theirs, ours, rtol=1e-5, atol=1e-4)


def test_less_is_computed_for_a_picture_that_is_less_wide() -> None:
    detector = Detector.open(Catalog(None), DetectorSettings(provider="openvino"))
    assert detector.fit_wh((704, 576)) == (469, 384)
    canvases, places = detector.prepare([np.zeros((576, 704, 3), np.uint8)])
    assert canvases[0].shape == (384, 544, 3)
    assert places[0].input_wh == (544, 384)


def test_a_narrower_input_finds_the_same(tmp_path: Path) -> None:
    order = Order(fires=8, lures=0, seed=20)
    folder = write_composed(order, tmp_path).parent
    pictures = [one.read() for one in read_folder(folder, ("fire", "smoke"))]
    square = [np.ascontiguousarray(picture[:, : len(picture)]) for picture in pictures]
    exact = DetectorSettings(provider="openvino", precision="fp32", confidence=0.2)
    narrow = Detector.open(Catalog(None), exact).detect(square)
    full = Detector.open(Catalog(None), exact.model_copy(update={"provider": "cpu"})).detect(square)
    assert sum(len(theirs.at_least(0.4)) for theirs in full) >= 3
    for ours, theirs in zip(narrow, full, strict=True):
        assert ours.at_least(0.6).counts() == theirs.at_least(0.6).counts()
        for label in {*ours.at_least(0.4).counts(), *theirs.at_least(0.4).counts()}:
            surest = [float(found.of(label).scores.max(initial=0.0)) for found in (ours, theirs)]
            assert surest[0] == pytest.approx(surest[1], abs=0.1)
