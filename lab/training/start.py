"""The start model as a network that can be trained, from an ONNX file that only runs.

In the file BatchNorm is folded into the convolutions. An identity BatchNorm would give the same
outputs, but training uses the statistics of its batches and would destroy the network at once; so
each BatchNorm is given back the statistics of what goes into it, and then undoes them.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import ModelCorrupt
from models.catalogue.catalog import Catalog
from models.detections import Floats
from models.heads.input_forms import ULTRALYTICS_INPUT
from models.letterbox import Image, Letterbox
from models.sessions.session import Session

CONVOLUTIONS = 87
TOLERANCE = 1e-5
"""How far class scores may be from the file's, loaded."""
UNDONE_TOLERANCE = 1e-4
"""The same once each BatchNorm takes away and adds again: float32 rounds more on that way."""
HALF_TOLERANCE = 1e-3
"""For a file whose weights were rounded to 16 bits: both have the same ones, and add them up in
another order."""
HEAD_PLACE = 23
"""The number of YOLO11n's last layer."""
NEW_CLASS_BIAS = -5.0
"""A class that was never seen is first thought to be nowhere."""
CALIBRATION_SIDE = 640


def loaded(file: Path, labels: Sequence[str] = ()) -> Any:
    """The YOLO11n of `file` as it was, each BatchNorm an identity: to look with, not to train.

    `labels` are the file's classes; none means COCO's.
    """
    from lab.training.network import StudentNetwork

    network = StudentNetwork("yolo11n.yaml", nc=len(coco_labels()), verbose=False)
    if labels:  # the class branches stay as wide as those of the start model
        _change_classes(network, coco_labels(), labels)
    _load(network, weights_of(file), file)
    network.eval()
    for norm in _norms(network):
        norm.running_var.fill_(1 - norm.eps)
    return network


def coco_labels() -> tuple[str, ...]:
    """The start model's classes."""
    return Catalog(None).get("yolo11n-coco-640").labels


def rebuild(file: Path, labels: Sequence[str], pictures: Sequence[Image], *, light: bool) -> Any:
    """The YOLO11n of `file` with the classes `labels`, ready to be trained (a DetectionModel).

    Classes that COCO has keep what they know. `pictures` (some dozens) give the statistics; two of
    them check the network against the file: ModelCorrupt when they differ. `light` box branches
    are faster and have to be learned anew; class scores do not depend on them.
    """
    from lab.training.network import lighten_box_branches

    coco = coco_labels()
    network = loaded(file)
    inputs = [_input(picture) for picture in pictures]
    _check(network, file, inputs[:2], TOLERANCE)
    if light:
        lighten_box_branches(network)
    _give_back_statistics(network, inputs)
    _check(network, file, inputs[:2], UNDONE_TOLERANCE)
    _change_classes(network, coco, labels)
    return network


def rebuild_exported(file: Path, labels: Sequence[str], pictures: Sequence[Image]) -> Any:
    """The network of a file that a recipe with the same `labels` exported, ready to be trained on.

    Checkpoints are kept nowhere; the carried file is. Raises ModelCorrupt as `rebuild` does.
    """
    network = loaded(file, labels)
    inputs = [_input(picture) for picture in pictures]
    _check(network, file, inputs[:2], HALF_TOLERANCE)
    _give_back_statistics(network, inputs)
    _check(network, file, inputs[:2], HALF_TOLERANCE)
    return network


def weights_of(file: Path) -> dict[str, Floats]:
    """Weight and bias of every convolution by the module they belong to: `model.0.conv.weight`.

    Of a file in the form that runs (`lab.training.deployed`), what it parted is joined again.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(file)).graph
    known = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    found: dict[str, Floats] = {}
    for node in graph.node:
        if node.op_type == "Conv" and (match := re.match(r"(.+)\.weight", node.input[1])):
            for kind, name in zip(("weight", "bias"), node.input[1:], strict=False):
                values = known[name] if name in known else known[makers[name].input[0]]
                found[f"{match[1]}.{kind}"] = np.asarray(values, np.float32)
    return _undeployed(found)


def _undeployed(parted: dict[str, Floats]) -> dict[str, Floats]:
    """The weights of `DeployedNetwork` by the names, and in the shapes, of the network it came of;
    those of any other network as they are."""
    joined = sorted({int(name.split(".")[1]) for name in parted if ".small." in name})
    found: dict[str, Floats] = {}
    for name, values in parted.items():
        if match := re.fullmatch(r"(layers\.\d+)\.halves\.0\.large\.(weight|bias)", name):
            name, values = f"{match[1]}.cv1.conv.{match[2]}", _whole(parted, match[1], match[2])
        if ".halves." not in name:
            found[_module_name(name, joined)] = values
    return found


def _whole(parted: dict[str, Floats], layer: str, kind: str) -> Floats:
    """Weight or bias of the convolution that was cut into halves, and perhaps into two inputs."""
    halves = []
    for half in (f"{layer}.halves.0", f"{layer}.halves.1"):
        names = (f"{half}.small.{kind}", f"{half}.large.{kind}")
        columns = [parted[name] for name in names if name in parted]
        halves.append(np.concatenate(columns, 1) if len(columns) > 1 else columns[0])
    return np.concatenate(halves)


def _module_name(name: str, joined: Sequence[int]) -> str:
    """What ultralytics calls the module; each of the `joined` layers took in two before it."""
    if name.startswith("head."):
        return f"model.{HEAD_PLACE}.{name.removeprefix('head.')}"
    if not (match := re.match(r"layers\.(\d+)\.", name)):
        return name
    place = int(match[1])
    number = place + 2 * sum(one <= place for one in joined)
    return f"model.{number}.{name[match.end() :]}"


def _load(network: Any, weights: dict[str, Floats], file: Path) -> None:
    """Copy the weights; the biases of convolutions under a BatchNorm go into that."""
    import torch

    loaded = 0
    for path, module in network.named_modules():
        if not isinstance(module, torch.nn.Conv2d) or ".dfl." in path:
            continue
        weight, bias = weights.get(f"{path}.weight"), weights.get(f"{path}.bias")
        if weight is None or bias is None or weight.shape != tuple(module.weight.shape):
            raise ModelCorrupt(f"{file}: expected the convolution {path} of a YOLO11n")
        module.weight.data.copy_(torch.from_numpy(weight.copy()))
        owner = module if module.bias is not None else network.get_submodule(path[:-4] + "bn")
        owner.bias.data.copy_(torch.from_numpy(bias.copy()))
        loaded += 1
    if loaded != CONVOLUTIONS:
        raise ModelCorrupt(f"{file}: expected {CONVOLUTIONS} convolutions, got {loaded}")


def _norms(network: Any) -> Iterable[Any]:
    import torch

    return (m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d))


def _give_back_statistics(network: Any, inputs: Sequence[Any]) -> None:
    """Measure each BatchNorm's input and let it take away, and add again, what was measured."""
    import torch

    sums: dict[Any, list[Any]] = {norm: [] for norm in _norms(network)}

    def note(norm: Any, given: tuple[Any, ...]) -> None:
        values = given[0].double()
        sums[norm].append(torch.stack([values.mean((0, 2, 3)), (values**2).mean((0, 2, 3))]))

    hooks = [norm.register_forward_pre_hook(note) for norm in sums]
    with torch.no_grad():
        for picture in inputs:
            network(picture)
    for hook in hooks:
        hook.remove()
    for norm, rows in sums.items():
        mean, square = torch.stack(rows).mean(0)
        variance = (square - mean**2).clamp_min(0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.data.copy_((variance + norm.eps).sqrt())
        norm.bias.data.add_(mean.float())


def _check(network: Any, file: Path, inputs: Sequence[Any], tolerance: float) -> None:
    import torch

    session = Session.open(file)
    height, width = session.input_shape[2:]
    for picture in inputs:
        cut = picture[..., :height, :width].contiguous()
        with torch.no_grad():
            ours = network(cut)[0].numpy()
        classes = network.model[-1].nc
        far = float(np.abs(ours[:, -classes:] - session.run(cut.numpy())[:, -classes:]).max())
        if far > tolerance:
            raise ModelCorrupt(f"{file}: rebuilt, class scores differ by {far:.1e} > {tolerance}")


def _change_classes(network: Any, old: Sequence[str], new: Sequence[str]) -> None:
    """Give the last convolutions of the class branches one row for each new class."""
    import torch

    head = network.model[-1]
    for branch in head.cv3:
        before = branch[-1]
        after = torch.nn.Conv2d(before.in_channels, len(new), 1)
        torch.nn.init.normal_(after.weight, std=0.01)
        torch.nn.init.constant_(after.bias, NEW_CLASS_BIAS)
        for row, name in enumerate(new):
            if name in old:
                after.weight.data[row] = before.weight.data[old.index(name)]
                after.bias.data[row] = before.bias.data[old.index(name)]
        branch[-1] = after
    head.nc, head.no = len(new), len(new) + 4 * head.reg_max
    network.nc = len(new)
    network.names = dict(enumerate(new))
    network.yaml["nc"] = len(new)


def _input(picture: Image) -> Any:
    import torch

    side = CALIBRATION_SIDE, CALIBRATION_SIDE
    place = Letterbox.fit((picture.shape[1], picture.shape[0]), side, centred=True)
    return torch.from_numpy(place.planes(picture, ULTRALYTICS_INPUT))
