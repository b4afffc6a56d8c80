"""From the learned first look to the ONNX file that runs."""

from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import ModelCorrupt
from lab.training.export import LICENCE, OPSET, halve
from lab.training.first.pictures import CLASSES
from models.catalogue.files import draft_for
from models.first_look import FirstLookFacts
from models.letterbox import SizeWH
from models.sessions.session import Session

TOLERANCE = 0.01
"""How far a probability may move by weights of 16 bits."""


def export_first_look(network: Any, input_wh: SizeWH, target: Path) -> Path:
    """Write the network with a sigmoid at its end; any number of pictures goes in at once. Raises
    ModelCorrupt when the file does not say what torch says."""
    import onnx
    import torch

    width, height = input_wh
    whole = torch.nn.Sequential(network, torch.nn.Sigmoid()).eval()
    sample = torch.rand(2, 3, height, width)
    with draft_for(target) as draft:
        torch.onnx.export(
            whole,
            (sample,),
            str(draft),
            opset_version=OPSET,
            input_names=["images"],
            output_names=["output0"],
            dynamic_axes={"images": {0: "batch"}, "output0": {0: "batch"}},
            dynamo=False,
        )
        graph = onnx.load(str(draft))
        halve(graph)
        onnx.helper.set_model_props(graph, FirstLookFacts(CLASSES, input_wh).written(LICENCE))
        onnx.save(graph, str(draft))
        with torch.no_grad():
            said = whole(sample).numpy()
        apart = float(np.abs(Session.open(draft).run(sample.numpy()) - said).max())
        if apart > TOLERANCE:
            raise ModelCorrupt(f"{target}: expected torch's outputs, they differ by {apart:.4f}")
    return target
