"""A composed fire in the picture of a fixed camera: what burns, its glow, its smoke, its flames."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from lab.footage.demo.fire import STEP_S, Field, Fire
from streams.frame import Image

_GAS_WH = (150, 200)  # cells
_SEAT_CELLS = 40.0
_SEAT_AT = (0.4, 0.955)  # where in the gas it burns; the wind blows to the right
_CELL = 2.2 / 768  # of the picture's width

HEATS = (0.0, 0.06, 0.2, 0.42, 0.7, 1.0)
LIGHTS_BGR = np.array(
    (
        (0.00, 0.00, 0.00),
        (0.00, 0.03, 0.22),
        (0.01, 0.22, 0.95),
        (0.06, 0.55, 1.20),
        (0.30, 0.95, 1.35),
        (0.85, 1.20, 1.40),
    )
)
"""The flame's own light at these heats: black, dark red, red, orange, yellow, near white."""
_SMOKE_BGR = (104.0, 102.0, 102.0)
_GLOW_BGR = (0.10, 0.42, 1.0)
_BURNT_BGR = (16.0, 18.0, 22.0)


@dataclass(frozen=True)
class Burning:
    """When the fire burns, in seconds of the clip."""

    starts_s: float = 4.0
    grown_s: float = 9.0
    fades_s: float = 46.0
    out_s: float = 50.0

    def strength(self, at_s: float) -> float:
        """How hard it burns, 0 (not at all) to 1."""
        growing = (at_s - self.starts_s) / (self.grown_s - self.starts_s)
        fading = (self.out_s - at_s) / (self.out_s - self.fades_s)
        return min(max(min(growing, fading), 0.0), 1.0)


class FirePainter:
    """Paints one fire into pictures of one size, which come in the order of their time."""

    def __init__(
        self,
        size_wh: tuple[int, int],
        *,
        seat: tuple[float, float] = (0.30, 0.80),
        burning: Burning | None = None,
    ) -> None:
        """`seat` is the point on the ground where it burns, frame units."""
        self._burning = burning or Burning()
        self._gas = Fire(_GAS_WH, seat_w=_SEAT_CELLS, seat_at=_SEAT_AT)
        self._at_s = 0.0
        self._window = _Window(size_wh, seat)
        self._heap = self._window.heap()
        self._near = self._window.nearness()

    def paint(self, image: Image, at_s: float) -> Image:
        """A copy of the picture with the fire as it is `at_s` seconds into the clip."""
        while self._at_s < at_s:
            self._gas.step(self._burning.strength(self._at_s))
            self._at_s += STEP_S
        copy = image.copy()
        part = copy[self._window.rows, self._window.columns]
        heat, smoke = self._window.placed(self._gas.heat), self._window.placed(self._gas.smoke)
        veil, cover = 0.8 - 0.8 * np.exp(-1.1 * smoke), np.minimum(heat * 2.2, 0.95)
        glow = self._near * min(float(self._gas.heat.sum()) / 1100, 1.3)
        # Colour by colour: planes this small stay in the processor's cache.
        for channel, light in enumerate(_flame(heat)):
            plane = part[..., channel].astype(np.float32)
            # What burns is there before it burns.
            plane += self._heap * (_BURNT_BGR[channel] - plane)
            # The fire lights the ground in proportion to the ground's own colour, and the smoke
            # from below; the flames shine through what smoke is before them.
            lit = _GLOW_BGR[channel] * glow
            plane *= 1 + 1.9 * lit
            plane += veil * (_SMOKE_BGR[channel] + 80 * lit - plane)
            part[..., channel] = np.clip(plane * (1 - cover) + 255 * light, 0, 255)
        return copy


class _Window:
    """The part of the picture that the gas fills."""

    def __init__(self, size_wh: tuple[int, int], seat: tuple[float, float]) -> None:
        width, height = size_wh
        cell_px = _CELL * width
        gas_wh = round(_GAS_WH[0] * cell_px), round(_GAS_WH[1] * cell_px)
        left = round(seat[0] * width - _SEAT_AT[0] * gas_wh[0])
        top = round(seat[1] * height - _SEAT_AT[1] * gas_wh[1])
        x1, y1 = max(left, 0), max(top, 0)
        x2, y2 = min(left + gas_wh[0], width), min(top + gas_wh[1], height)
        self.rows, self.columns = slice(y1, y2), slice(x1, x2)
        self._size_wh = x2 - x1, y2 - y1
        self._place = np.array([[cell_px, 0, left - x1], [0, cell_px, top - y1]], np.float32)
        x, y = np.meshgrid(np.arange(x1, x2), np.arange(y1, y2))
        seat_w = _SEAT_CELLS * cell_px
        self._x = np.asarray((x - seat[0] * width) / seat_w, np.float32)
        self._y = np.asarray((y - seat[1] * height) / seat_w, np.float32)

    def placed(self, field: Field) -> Field:
        """A field of the gas in the window's pixels, (height, width) float32, not negative."""
        placed = cv2.warpAffine(field, self._place, self._size_wh, flags=cv2.INTER_CUBIC)
        return np.asarray(np.maximum(placed, 0), np.float32)

    def nearness(self) -> Field:
        """How much of the fire's light falls there: (height, width) float32, 0-1."""
        near = np.exp(-((self._x / 1.15) ** 2) - ((self._y - 0.1) / 0.62) ** 2)
        edge = np.minimum(_from_edges(self._x.shape) / 24, 1)
        return np.asarray(near * edge, np.float32)

    def heap(self) -> Field:
        """How much of the burnt heap covers the ground: (height, width) float32, 0-1."""
        height, width = self._x.shape
        random = np.random.default_rng(3)
        coarse = random.random((height // 7, width // 7), dtype=np.float32)
        rough = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        distance = (self._x / 0.60) ** 2 + ((self._y - 0.02) / 0.17) ** 2
        cover = np.clip(1.5 * (1.35 * rough + 0.55 - distance), 0, 1)
        return np.asarray(cover, np.float32)


def _from_edges(shape: tuple[int, ...]) -> Field:
    """The distance of each pixel from the nearest edge, (height, width) float32."""
    y, x = np.indices(shape, np.float32)
    near_x, near_y = np.minimum(x, shape[1] - 1 - x), np.minimum(y, shape[0] - 1 - y)
    return np.asarray(np.minimum(near_x, near_y), np.float32)


_HOTTEST = 1.2
_RAMP = np.array(
    [np.interp(np.linspace(0, _HOTTEST, 256), HEATS, channel) for channel in LIGHTS_BGR.T],
    np.float32,
)


def _flame(heat: Field) -> Iterator[Field]:
    """The flame's own light and its bloom in the lens: blue, green, red, each (height, width)."""
    height, width = heat.shape
    index = np.minimum(heat * (255 / _HOTTEST), 255).astype(np.uint8)
    for ramp in _RAMP:
        light = ramp[index]
        # The bloom is soft, so a quarter of the size is enough to make it.
        small = cv2.resize(light, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
        bloom = cv2.resize(cv2.GaussianBlur(small, (0, 0), 1.8), (width, height))
        yield np.asarray(light + 0.35 * bloom, np.float32)
