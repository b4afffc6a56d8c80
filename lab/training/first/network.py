"""The network of the first look: a heat map of fire and smoke, nothing else.

The detector's own backbone, which knows flames, streets and people already, in a smaller picture,
and in place of neck and boxes one number for each class and place: a logit at every 16th pixel. A
fifth of the detector's work. (A network of its own, of ReLU and whole convolutions, took 5 ms
where this takes 9, and learned too little in an hour: docs/decisions/.)
"""

from typing import Any

import torch
from torch import nn

from lab.training.first.pictures import CLASSES

FINE, COARSE = 6, 9
"""The backbone's last layers at stride 16 and at stride 32 (YOLO11: C3k2, and SPPF)."""
WIDTH = 64


class FirstLookNetwork(nn.Module):  # type: ignore[misc]
    """Pictures (n, 3, h, w) RGB 0-1, sides multiples of 32, to logits (n, 2, h / 16, w / 16)."""

    def __init__(self, detector: Any) -> None:
        """`detector`: a YOLO11 of ultralytics, whose backbone is taken as it is."""
        super().__init__()
        layers = list(detector.model)
        self.fine = nn.Sequential(*layers[: FINE + 1])
        self.coarse = nn.Sequential(*layers[FINE + 1 : COARSE + 1])
        with torch.no_grad():
            near = self.fine.eval()(torch.zeros(1, 3, 64, 64))
            far = self.coarse.eval()(near)
        self.near, self.far = _conv(near.shape[1], WIDTH, 1), _conv(far.shape[1], WIDTH, 1)
        self.joined = _conv(2 * WIDTH, WIDTH, 3)
        self.out = nn.Conv2d(WIDTH, len(CLASSES), 1)
        nn.init.constant_(self.out.bias, -4.0)  # most places show nothing

    @property
    def learned_before(self) -> list[Any]:
        """The parameters that come from the detector."""
        return [*self.fine.parameters(), *self.coarse.parameters()]

    @property
    def new(self) -> list[Any]:
        """The others."""
        parts = self.near, self.far, self.joined, self.out
        return [parameter for part in parts for parameter in part.parameters()]

    def forward(self, pictures: Any) -> Any:
        near = self.fine(pictures)
        far = nn.functional.interpolate(self.far(self.coarse(near)), scale_factor=2.0)
        return self.out(self.joined(torch.cat([self.near(near), far], 1)))


def _conv(wide: int, out: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(wide, out, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out, momentum=0.03),
        nn.ReLU(inplace=True),
    )
