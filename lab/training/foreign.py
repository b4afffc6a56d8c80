"""Any ultralytics checkpoint to a checked ONNX file: boxes only, any number of pictures at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import ModelCorrupt, ModelError
from lab.training.export import LICENCE, OPSET, SCORE_TOLERANCE, halve
from models.catalogue.files import draft_for
from models.catalogue.metadata import ExportMetadata
from models.detections import Floats
from models.letterbox import SizeWH
from models.sessions.session import Session

EXACT_SCORE = 1e-3
EXACT_BOX_PX = 0.1
"""How far the graph itself may be from torch before its weights are rounded to 16 bits."""


def convert(
    checkpoint: Path,
    target: Path,
    input_wh: tuple[int, int],
    classes: Sequence[str] = (),
    *,
    half: bool = True,
    licence: str = LICENCE,
) -> Path:
    """Write `target` from a checkpoint and compare its outputs with torch's.

    A checkpoint is a program: loading it runs what its author put into it. `classes` are what an
    open-vocabulary model (YOLOE) shall find; its text encoder is fetched from the Internet.
    Masks and key points are left out. Raises ModelError for what is no detector, ModelCorrupt for
    what is no checkpoint and when the outputs are not torch's; then nothing is written.
    """
    if any(side % 32 for side in input_wh):
        raise ModelError(f"expected an input size in multiples of 32, got {input_wh}")
    network = _open(checkpoint, classes)
    facts = ExportMetadata(
        labels=tuple(str(network.names[i]) for i in range(len(network.names))),
        input_wh=input_wh,
        licence=licence,
        origin=f"converted from {checkpoint.name}",
    )
    boxes = _boxes_only(network, len(facts.labels))
    with draft_for(target) as draft:
        _write(boxes, draft, input_wh, facts)
        pictures = _pictures(input_wh)
        theirs = _torch_says(boxes, pictures)
        _compare(theirs, Session.open(draft).run(pictures), draft, EXACT_SCORE, EXACT_BOX_PX)
        if half:
            _halve_file(draft)
            _compare(theirs, Session.open(draft).run(pictures), draft, SCORE_TOLERANCE, None)
    return target


def _open(checkpoint: Path, classes: Sequence[str]) -> Any:
    """The network, ready to be traced."""
    from ultralytics.nn.modules.head import OBB, Detect
    from ultralytics.nn.tasks import YOLOEModel, load_checkpoint

    try:
        network, _ = load_checkpoint(str(checkpoint))
    except Exception as error:  # whatever a pickle may raise
        raise ModelCorrupt(f"{checkpoint}: not a checkpoint of ultralytics: {error}") from error
    network = network.float().eval()
    head = network.model[-1] if hasattr(network, "model") else None
    if not isinstance(head, Detect) or isinstance(head, OBB):
        raise ModelError(f"{checkpoint}: expected a detector, got {type(head).__name__}")
    if isinstance(network, YOLOEModel):
        _tell_classes(checkpoint, network, head, classes)
    elif classes:
        raise ModelError(f"{checkpoint}: has its own classes: {', '.join(network.names.values())}")
    network.fuse(verbose=False)
    head.export, head.format = True, "onnx"
    return network


def _tell_classes(checkpoint: Path, network: Any, head: Any, classes: Sequence[str]) -> None:
    """Make an open-vocabulary network one that finds these classes and no others."""
    if hasattr(head, "lrpc"):
        if classes:
            raise ModelError(f"{checkpoint}: is prompt-free; take its sister without -pf")
        return
    if not classes:
        raise ModelError(f"{checkpoint}: finds what it is told to: expected --classes")
    try:
        words = network.get_text_pe(list(classes))
    except Exception as error:  # no Internet shows itself in a dozen ways
        raise ModelError(
            f"{checkpoint}: its text encoder cannot be had, which is fetched from the Internet "
            f"when it is first needed: {error}"
        ) from error
    network.set_classes(list(classes), words)
    head.fuse(network.pe)


def _boxes_only(network: Any, classes: int) -> Any:
    """The network with one output: end-to-end rows of 6, or 4 + classes rows by anchors."""
    import torch

    end_to_end = bool(network.model[-1].end2end)

    class BoxesOnly(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: Any) -> Any:
            answer = self.network(images)
            while isinstance(answer, tuple | list):
                answer = answer[0]
            return answer[..., :6] if end_to_end else answer[:, : 4 + classes]

    return BoxesOnly().eval()


def _write(boxes: Any, target: Path, input_wh: SizeWH, facts: ExportMetadata) -> None:
    import onnx
    import torch

    width, height = input_wh
    torch.onnx.export(
        boxes,
        (torch.zeros(2, 3, height, width),),
        str(target),
        opset_version=OPSET,
        input_names=["images"],
        output_names=["output0"],
        dynamic_axes={"images": {0: "batch"}, "output0": {0: "batch"}},
        dynamo=False,
    )
    graph = onnx.load(str(target))
    onnx.helper.set_model_props(graph, facts.written())
    onnx.save(graph, str(target))


def _halve_file(target: Path) -> None:
    import onnx

    graph = onnx.load(str(target))
    halve(graph)
    onnx.save(graph, str(target))


def _pictures(input_wh: tuple[int, int]) -> Floats:
    """A scene of plain shapes and one of noise, (2, 3, h, w) float32, the same every time."""
    width, height = input_wh
    pictures = np.full((2, 3, height, width), 114 / 255, np.float32)
    random = np.random.default_rng(1)
    for _ in range(40):
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        side = int(random.integers(8, max(height // 2, 9)))
        colour = random.random((3, 1, 1), np.float32)
        pictures[0, :, y : y + side, x : x + side] = colour
    pictures[1] = random.random((3, height, width), np.float32)
    return pictures


def _torch_says(boxes: Any, pictures: Floats) -> Floats:
    import torch

    with torch.no_grad():
        return np.asarray(boxes(torch.from_numpy(pictures)).numpy(), np.float32)


def _compare(
    theirs: Floats, ours: Floats, target: Path, score: float, box_px: float | None
) -> None:
    """Raises ModelCorrupt unless scores, and boxes where `box_px` is given, are as near as that."""
    if theirs.shape != ours.shape:
        raise ModelCorrupt(f"{target}: expected an output {theirs.shape}, got {ours.shape}")
    far = np.abs(theirs - ours)
    if theirs.shape[2] == 6:
        # Rows come in the order of their scores; equal ones may change places.
        worst_score, worst_px = float(far[..., 4].max()), 0.0
    else:
        worst_score, worst_px = float(far[:, 4:].max()), float(far[:, :4].max())
    if worst_score > score or (box_px is not None and worst_px > box_px):
        raise ModelCorrupt(
            f"{target}: expected torch's outputs; scores differ by {worst_score:.4f}, "
            f"boxes by {worst_px:.2f} px"
        )
