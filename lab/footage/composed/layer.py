"""What is laid into a picture: its own light, and how much it hides of what is behind it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""One value for each pixel, (height, width) float32."""
Canvas = NDArray[np.float32]
"""A picture in the making, (height, width, 3) float32 BGR, 0-1 and above where overexposed."""
Corners = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels."""

VISIBLE_COVER = 0.16
"""What covers less of what is behind it, nobody would mark."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Attributes:
    light: (height, width, 3) float32 BGR, already weighed by the cover; may exceed 1.
    cover: (height, width) float32, 0 (lets all through) to 1 (hides all).
    """

    light: Canvas
    cover: Field

    @property
    def size_wh(self) -> tuple[int, int]:
        return self.cover.shape[1], self.cover.shape[0]

    def resized(self, size_wh: tuple[int, int]) -> "Layer":
        how = cv2.INTER_AREA if size_wh[1] < self.cover.shape[0] else cv2.INTER_LINEAR
        return Layer(
            np.asarray(cv2.resize(self.light, size_wh, interpolation=how), np.float32),
            np.asarray(cv2.resize(self.cover, size_wh, interpolation=how), np.float32),
        )

    def times(self, weight: Field | float) -> "Layer":
        """The same layer, fainter by `weight`, (height, width) or one number."""
        by = np.asarray(weight, np.float32)
        return Layer(self.light * (by[..., None] if by.ndim else by), self.cover * by)

    def mirrored(self) -> "Layer":
        return Layer(self.light[:, ::-1], self.cover[:, ::-1])

    def extent(self, visible: float = VISIBLE_COVER) -> Corners | None:
        """The box around all that is visible, in the layer's pixels; None if nothing is."""
        seen = self.cover > visible
        columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
        if not len(columns):
            return None
        return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def lay(canvas: Canvas, layer: Layer, at_xy: tuple[int, int]) -> None:
    """Lay a layer into the canvas, its upper left corner at `at_xy`; what sticks out is cut."""
    part, inside = overlap(canvas, layer, at_xy)
    if part is None or inside is None:
        return
    part *= 1 - inside.cover[..., None]
    part += inside.light


def shown_extent(
    canvas: Canvas, layer: Layer, at_xy: tuple[int, int], visible: float = VISIBLE_COVER
) -> Corners | None:
    """The box in the canvas around what is visible of the layer; None if nothing is."""
    _, inside = overlap(canvas, layer, at_xy)
    extent = None if inside is None else inside.extent(visible)
    if extent is None:
        return None
    left, top = max(at_xy[0], 0), max(at_xy[1], 0)
    return extent[0] + left, extent[1] + top, extent[2] + left, extent[3] + top


def overlap(
    canvas: Canvas, layer: Layer, at_xy: tuple[int, int]
) -> tuple[Canvas | None, Layer | None]:
    """The canvas's part under the layer (a view), and the layer's part that is over it."""
    height, width = canvas.shape[:2]
    (layer_w, layer_h), (x, y) = layer.size_wh, at_xy
    x1, y1, x2, y2 = max(x, 0), max(y, 0), min(x + layer_w, width), min(y + layer_h, height)
    if x1 >= x2 or y1 >= y2:
        return None, None
    rows, columns = slice(y1 - y, y2 - y), slice(x1 - x, x2 - x)
    return canvas[y1:y2, x1:x2], Layer(layer.light[rows, columns], layer.cover[rows, columns])
