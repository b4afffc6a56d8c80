from pathlib import Path

import numpy as np
import pytest
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from domain.errors import ModelCorrupt, ModelError, ModelMissing, ModelShapeError
from models.sessions.ort_words import ERRORS, OPEN_ERRORS
from models.sessions.session import Session
from tests.models import graphs


def test_every_error_of_onnxruntime_is_mapped() -> None:
    theirs = {
        name
        for name, value in vars(ort_errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert theirs <= set(ERRORS)
    assert all(issubclass(error, ModelError) for error in (*ERRORS.values(), *OPEN_ERRORS.values()))


@pytest.mark.parametrize("batch", [1, "n"])
def test_a_batch_gives_what_single_pictures_give(tmp_path: Path, batch: graphs.Batch) -> None:
    session = Session.open(graphs.yolov8_graph(tmp_path / "m.onnx", batch=batch))
    pictures = np.random.default_rng(1).random((3, 3, 64, 64), np.float32)
    together = session.run(pictures)
    apart = np.concatenate([session.run(picture[None]) for picture in pictures])
    assert together.shape == (3, 7, 84)
    np.testing.assert_array_equal(together, apart)


def test_open_sizes_are_none(tmp_path: Path) -> None:
    path = graphs.yolov8_graph(tmp_path / "m.onnx", batch="n")
    assert Session.open(path).input_shape == (None, 3, 64, 64)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"m\.onnx: expected a model file, found none"):
        Session.open(tmp_path / "m.onnx")


@pytest.mark.parametrize("length", [0, 10, 1000])
def test_a_truncated_file(tmp_path: Path, length: int) -> None:
    path = graphs.yolov8_graph(tmp_path / "m.onnx")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ModelCorrupt, match=r"m\.onnx: cannot be opened as an ONNX graph"):
        Session.open(path)


def test_a_file_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_text("This is not a graph at all.")
    with pytest.raises(ModelCorrupt, match="cannot be opened as an ONNX graph"):
        Session.open(path)


def test_two_outputs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelShapeError, match="one input and one output, got 1 and 2"):
        Session.open(graphs.two_headed_graph(tmp_path / "m.onnx"))


def test_float16_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelShapeError, match=r"expected float32 input, got tensor\(float16\)"):
        Session.open(graphs.half_graph(tmp_path / "m.onnx"))


def test_a_picture_of_the_wrong_size_is_refused(tmp_path: Path) -> None:
    session = Session.open(graphs.yolov8_graph(tmp_path / "m.onnx"))
    with pytest.raises(ModelShapeError, match=r"input of shape \(1, 3, 32, 32\)"):
        session.run(np.zeros((1, 3, 32, 32), np.float32))
