"""ONNX graphs that give the same rows for each picture, shaped as other makers' exports are."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 64
CELLS = sum((SIDE // stride) ** 2 for stride in (8, 16, 32))
CENTRE = 32.0, 32.0, 20.0, 10.0
"""A box in the middle of the input: cx cy w h in pixels."""
CORNERS = 22.0, 27.0, 42.0, 37.0
"""The same: x1 y1 x2 y2."""
LOOP_WITHOUT_END = 2**62


def constant_graph(
    path: Path,
    rows: Sequence[Sequence[float]],
    total: int,
    *,
    across: bool = False,
    metadata: Mapping[str, str] = {},
    side: int = SIDE,
) -> Path:
    """Output [1, total, columns]: `rows`, then zeros; `across`: [1, columns, total]."""
    filled = np.zeros((1, total, len(rows[0])), np.float32)
    filled[0, : len(rows)] = rows
    if across:
        filled = np.ascontiguousarray(filled.transpose(0, 2, 1))
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["rows", "nothing"], ["output0"]),
    ]
    constants = {"rows": filled, "zero": np.array(0, np.float32)}
    return _save(path, nodes, constants, list(filled.shape), side, metadata)


def endless_graph(path: Path, metadata: Mapping[str, str]) -> Path:
    """A graph that counts for some centuries before it answers."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_on"], ["go_on_still"]),
            helper.make_node("Add", ["sum", "one"], ["more"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("go_on_still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]),
        ],
    )
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Reshape", ["mean", "flat"], ["begin"]),
        helper.make_node("Loop", ["turns", "true", "begin"], ["end"], body=body),
        helper.make_node("Add", ["rows", "end"], ["output0"]),
    ]
    constants = {
        "flat": np.array([1]),
        "turns": np.array(LOOP_WITHOUT_END),
        "true": np.array(True),
        "one": np.array([1], np.float32),
        "rows": np.zeros((1, 6, CELLS), np.float32),
    }
    return _save(path, nodes, constants, [1, 6, CELLS], SIDE, metadata)


def greedy_graph(path: Path, metadata: Mapping[str, str]) -> Path:
    """A small file that wants a terabyte for one picture."""
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Expand", ["mean", "large"], ["grown"]),
        helper.make_node("ReduceMax", ["grown"], ["most"], keepdims=0),
        helper.make_node("Mul", ["most", "zero"], ["nothing"]),
        helper.make_node("Add", ["rows", "nothing"], ["output0"]),
    ]
    constants = {
        "large": np.array([1 << 10, 1 << 14, 1 << 14]),
        "zero": np.array(0, np.float32),
        "rows": np.zeros((1, 6, CELLS), np.float32),
    }
    return _save(path, nodes, constants, [1, 6, CELLS], SIDE, metadata)


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    constants: Mapping[str, "np.ndarray[tuple[int, ...], np.dtype[np.generic]]"],
    shape: list[int],
    side: int,
    metadata: Mapping[str, str],
) -> Path:
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    helper.set_model_props(model, dict(metadata))
    onnx.save(model, str(path))
    return path
