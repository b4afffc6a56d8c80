"""A tiny ONNX graph in the form of a first look: red is fire, green is smoke."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.first_look import STRIDE, FirstLookFacts

INPUT_WH = (64, 32)
FACTS = FirstLookFacts(("fire", "smoke"), INPUT_WH)


def heat_graph(path: Path, *, metadata: dict[str, str] | None = None, pool: int = STRIDE) -> Path:
    """How red, and how green, each 16x16 pixels are."""
    width, height = INPUT_WH
    nodes = [
        helper.make_node(
            "AveragePool", ["images"], ["means"], kernel_shape=[pool] * 2, strides=[pool] * 2
        ),
        helper.make_node("Slice", ["means", "from", "to", "axes"], ["output0"]),
    ]
    constants = {"from": [0], "to": [2], "axes": [1]}
    graph = helper.make_graph(
        nodes,
        "heat",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, height, width])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, ["n", 2, None, None])],
        [numpy_helper.from_array(np.array(v, np.int64), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    facts = FACTS.written("MIT") if metadata is None else metadata
    helper.set_model_props(model, facts)
    onnx.save(model, str(path))
    return path
