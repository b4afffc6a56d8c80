"""A real detector for tests: an ONNX graph that sees coloured blocks and nothing else.

White blocks are persons, red ones cars, yellow ones fire. It runs in onnxruntime like any other,
so tests of the whole path need no weights.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.catalogue.catalog import Catalog
from models.catalogue.entry import ModelEntry

INPUT_WH = (160, 96)
BLOCK = 16
"""Blocks of this many input pixels, on a grid of as many, are seen as one box each."""
ANCHORS = sum((160 // stride) * (96 // stride) for stride in (8, 16, 32))
"""What a YOLOv8 head of this input size has; those beyond the blocks never fire."""
LABELS = ("person", "car", "fire")
NAME = "blocks"


def import_block_detector(models_dir: Path) -> ModelEntry:
    """Write the graph and bring it into the catalogue of `models_dir`."""
    models_dir.mkdir(parents=True, exist_ok=True)
    file = models_dir / "made-blocks.onnx"
    onnx.save(_model(), str(file))
    return Catalog(models_dir).import_file(file, name=NAME, head="yolov8", labels=LABELS)


def blocks_picture(
    blocks: dict[tuple[int, int], str], *, scale: int = 2, shade: int = 90
) -> NDArray[np.uint8]:
    """A picture (96·scale, 160·scale, 3) BGR with blocks at grid places (column, row)."""
    colours = {"person": (255, 255, 255), "car": (0, 0, 255), "fire": (0, 255, 255)}
    width, height = INPUT_WH
    image = np.full((height * scale, width * scale, 3), shade, np.uint8)
    side = BLOCK * scale
    for (column, row), label in blocks.items():
        image[row * side : (row + 1) * side, column * side : (column + 1) * side] = colours[label]
    return image


def _model() -> onnx.ModelProto:
    width, height = INPUT_WH
    columns, rows = width // BLOCK, height // BLOCK
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, height, width])
    output = helper.make_tensor_value_info(
        "output0", TensorProto.FLOAT, [1, 4 + len(LABELS), ANCHORS]
    )
    nodes = [
        helper.make_node(
            "AveragePool", ["images"], ["cells"], kernel_shape=[BLOCK, BLOCK], strides=[BLOCK] * 2
        ),
        helper.make_node("Reshape", ["cells", "flat_shape"], ["flat"]),
        # One linear map from mean red, green, blue to a score each, cut to 0-1.
        helper.make_node("MatMul", ["weights", "flat"], ["raw"]),
        helper.make_node("Add", ["raw", "bias"], ["biased"]),
        helper.make_node("Clip", ["biased", "zero", "top"], ["seen"]),
        helper.make_node("Concat", ["seen", "nothing"], ["scores"], axis=2),
        helper.make_node("Concat", ["boxes", "scores"], ["output0"], axis=1),
    ]
    constants: dict[str, NDArray[Any]] = {
        "flat_shape": np.array([1, 3, columns * rows], np.int64),
        "weights": np.array([[3, 3, 4], [6, -5, -3], [3, 3, -9]], np.float32)[None],
        "bias": np.array([-8.5, -4, -4], np.float32).reshape(1, 3, 1),
        "zero": np.array(0, np.float32),
        "top": np.array(0.9, np.float32),
        "nothing": np.zeros((1, len(LABELS), ANCHORS - columns * rows), np.float32),
        "boxes": _boxes(columns, rows),
    }
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "blocks", [images], [output], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _boxes(columns: int, rows: int) -> NDArray[np.float32]:
    """(1, 4, ANCHORS): centre x, centre y, width, height in input pixels; the blocks come first."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    side = np.full(rows * columns, BLOCK, np.float32)
    centres = [(x.ravel() + 0.5) * BLOCK, (y.ravel() + 0.5) * BLOCK]
    blocks = np.stack([*centres, side, side]).astype(np.float32)
    return np.pad(blocks, ((0, 0), (0, ANCHORS - columns * rows)))[None]
