"""The inputs and outputs of a graph, and whether a detector may have such ones."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.errors import ModelShapeError
from models.sessions.graph import Shape

RAW_MAP_DIMENSIONS = 4
"""Outputs of as many dimensions or more are maps of features, not boxes."""

OF_NUMBERS = frozenset({"tensor(float)", "tensor(float16)", "tensor(double)"})
"""Types of an output that can hold a score between 0 and 1."""


class Port(NamedTuple):
    """One input or output of a graph."""

    name: str
    type: str
    shape: Shape


def check_ports(file: str, inputs: Sequence[Port], outputs: Sequence[Port]) -> None:
    """Raise ModelShapeError unless there is one float32 picture input and one output; families of
    networks that are known to have others are named."""
    if len(inputs) != 1 or len(outputs) != 1:
        family = _family(inputs, outputs)
        hint = f"this looks like {family}" if family else "export the detector without extra heads"
        raise ModelShapeError(
            f"{file}: expected one input and one output, got {len(inputs)} and {len(outputs)} "
            f"({_listed(outputs)}); {hint}"
        )
    if inputs[0].type != "tensor(float)":
        raise ModelShapeError(
            f"{file}: expected float32 input, got {inputs[0].type}; "
            "export the model with float32 inputs (fp16 weights are fine)"
        )
    if outputs[0].type not in OF_NUMBERS:
        raise ModelShapeError(
            f"{file}: expected an output of float32, got {outputs[0].type}: whole numbers cannot "
            "tell a score; export the model anew"
        )


def _family(inputs: Sequence[Port], outputs: Sequence[Port]) -> str:
    """A family of networks that cannot be read here, by what its outputs are called or shaped."""
    names = {port.name for port in outputs}
    dimensions = [len(port.shape) for port in outputs]
    if "orig_target_sizes" in {port.name for port in inputs}:
        return (
            "RT-DETR, D-FINE or DEIM of their own repositories, which take the picture's size as a "
            "second input; export RT-DETR by ultralytics instead"
        )
    if names >= {"logits", "pred_boxes"}:
        return "DETR of the transformers library, which is not supported"
    if names & {"num_dets", "num_detections", "det_boxes"}:
        return "an export with TensorRT's own suppression; export it without (end2end=False)"
    if len(outputs) > 1 and min(dimensions) >= RAW_MAP_DIMENSIONS:
        return "bare feature maps without their decoding; export the whole detector"
    if names >= {"boxes", "labels", "scores"}:
        return "a detector of torchvision (Faster R-CNN, RetinaNet, SSD), which is not supported"
    if dimensions[0] == 3 and RAW_MAP_DIMENSIONS in dimensions[1:]:
        return "a segmentation network; export one that detects (task detect)"
    if len(outputs) == 2 and dimensions == [3, 3] and 4 in {port.shape[-1] for port in outputs}:
        return "YOLO-NAS or SSD, with boxes and scores apart, which is not supported"
    return ""


def _listed(ports: Iterable[Port]) -> str:
    return ", ".join(f"{port.name} {words(port.shape)}" for port in ports)


def words(shape: Shape) -> str:
    """A shape for people: [1, open, 6]."""
    return "[" + ", ".join("open" if size is None else str(size) for size in shape) + "]"
