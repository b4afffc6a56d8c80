"""A trained network in the form that runs: the same outputs up to rounding, sooner.

Three things are rewritten, none of which changes what is computed:

- Distances of sides leave the network as they are; their softmax is left to
  `models.heads.families.YoloDflHead`, for candidates only.
- Where an upsampled map and a finer one are joined and go through a 1x1 convolution, the
  upsampled part is convolved before it is upsampled, with a quarter of the work: a 1x1
  convolution and copying pixels may change places.
- Where the result of a 1x1 convolution is cut into halves, there are two convolutions instead, so
  that nothing is copied out of the runtime's blocked layout.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from ultralytics.nn.modules import C2f, Concat, Conv, Detect

from domain.errors import ModelShapeError
from models.heads.families import BINS

ALL = slice(None)


class DeployedNetwork(nn.Module):  # type: ignore[misc]
    """A fused detection network of ultralytics, for pictures (n, 3, h, w) to (n, 64 + classes,
    anchors). Raises ModelShapeError for another kind of network."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        *body, head = network.model
        if not isinstance(head, Detect) or head.reg_max != BINS or head.end2end:
            raise ModelShapeError(
                f"expected a detector of the kind of YOLO11, its sides spread over {BINS} bins, "
                f"got the head {type(head).__name__}"
            )
        self.layers = nn.ModuleList(_rewritten(body, set(network.save)))
        self.head = head
        needed = (layer.f for layer in (*self.layers, head))
        self.kept = {i for f in needed for i in ([f] if isinstance(f, int) else f)}

    def forward(self, pictures: Any) -> Any:
        maps: dict[int, Any] = {}
        now = pictures
        for layer in self.layers:
            if isinstance(layer.f, list):
                now = [now if i == -1 else maps[i] for i in layer.f]
            elif layer.f != -1:
                now = maps[layer.f]
            now = layer(now)
            if layer.i in self.kept:
                maps[layer.i] = now
        said = self.head.forward_head([maps[i] for i in self.head.f], **self.head.one2many)
        return torch.cat((said["boxes"], said["scores"].sigmoid()), 1)


class HalvedC2f(nn.Module):  # type: ignore[misc]
    """A C2f (or C3k2) whose first convolution is two, one for each half of its result.

    With `small` it takes two maps, of which the first, so many channels deep, would have been
    upsampled and joined to the second.
    """

    def __init__(self, block: Any, f: int | list[int], small: int = 0) -> None:
        super().__init__()
        self.f, self.i = f, block.i
        halves = slice(0, block.c), slice(block.c, None)
        self.halves = nn.ModuleList(_Half(block.cv1.conv, half, small) for half in halves)
        self.act, self.m, self.cv2 = block.cv1.act, block.m, block.cv2

    def forward(self, given: Any) -> Any:
        maps = [self.act(half(given)) for half in self.halves]
        for part in self.m:
            maps.append(part(maps[-1]))
        return self.cv2(torch.cat(maps, 1))


class _Half(nn.Module):  # type: ignore[misc]
    """Some output channels of a 1x1 convolution."""

    def __init__(self, conv: Any, rows: slice, small: int) -> None:
        super().__init__()
        self.large = _cut(conv, rows, slice(small, None), bias=True)
        self.small = _cut(conv, rows, slice(small), bias=False) if small else None

    def forward(self, given: Any) -> Any:
        if self.small is None:
            return self.large(given)
        coarse, fine = given
        return self.large(fine) + functional.interpolate(self.small(coarse), scale_factor=2)


def _cut(conv: Any, rows: slice, columns: slice, *, bias: bool) -> Any:
    weight = conv.weight.data[rows, columns].clone()
    part = nn.Conv2d(weight.shape[1], weight.shape[0], 1, bias=bias)
    part.weight.data = weight
    if bias:
        part.bias.data = conv.bias.data[rows].clone()
    return part


def _rewritten(body: list[Any], saved: set[int]) -> Iterator[Any]:
    """The layers to run, each with `f`, where its input comes from, and `i`, its own number."""
    skipped = 0
    for place, layer in enumerate(body):
        if skipped:
            skipped -= 1
        elif small := _joined_channels(body[place - 1 : place + 3], saved):
            join, block = body[place + 1 : place + 3]
            yield HalvedC2f(block, [body[place - 1].i, join.f[1]], small)
            skipped = 2
        elif type(layer).forward is C2f.forward:
            yield HalvedC2f(layer, layer.f)
        else:
            yield layer


def _joined_channels(layers: list[Any], saved: set[int]) -> int:
    """Of four layers (…, upsample, join, C2f) that may be rewritten: how many channels the first
    one gives; else 0."""
    if len(layers) < 4:
        return 0
    before, up, join, block = layers
    fits = (
        isinstance(getattr(before, "cv2", None), Conv)
        and isinstance(up, nn.Upsample)
        and (up.mode, up.scale_factor, up.f) == ("nearest", 2, -1)
        and isinstance(join, Concat)
        and len(join.f) == 2
        and join.f[0] == -1
        and type(block).forward is C2f.forward
        and block.f == -1
        and not saved & {up.i, join.i}
    )
    return int(before.cv2.conv.out_channels) if fits else 0
