"""The network of the first look: a heat map of fire and smoke, nothing else.

A sixth of YOLO11n's work. It has no boxes and no anchors: one number for each class and place, a
logit, at every 16th pixel. Whole convolutions of 3x3 and ReLU, because thin (depthwise) layers and
SiLU cost a processor more time than their share of the work.
"""

from typing import Any

import torch
from torch import nn

from lab.training.first.pictures import CLASSES


def _conv(wide: int, out: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    pad = (kernel - stride + 1) // 2 if stride > 2 else kernel // 2
    return nn.Sequential(
        nn.Conv2d(wide, out, kernel, stride, pad, bias=False),
        nn.BatchNorm2d(out, momentum=0.03),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):  # type: ignore[misc]
    """Two convolutions beside what they are given."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width), _conv(width, width)

    def forward(self, x: Any) -> Any:
        return x + self.second(self.first(x))


class FirstLookNetwork(nn.Module):  # type: ignore[misc]
    """Pictures (n, 3, h, w) RGB 0-1, sides multiples of 32, to logits (n, 2, h / 16, w / 16)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _conv(3, 24, 6, 4)
        self.fine = nn.Sequential(_conv(24, 48, 3, 2), _conv(48, 48))
        self.middle = nn.Sequential(_conv(48, 96, 3, 2), _Residual(96))
        self.coarse = nn.Sequential(_conv(96, 128, 3, 2), _Residual(128), _conv(128, 64, 1))
        self.narrow = _conv(96, 64, 1)
        self.joined = _conv(128, 64)
        self.out = nn.Conv2d(64, len(CLASSES), 1)
        nn.init.constant_(self.out.bias, -4.0)  # most places show nothing

    def forward(self, pictures: Any) -> Any:
        middle = self.middle(self.fine(self.stem(pictures)))
        wide = nn.functional.interpolate(self.coarse(middle), scale_factor=2.0, mode="nearest")
        return self.out(self.joined(torch.cat([self.narrow(middle), wide], 1)))
