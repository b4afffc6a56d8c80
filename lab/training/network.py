"""The network that is trained: YOLO11n with lighter box branches, beside the start model.

Two things keep it from forgetting people and vehicles while it learns fire from pictures in which
nobody marked them: the start model looks at every training picture too, and where it sees
something, the student's scores and boxes are pulled towards its own (distillation, Hinton et al.
2015, arXiv:1503.02531). Training runs in bfloat16, which a CPU with AVX512-BF16 does nearly twice
as fast; losses are computed in float32.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from ultralytics.nn.modules import Conv
from ultralytics.nn.tasks import DetectionModel

SEEN = 0.2
"""Where the start model's best score is lower, its boxes say nothing."""
BOX_GAIN = 1.0


class Teacher:
    """The start model as it was, and which of its classes the student knows."""

    def __init__(
        self, network: Any, old: Sequence[str], new: Sequence[str], *, score_gain: float = 2.0
    ) -> None:
        self.score_gain = score_gain
        self.network = network.fuse(verbose=False).to(memory_format=torch.channels_last)
        self.network.train()  # raw scores and distances; without BatchNorm nothing else changes
        self.network.requires_grad_(False)
        self.theirs = [old.index(name) for name in new if name in old]
        self.ours = [new.index(name) for name in new if name in old]

    def loss(self, student: dict[str, Any], pictures: Any) -> tuple[Any, Any]:
        """How far the student's scores and boxes are from the teacher's, per picture.

        Scores: cross entropy with the teacher's probability, weighted by the distance of the two,
        as in the quality focal loss (arXiv:2006.04388). Boxes: the divergence of the distributions
        of distances, where the teacher sees something.
        """
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            said = self.network(pictures)
        wanted = said["scores"].float()[:, self.theirs].sigmoid()
        ours = student["scores"][:, self.ours]
        far = (ours.detach().sigmoid() - wanted).abs()
        entropy = functional.binary_cross_entropy_with_logits(ours, wanted, reduction="none")
        score = (entropy * far).sum() / wanted.sum().clamp_min(1)
        best = wanted.amax(1)
        weight = torch.where(best >= SEEN, best, 0.0)[:, None]
        shape = (len(pictures), 4, -1, weight.shape[-1])
        goal = said["boxes"].float().reshape(shape).softmax(2)
        logs = student["boxes"].reshape(shape).log_softmax(2)
        apart = functional.kl_div(logs, goal, reduction="none").sum(2)
        box = (apart * weight).sum() / (4 * weight.sum()).clamp_min(1)
        return score, box


class StudentNetwork(DetectionModel):  # type: ignore[misc]
    """A DetectionModel that is also taught. The teacher belongs to the class, not to an instance:
    it must be neither copied for the moving average nor saved with a checkpoint."""

    teacher: Teacher | None = None

    def loss(self, batch: Any, preds: Any = None) -> Any:
        """The detector's own loss (box, class, distance), with the teacher's parts added."""
        pictures = batch["img"].to(memory_format=torch.channels_last)
        if getattr(self, "criterion", None) is None:
            self.criterion = self.init_criterion()
        with torch.autocast("cpu", torch.bfloat16):
            preds = self.forward(pictures) if preds is None else preds
        with torch.autocast("cpu", enabled=False):
            parsed = self.criterion.parse_output(preds)
            parsed = {
                **parsed,
                "boxes": parsed["boxes"].float(),
                "scores": parsed["scores"].float(),
            }
            loss, items = self.criterion(parsed, batch)
            if self.training and self.teacher is not None:
                score, box = self.teacher.loss(parsed, pictures)
                taught = torch.stack([BOX_GAIN * box, self.teacher.score_gain * score, box * 0])
                loss = loss + taught * len(pictures)
        return loss, items


def lighten_box_branches(network: Any) -> None:
    """Split each 3x3 convolution of the box branches in a depthwise and a pointwise one.

    A fifth of YOLO11n's time at 640x384 is spent there. Each input channel's kernel bundle
    (out, 3, 3) is replaced by its best approximation of rank one: singular value decomposition,
    as in network decoupling (Guo et al. 2018, arXiv:1808.05517). Training mends the rest.
    BatchNorm must be an identity still, with the convolution's bias in it.
    """
    head = network.model[-1]
    for branch in head.cv2:
        for place in (0, 1):
            branch[place] = _decoupled(branch[place])


def _decoupled(whole: Any) -> Any:
    wide, narrow = whole.conv.in_channels, whole.conv.out_channels
    depth = Conv(wide, wide, 3, g=wide, act=False)
    point = Conv(wide, narrow, 1)
    for part in (depth, point):
        part.bn.eps, part.bn.momentum = whole.bn.eps, whole.bn.momentum
        part.bn.running_var.fill_(1 - whole.bn.eps)
    bundles = whole.conv.weight.data.permute(1, 0, 2, 3).reshape(wide, narrow, 9)
    left, size, right = torch.linalg.svd(bundles, full_matrices=False)
    root = size[:, :1].sqrt()
    depth.conv.weight.data.copy_((right[:, 0] * root).reshape(wide, 1, 3, 3))
    point.conv.weight.data.copy_((left[:, :, 0] * root).T.reshape(narrow, wide, 1, 1))
    point.bn.weight.data.copy_(whole.bn.weight.data)
    point.bn.bias.data.copy_(whole.bn.bias.data)
    return nn.Sequential(depth, point)
