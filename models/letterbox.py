"""How a picture of any size is laid into a network's input, and boxes are read back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import Floats

Image = NDArray[np.uint8]
"""A picture of shape (height, width, 3), uint8, BGR as OpenCV has it."""
Canvases = NDArray[np.uint8]
"""Pictures laid into a network's input size, (n, h, w, 3), uint8, BGR."""
SizeWH = tuple[int, int]

PAD_GREY = 114
"""The grey around the picture that the networks were trained with."""
CONTEXT_PX = 64
"""Grey that stays beside a picture whose input is trimmed: without any the network sees less at the
picture's border (docs/decisions/)."""


@dataclass(frozen=True, slots=True)
class InputForm:
    """What a family of networks expects in its input tensor."""

    centred: bool
    """Padding on both sides; otherwise at the bottom and at the right only."""
    rgb: bool
    """Channel order; otherwise BGR."""
    scale: float
    """What a pixel value 0-255 is multiplied by."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where the scaled picture lies in the network's input, in input pixels."""

    input_wh: SizeWH
    inner_wh: SizeWH
    left_top: tuple[int, int]

    @classmethod
    def fit(cls, size_wh: SizeWH, input_wh: SizeWH, *, centred: bool) -> "Letterbox":
        """The largest place for a picture of `size_wh` that keeps its shape."""
        if min(size_wh) < 1:
            raise ValueError(f"expected a picture with at least one pixel, got size {size_wh}")
        ratio = min(input_wh[0] / size_wh[0], input_wh[1] / size_wh[1])
        width, height = (max(1, round(side * ratio)) for side in size_wh)
        return cls._around((width, height), input_wh, centred=centred)

    def trimmed(self, step: int, *, centred: bool) -> "Letterbox":
        """The same picture in a smaller input: its sides are multiples of `step`, and `CONTEXT_PX`
        of grey are left beside the picture."""
        width, height = (
            min(side, -(-(inner + CONTEXT_PX) // step) * step)
            for side, inner in zip(self.input_wh, self.inner_wh, strict=True)
        )
        return Letterbox._around(self.inner_wh, (width, height), centred=centred)

    @classmethod
    def _around(cls, inner_wh: SizeWH, input_wh: SizeWH, *, centred: bool) -> "Letterbox":
        gap_x, gap_y = (whole - part for whole, part in zip(input_wh, inner_wh, strict=True))
        return cls(input_wh, inner_wh, (gap_x // 2, gap_y // 2) if centred else (0, 0))

    def drawn(self, image: Image) -> Image:
        """The picture scaled and padded to the input size, (h, w, 3)."""
        (width, height), (left, top) = self.inner_wh, self.left_top
        if image.shape[1::-1] != self.inner_wh:
            scaled = cv2.resize(image, self.inner_wh, interpolation=cv2.INTER_LINEAR)
            image = np.asarray(scaled, np.uint8)
        below, beside = self.input_wh[1] - height - top, self.input_wh[0] - width - left
        grey = (PAD_GREY,) * 3
        canvas = cv2.copyMakeBorder(
            image, top, below, left, beside, cv2.BORDER_CONSTANT, None, grey
        )
        return np.asarray(canvas, np.uint8)

    def planes(self, image: Image, form: InputForm) -> Floats:
        """The picture as a network takes it, (1, 3, h, w) float32, padding included."""
        return as_planes(self.drawn(image)[None], form)

    def to_frame(self, xyxy: Floats) -> Floats:
        """Input pixels (n, 4) to frame units, not clipped. The exact inverse of `to_input`:
        each axis by its own scale, because the scaled size was rounded to whole pixels."""
        return ((xyxy - self._offset) / self._scale).astype(np.float32)

    def to_input(self, xyxy: Floats) -> Floats:
        """Frame units (n, 4) to input pixels."""
        return (xyxy * self._scale + self._offset).astype(np.float32)

    @property
    def _offset(self) -> NDArray[np.float64]:
        return np.array(self.left_top * 2, np.float64)

    @property
    def _scale(self) -> NDArray[np.float64]:
        return np.array(self.inner_wh * 2, np.float64)


def as_planes(canvases: Canvases, form: InputForm) -> Floats:
    """What a network takes, (n, 3, h, w) float32 in its input form."""
    count, height, width, _ = canvases.shape
    planes = np.empty((count, 3, height, width), np.float32)
    for canvas, into in zip(canvases, planes, strict=True):
        for channel in range(3):
            # One at a time: splitting into three new planes costs four times as much.
            pixels = cv2.extractChannel(canvas, channel)
            np.multiply(
                pixels, np.float32(form.scale), out=into[2 - channel if form.rgb else channel]
            )
    return planes
