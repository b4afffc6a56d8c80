from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.errors import ModelShapeError
from models.catalogue.entry import HeadKind
from models.detections import Ints
from models.heads.candidates import STRIDES
from models.heads.families import head_for

LABELS = ("person", "car", "fire")
INPUT_WH = (64, 32)
CELLS = (8 * 4) + (4 * 2) + (2 * 1)


def ids(*values: int) -> Ints:
    return np.array(values, np.int64)


def yolov8_output(rows: dict[int, list[float]]) -> NDArray[Any]:
    """(7, 42) with the given (cx, cy, w, h, scores…) at anchor i."""
    output = np.zeros((4 + len(LABELS), CELLS), np.float32)
    for anchor, values in rows.items():
        output[:, anchor] = values
    return output


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("yolov8", (7, CELLS)),
        ("yolo-dfl", (67, CELLS)),
        ("yolo26", (None, 6)),
        ("yolox", (CELLS, 8)),
    ],
)
def test_output_shape(kind: HeadKind, shape: tuple[int | None, int]) -> None:
    assert head_for(kind, INPUT_WH, LABELS).output_shape == shape


@pytest.mark.parametrize(
    ("labels", "shape"),
    [((640, 640), (84, 8400)), ((640, 384), (84, 5040))],
)
def test_yolov8_counts_the_anchors_of_real_inputs(
    labels: tuple[int, int], shape: tuple[int, int]
) -> None:
    assert head_for("yolov8", labels, ["x"] * 80).output_shape == shape


@pytest.mark.parametrize(
    ("floor", "wanted", "class_ids", "scores"),
    [
        pytest.param(0.25, None, [1, 2], [0.6, 0.9], id="the best class of each anchor"),
        pytest.param(0.7, None, [2], [0.9], id="the floor drops the doubtful"),
        pytest.param(0.25, ids(0), [0], [0.5], id="only the class asked for is looked at"),
        pytest.param(0.25, ids(2, 1), [1, 2], [0.6, 0.9], id="asked for in another order"),
        pytest.param(0.95, None, [], [], id="nothing"),
    ],
)
def test_yolov8(
    floor: float,
    wanted: NDArray[Any] | None,
    class_ids: list[int],
    scores: list[float],
) -> None:
    output = yolov8_output({3: [20, 10, 8, 4, 0.5, 0.6, 0.1], 41: [40, 16, 2, 2, 0.2, 0.1, 0.9]})
    found = head_for("yolov8", INPUT_WH, LABELS).decode(output, floor, wanted)
    assert found.class_ids.tolist() == class_ids
    np.testing.assert_allclose(found.scores, scores, rtol=1e-6)
    assert found.xyxy.shape == (len(scores), 4)


def test_yolov8_gives_corners_in_input_pixels() -> None:
    output = yolov8_output({0: [20, 10, 8, 4, 0, 0, 1]})
    found = head_for("yolov8", INPUT_WH, LABELS).decode(output, 0.5)
    assert found.xyxy.tolist() == [[16, 8, 24, 12]]


def dfl_reference(output: NDArray[Any], input_wh: tuple[int, int], floor: float) -> NDArray[Any]:
    """The decode of distribution focal loss, anchor by anchor."""
    found, anchor = [], 0
    for stride in STRIDES:
        for y in range(input_wh[1] // stride):
            for x in range(input_wh[0] // stride):
                logits, scores = output[:64, anchor].astype(float), output[64:, anchor]
                if scores.max() >= floor:
                    shares = np.exp(logits.reshape(4, 16))
                    left, top, right, bottom = stride * (
                        (shares * np.arange(16)).sum(1) / shares.sum(1)
                    )
                    cx, cy = (x + 0.5) * stride, (y + 0.5) * stride
                    corners = [cx - left, cy - top, cx + right, cy + bottom]
                    found.append([*corners, scores.max(), scores.argmax()])
                anchor += 1
    return np.array(found)


def test_yolo_dfl_agrees_with_the_plain_reference() -> None:
    random = np.random.default_rng(7)
    output = random.random((64 + len(LABELS), CELLS), np.float32)
    output[:64] = 8 * output[:64] - 4
    expected = dfl_reference(output, INPUT_WH, floor=0.8)
    found = head_for("yolo-dfl", INPUT_WH, LABELS).decode(output, 0.8)
    assert len(expected) > 5
    np.testing.assert_allclose(found.xyxy, expected[:, :4], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found.scores, expected[:, 4], rtol=1e-6)
    np.testing.assert_array_equal(found.class_ids, expected[:, 5])


@pytest.mark.parametrize(
    ("floor", "wanted", "class_ids", "scores"),
    [
        pytest.param(0.25, ids(0), [0], [0.5], id="only the class asked for is looked at"),
        pytest.param(0.25, ids(2, 1), [1, 2], [0.6, 0.9], id="asked for in another order"),
        pytest.param(0.95, None, [], [], id="nothing"),
    ],
)
def test_yolo_dfl_looks_only_at_the_classes_asked_for(
    floor: float,
    wanted: NDArray[Any] | None,
    class_ids: list[int],
    scores: list[float],
) -> None:
    output = np.zeros((67, CELLS), np.float32)
    output[64:, 3], output[64:, 41] = (0.5, 0.6, 0.1), (0.2, 0.1, 0.9)
    found = head_for("yolo-dfl", INPUT_WH, LABELS).decode(output, floor, wanted)
    assert found.class_ids.tolist() == class_ids
    np.testing.assert_allclose(found.scores, scores, rtol=1e-6)
    assert found.xyxy.shape == (len(scores), 4)


def test_yolo_dfl_is_not_upset_by_very_sure_logits() -> None:
    output = np.zeros((67, CELLS), np.float32)
    output[66, 0] = 0.9
    output[[1, 16, 33, 49], 0] = 1e4  # one stride to the left and right, none up, one down
    found = head_for("yolo-dfl", INPUT_WH, LABELS).decode(output, 0.5)
    assert found.xyxy.tolist() == [[-4, 4, 12, 12]]


@pytest.mark.parametrize(
    ("floor", "wanted", "class_ids"),
    [(0.25, None, [0, 2]), (0.5, None, [0]), (0.25, ids(2), [2]), (0.99, None, [])],
)
def test_yolo26(floor: float, wanted: NDArray[Any] | None, class_ids: list[int]) -> None:
    output = np.zeros((300, 6), np.float32)
    output[0] = 1, 2, 3, 4, 0.4, 2
    output[1] = 5, 6, 7, 8, 0.9, 0
    found = head_for("yolo26", INPUT_WH, LABELS).decode(output, floor, wanted)
    assert found.class_ids.tolist() == class_ids
    if 0 in class_ids:
        assert found.xyxy[0].tolist() == [5, 6, 7, 8]


def test_yolo26_refuses_a_class_without_a_label() -> None:
    output = np.array([[0, 0, 1, 1, 0.9, 3]], np.float32)
    with pytest.raises(ModelShapeError, match="expected class ids below 3"):
        head_for("yolo26", INPUT_WH, LABELS).decode(output, 0.25)


def yolox_reference(output: NDArray[Any], input_wh: tuple[int, int], floor: float) -> NDArray[Any]:
    """The grid decode of the paper, cell by cell."""
    found, row = [], 0
    for stride in STRIDES:
        for y in range(input_wh[1] // stride):
            for x in range(input_wh[0] // stride):
                tx, ty, tw, th, objectness, *classes = (float(v) for v in output[row])
                cx, cy = (tx + x) * stride, (ty + y) * stride
                w, h = np.exp(tw) * stride, np.exp(th) * stride
                score = objectness * max(classes)
                if score >= floor:
                    corners = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
                    found.append([*corners, score, classes.index(max(classes))])
                row += 1
    return np.array(found)


def test_yolox_agrees_with_the_plain_reference() -> None:
    random = np.random.default_rng(7)
    output = random.random((CELLS, 5 + len(LABELS)), np.float32)
    expected = yolox_reference(output, INPUT_WH, floor=0.25)
    found = head_for("yolox", INPUT_WH, LABELS).decode(output, 0.25)
    assert len(expected) > 5
    np.testing.assert_allclose(found.xyxy, expected[:, :4], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found.scores, expected[:, 4], rtol=1e-5)
    np.testing.assert_array_equal(found.class_ids, expected[:, 5])


def test_yolox_looks_only_at_the_classes_asked_for() -> None:
    output = np.zeros((CELLS, 8), np.float32)
    output[0, 4:] = 0.9, 0.5, 0.9, 0.8
    found = head_for("yolox", INPUT_WH, LABELS).decode(output, 0.25, ids(0, 2))
    assert found.class_ids.tolist() == [2]
    np.testing.assert_allclose(found.scores, [0.72], rtol=1e-6)
