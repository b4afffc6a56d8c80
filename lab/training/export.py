"""From a checkpoint to the ONNX file that runs: checked against torch, half the size."""

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import ModelCorrupt
from lab.footage.labelled import read_folder
from lab.training.recipe import Recipe
from lab.training.start import coco_labels
from models.catalogue.entry import HeadKind
from models.catalogue.files import draft_for
from models.catalogue.metadata import ExportMetadata
from models.detections import Floats
from models.heads.families import BINS, YoloDflHead
from models.heads.input_forms import ULTRALYTICS_INPUT
from models.letterbox import Letterbox, SizeWH
from models.sessions.session import Session

OPSET = 17
HEAD: HeadKind = "yolo-dfl"
LICENCE = "AGPL-3.0"
"""Of ultralytics' own checkpoints, and of what was trained from them."""
SCORE_TOLERANCE = 0.01
"""How far a class score may move by the rounding of weights to 16 bits."""
BOX_TOLERANCE_PX = 2.0
"""The same for box sides, of boxes that score at least `LOOKED_AT`."""
LOOKED_AT = 0.1
CHECKED_PICTURES = 4
CLASS_ROWS = re.compile(r"\.cv3\.\d\.2\.(weight|bias)$")
"""The last convolutions of the class branches: one row for each class."""


def export(
    checkpoint: Path,
    start: Path,
    recipe: Recipe,
    target: Path,
    *,
    went_on_from: Path | None = None,
) -> Path:
    """Write the network of a checkpoint with weights of 16 bits that are read as 32.

    First the weights of the checkpoint that the training went on from are mixed in, if it did;
    then what was forgotten of the start model is brought back by mixing in its weights. Any number
    of pictures goes in at once. Raises ModelCorrupt when its outputs are not torch's.
    """
    from ultralytics.nn.tasks import load_checkpoint

    network, _ = load_checkpoint(str(checkpoint), fuse=True)
    if went_on_from is not None and recipe.keep:
        earlier, _ = load_checkpoint(str(went_on_from), fuse=True)
        mix_in(network, earlier, recipe.keep, new=())
    before, _ = load_checkpoint(str(start), fuse=True)
    mix_in(network, before, recipe.remember, new=_new_labels(recipe))
    network.eval()
    with draft_for(target) as draft:
        write_onnx(network, recipe.input_wh, draft)
        check(network, draft, _checked_pictures(checkpoint, recipe))
    return target


def mix_in(network: Any, before: Any, share: float, *, new: Sequence[int]) -> None:
    """Move the weights of a fused network towards earlier ones, those of `new` classes excepted.

    Fine-tuning on one field forgets others; between the two points lie networks that know both
    (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022).
    """
    old, trained = before.float().state_dict(), network.float().state_dict()
    mixed = {
        name: weights.lerp(old[name], share) if weights.is_floating_point() else weights
        for name, weights in trained.items()
    }
    rows = list(new)
    for name in filter(CLASS_ROWS.search, mixed):
        mixed[name][rows] = trained[name][rows]
    network.load_state_dict(mixed)


def _new_labels(recipe: Recipe) -> list[int]:
    """The indices of the classes that the start model did not have."""
    known = set(coco_labels())
    return [index for index, label in enumerate(recipe.labels) if label not in known]


def write_onnx(network: Any, input_wh: SizeWH, target: Path) -> None:
    """Write a fused detection network of ultralytics in the form that runs fastest.

    The file says of itself what `patrol models import` has to know, the head included.
    """
    import onnx
    import torch

    from lab.training.deployed import DeployedNetwork

    width, height = input_wh
    axes = {"images": {0: "batch"}, "output0": {0: "batch"}}
    torch.onnx.export(
        DeployedNetwork(network).eval(),
        (torch.zeros(2, 3, height, width),),
        str(target),
        opset_version=OPSET,
        input_names=["images"],
        output_names=["output0"],
        dynamic_axes=axes,
        dynamo=False,
    )
    graph = onnx.load(str(target))
    halve(graph)
    facts = ExportMetadata(
        labels=tuple(network.names.values()), input_wh=input_wh, head=HEAD, licence=LICENCE
    )
    onnx.helper.set_model_props(graph, facts.written())
    onnx.save(graph, str(target))


def halve(model: Any) -> None:
    """Keep the large weights of an ONNX model in 16 bits, and cast them back when it is opened."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.ndim == 4:
            name = tensor.name
            half = numpy_helper.from_array(values.astype(np.float16), f"{name}_half")
            tensor.CopyFrom(half)
            casts.append(helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT))
    for node in reversed(casts):
        model.graph.node.insert(0, node)


def _checked_pictures(checkpoint: Path, recipe: Recipe) -> Floats:
    """Some validation pictures in the export's input form, (n, 3, h, w) float32."""
    folder = checkpoint.parents[2] / "data" / "val"
    pictures: list[Floats] = []
    for labelled in islice(read_folder(folder, recipe.labels), CHECKED_PICTURES):
        image = labelled.read()
        place = Letterbox.fit((image.shape[1], image.shape[0]), recipe.input_wh, centred=True)
        pictures.append(place.planes(image, ULTRALYTICS_INPUT))
    return np.concatenate(pictures)


def check(network: Any, target: Path, pictures: Floats) -> None:
    """Compare the file with torch: scores, and the boxes of anchors where something is seen.

    Torch runs the network as it was trained, with boxes from its own head. Raises ModelCorrupt.
    """
    import torch

    with torch.no_grad():
        answer = network(torch.from_numpy(pictures))
    theirs = (answer[0] if isinstance(answer, tuple) else answer).numpy()
    ours = Session.open(target).run(pictures)
    head = YoloDflHead((pictures.shape[3], pictures.shape[2]), theirs.shape[1] - 4)
    score = float(np.abs(ours[:, 4 * BINS :] - theirs[:, 4:]).max())
    box_px = max(_apart_px(head, *pair) for pair in zip(ours, theirs, strict=True))
    if score > SCORE_TOLERANCE or box_px > BOX_TOLERANCE_PX:
        raise ModelCorrupt(
            f"{target}: expected torch's outputs; scores differ by {score:.4f}, "
            f"boxes by {box_px:.2f} px"
        )


def _apart_px(head: YoloDflHead, ours: Floats, theirs: Floats) -> float:
    """The largest distance of box sides, of those anchors of a picture where torch sees something.

    `ours` is (64 + classes, anchors), `theirs` (4 + classes, anchors) with cx, cy, w, h first.
    """
    seen = theirs[4:].max(0) >= LOOKED_AT
    middle, half = theirs[:2, seen], theirs[2:4, seen] / 2
    corners = np.concatenate([middle - half, middle + half]).T
    every_box = head.decode(ours, floor=0.0).xyxy  # a score is never below 0: all anchors, in order
    return float(np.abs(every_box[seen] - corners).max(initial=0))
