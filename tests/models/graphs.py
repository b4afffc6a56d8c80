"""Tiny ONNX graphs that really look: each finds the pure colours of a picture in a grid of cells.

The score of a class is the mean brightness of its colour channel in a cell, so that a red square
is a sure `first channel` there. The builders give it the output form of each head.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SIDE = 64
CELL = 8
PER_ROW = SIDE // CELL
CELLS = PER_ROW * PER_ROW
IR_VERSION = 8
OPSET = 17

RGB_LABELS = ("red", "green", "blue")
"""What the ultralytics forms call the channels of their input."""
BGR_LABELS = ("blue", "green", "red")
"""The same for YOLOX."""

Batch = Literal[1] | Literal["n"]


def yolov8_graph(
    path: Path, *, batch: Batch = 1, side: int | str = SIDE, metadata: Mapping[str, str] = {}
) -> Path:
    """Output [batch, 4 + 3, 84]: cells of 8 px, then of 16 and 32 whose scores are 0."""
    cells, count = _cell_centres(), CELLS + 20
    boxes = np.zeros((1, 4, count), np.float32)
    boxes[0, :2, :CELLS], boxes[0, 2:, :CELLS] = cells.T, CELL
    nodes = [
        helper.make_node("AveragePool", ["images"], ["pooled"], **_pool(CELL)),
        helper.make_node("Reshape", ["pooled", "flat"], ["near"]),
        helper.make_node("Pad", ["near", "pads"], ["scores"]),
        *_per_picture("scores", "boxes"),
        helper.make_node("Concat", ["placed", "scores"], ["output0"], axis=1),
    ]
    constants = {
        "boxes": boxes,
        "flat": np.array([0, 3, CELLS]),
        "pads": np.array([0, 0, 0, 0, 0, 20]),
    }
    return _save(path, nodes, constants, batch, side, [batch, 7, count], metadata)


def yolo_dfl_graph(path: Path, *, batch: Batch = 1, metadata: Mapping[str, str] = {}) -> Path:
    """Output [batch, 64 + 3, 84]: the same cells; each side lies half a stride from the middle,
    as likely none as one."""
    count = CELLS + 20
    logits = np.full((1, 4, 16, count), -100, np.float32)
    logits[:, :, :2] = 3
    nodes = [
        helper.make_node("AveragePool", ["images"], ["pooled"], **_pool(CELL)),
        helper.make_node("Reshape", ["pooled", "flat"], ["near"]),
        helper.make_node("Pad", ["near", "pads"], ["scores"]),
        *_per_picture("scores", "logits"),
        helper.make_node("Concat", ["placed", "scores"], ["output0"], axis=1),
    ]
    constants = {
        "logits": logits.reshape(1, 64, count),
        "flat": np.array([0, 3, CELLS]),
        "pads": np.array([0, 0, 0, 0, 0, 20]),
    }
    return _save(path, nodes, constants, batch, SIDE, [batch, 67, count], metadata)


def yolo26_graph(
    path: Path, *, batch: Batch = 1, class_shift: float = 0, metadata: Mapping[str, str] = {}
) -> Path:
    """Output [batch, 64, 6]: x1 y1 x2 y2 score class, one row a cell."""
    centres = _cell_centres()
    corners = np.concatenate([centres - CELL / 2, centres + CELL / 2], axis=1)[None]
    nodes = [
        helper.make_node("AveragePool", ["images"], ["pooled"], **_pool(CELL)),
        helper.make_node("Reshape", ["pooled", "flat"], ["channels"]),
        helper.make_node("Transpose", ["channels"], ["cells"], perm=[0, 2, 1]),
        helper.make_node("ReduceMax", ["cells"], ["scores"], axes=[2], keepdims=1),
        helper.make_node("ArgMax", ["cells"], ["ids"], axis=2, keepdims=1),
        helper.make_node("Cast", ["ids"], ["plain"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["plain", "shift"], ["classes"]),
        *_per_picture("cells", "boxes"),
        helper.make_node("Concat", ["placed", "scores", "classes"], ["output0"], axis=2),
    ]
    constants = {
        "boxes": corners.astype(np.float32),
        "flat": np.array([0, 3, CELLS]),
        "shift": np.array([class_shift], np.float32),
    }
    return _save(path, nodes, constants, batch, SIDE, [batch, CELLS, 6], metadata)


def yolox_graph(path: Path, *, batch: Batch = 1) -> Path:
    """Output [batch, 84, 5 + 3]: raw offsets, log sizes, objectness 1 and brightness / 255."""
    nodes, pooled = [], []
    for stride in (8, 16, 32):
        count = (SIDE // stride) ** 2
        nodes += [
            helper.make_node("AveragePool", ["images"], [f"p{stride}"], **_pool(stride)),
            helper.make_node("Reshape", [f"p{stride}", f"flat{stride}"], [f"c{stride}"]),
        ]
        pooled.append((f"c{stride}", f"flat{stride}", np.array([0, 3, count])))
    raw = np.tile(np.array([0.5, 0.5, 0, 0, 1], np.float32), (1, 84, 1))
    nodes += [
        helper.make_node("Concat", [name for name, _, _ in pooled], ["channels"], axis=2),
        helper.make_node("Transpose", ["channels"], ["cells"], perm=[0, 2, 1]),
        helper.make_node("Mul", ["cells", "per_grey"], ["scores"]),
        *_per_picture("cells", "boxes"),
        helper.make_node("Concat", ["placed", "scores"], ["output"], axis=2),
    ]
    constants = {"boxes": raw, "per_grey": np.array([1 / 255], np.float32)}
    constants |= {flat: shape for _, flat, shape in pooled}
    return _save(path, nodes, constants, batch, SIDE, [batch, 84, 8], {}, output="output")


def undefined_graph(path: Path) -> Path:
    """A yolov8 output that holds only NaN, as damaged weights give."""
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "nan"], ["output0"]),
    ]
    constants = {"nan": np.full((1, 7, 84), np.nan, np.float32)}
    return _save(path, nodes, constants, 1, SIDE, [1, 7, 84], {})


def two_headed_graph(path: Path) -> Path:
    """Two outputs, as segmentation exports have."""
    nodes = [helper.make_node("Identity", ["images"], [name]) for name in ("one", "two")]
    shape = [1, 3, SIDE, SIDE]
    graph = helper.make_graph(
        nodes,
        "two-headed",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("one", "two")],
    )
    return _write(path, graph, {})


def half_graph(path: Path) -> Path:
    """A float16 input, as exports with half=True have."""
    shape = [1, 3, SIDE, SIDE]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["images"], ["output0"])],
        "half",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT16, shape)],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT16, shape)],
    )
    return _write(path, graph, {})


def export_metadata(labels: tuple[str, ...] = RGB_LABELS) -> dict[str, str]:
    """What ultralytics writes into an export."""
    return {
        "task": "detect",
        "names": repr(dict(enumerate(labels))),
        "imgsz": f"[{SIDE}, {SIDE}]",
        "license": "AGPL-3.0",
        "description": "A tiny model of colours",
    }


def _cell_centres() -> NDArray[np.float32]:
    """(64, 2) centres of the cells in pixels, row by row."""
    rows, columns = np.divmod(np.arange(CELLS), PER_ROW)
    return ((np.stack([columns, rows], axis=1) + 0.5) * CELL).astype(np.float32)


def _pool(size: int) -> dict[str, Any]:
    return {"kernel_shape": [size, size], "strides": [size, size]}


def _per_picture(like: str, boxes: str) -> list[onnx.NodeProto]:
    """Repeat the constant `boxes` for every picture of the batch, as `placed`."""
    return [
        helper.make_node("ReduceSum", [like, "zero_axes"], ["sums"], keepdims=1),
        helper.make_node("Mul", ["sums", "zero"], ["nothing"]),
        helper.make_node("Add", [boxes, "nothing"], ["placed"]),
    ]


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    constants: Mapping[str, NDArray[Any]],
    batch: Batch,
    side: int | str,
    output_shape: list[int | str],
    metadata: Mapping[str, str],
    output: str = "output0",
) -> Path:
    constants = {**constants, "zero": np.array([0], np.float32), "zero_axes": np.array([1, 2])}
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, side, side])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, output_shape)],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items() if k in used],
    )
    return _write(path, graph, metadata)


def _write(path: Path, graph: onnx.GraphProto, metadata: Mapping[str, str]) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path
