"""A composed fire: a small two-dimensional gas, heated from below, that rises, curls and cools.

A fire that is only painted looks painted. This one is computed: hot gas is lighter and rises,
its edge rolls up into licks, it glows as long as it is hot and leaves smoke when it has cooled.
The method is Stam's "Stable Fluids" (1999) with vorticity confinement (Fedkiw 2001).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""One value for each cell of the gas, (height, width) float32, y down."""

STEP_S = 1 / 30
"""One step of the gas. Three of them make a picture at 10 a second."""

_LIFT = 480.0  # cells/s² at full heat
_DRAG_PER_S = 0.7
_CURL = 11.0  # strength of the small eddies that the grid would blur away
_COOLING_PER_S = 2.6
_SMOKE_FADE_PER_S = 0.2
_WIND = 9.0  # cells/s, to the right, felt by smoke that has risen
_EXPANSION = 16.0  # per second, where the seat burns
_PUFF = 420.0  # cells/s², random pushes at the seat of the fire


class Fire:
    """A gas of `size_wh` cells with a seat of fire near its lower edge.

    Attributes:
        heat: 0 (cold) to about 1 (white-hot), (height, width) float32.
        smoke: density from 0 up, (height, width) float32.
    """

    def __init__(
        self,
        size_wh: tuple[int, int],
        *,
        seat_w: float,
        seat_at: tuple[float, float],
        seed: int = 7,
    ) -> None:
        """`size_wh` in cells, both even; `seat_w` is the width of the seat in cells, `seat_at`
        its middle in 0-1 of the gas."""
        width, height = size_wh
        self._random = np.random.default_rng(seed)
        self._x, self._y = np.meshgrid(
            np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
        )
        self._seat = _seat(self._x, self._y, seat_w, at=(width * seat_at[0], height * seat_at[1]))
        self._u = np.zeros((height, width), np.float32)
        self._v = np.zeros((height, width), np.float32)
        self._laplacian = _laplacian(width, height)
        self._embers = self._noise()
        self.heat: Field = np.zeros((height, width), np.float32)
        self.smoke: Field = np.zeros((height, width), np.float32)

    def step(self, strength: float) -> None:
        """Let `STEP_S` pass. `strength` is how hard the seat burns, 0 (out) to 1."""
        self._feed(strength)
        self._push()
        self._make_incompressible()
        self._carry()

    def _feed(self, strength: float) -> None:
        # The seat is a heap: some of it burns, some does not, and that changes slowly.
        self._embers = 0.86 * self._embers + 0.14 * self._noise()
        burning = np.clip(0.55 + 2.6 * self._embers, 0, 1) * self._seat * strength
        self.heat = np.maximum(self.heat, burning)
        cooled = _band(self.heat, 0.06, 0.34)
        self.smoke += STEP_S * (3.2 * cooled + 0.3 * self._seat * strength**0.5)

    def _push(self) -> None:
        self._v -= STEP_S * _LIFT * (self.heat + 0.018 * np.minimum(self.smoke, 2.0))
        self._u += STEP_S * _PUFF * self._noise() * np.minimum(self.heat * 2, 1)
        aloft = np.clip(1 - self._y / self._y.shape[0], 0, 1) * np.minimum(self.smoke, 1)
        self._u += STEP_S * 2.0 * aloft * (_WIND - self._u)
        self._confine_vorticity()
        keep = np.float32(np.exp(-_DRAG_PER_S * STEP_S))
        self._u *= keep
        self._v *= keep

    def _confine_vorticity(self) -> None:
        """Give the small eddies back what the grid takes from them."""
        curl = _slope(self._v, 1) - _slope(self._u, 0)
        slope_y, slope_x = _slope(np.abs(curl), 0), _slope(np.abs(curl), 1)
        length = np.sqrt(slope_x**2 + slope_y**2) + 1e-3
        push = STEP_S * _CURL * curl / length * np.minimum(0.2 + 2 * self.heat, 1)
        self._u += push * slope_y
        self._v -= push * slope_x

    def _make_incompressible(self) -> None:
        """Take away the part of the flow that would squeeze the gas (Poisson, by cosines)."""
        squeeze = _slope(self._u, 1) + _slope(self._v, 0)
        squeeze -= _EXPANSION * self._seat * self.heat  # but what burns expands
        pressure = np.asarray(cv2.idct(cv2.dct(squeeze) / self._laplacian), np.float32)
        self._u -= _slope(pressure, 1)
        self._v -= _slope(pressure, 0)
        self._v[-2:] = np.minimum(self._v[-2:], 0)  # the ground

    def _carry(self) -> None:
        # Midpoint rule: where did the gas come from that is here now?
        half_x, half_y = self._x - 0.5 * STEP_S * self._u, self._y - 0.5 * STEP_S * self._v
        from_x = self._x - STEP_S * _taken(self._u, half_x, half_y)
        from_y = self._y - STEP_S * _taken(self._v, half_x, half_y)
        self._u, self._v = _taken(self._u, from_x, from_y), _taken(self._v, from_x, from_y)
        # Hot gas loses heat faster than warm gas (radiation), so tips are thin and sharp.
        heat = np.clip(_taken(self.heat, from_x, from_y, sharp=True), 0, 1.2)
        self.heat = np.maximum(heat - STEP_S * _COOLING_PER_S * (0.22 + heat**2) * (heat > 0), 0)
        # Smoke spreads as it goes: the small eddies that carry it are smaller than a cell.
        smoke = cv2.GaussianBlur(_taken(self.smoke, from_x, from_y), (5, 5), 0.55)
        self.smoke = np.asarray(smoke * np.exp(-_SMOKE_FADE_PER_S * STEP_S), np.float32)

    def _noise(self) -> Field:
        """Noise of three octaves, roughly -0.5 to 0.5, (height, width) float32."""
        height, width = self._x.shape
        total = np.zeros((height, width), np.float32)
        for cells, weight in ((24, 0.5), (12, 0.3), (6, 0.2)):
            shape = (height // cells + 2, width // cells + 2)
            coarse = self._random.random(shape, dtype=np.float32) - 0.5
            total += 2 * weight * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        return total


def _seat(x: Field, y: Field, width: float, *, at: tuple[float, float]) -> Field:
    """A flat heap, 1 in its middle and 0 outside."""
    distance = ((x - at[0]) / (width / 2)) ** 2 + ((y - at[1]) / (width / 7)) ** 2
    return np.asarray(np.clip(1.4 - 1.4 * distance, 0, 1), np.float32)


def _band(values: Field, low: float, high: float) -> Field:
    """1 for values between the limits, falling to 0 outside."""
    return np.asarray(np.clip((values - low) * 12, 0, 1) * np.clip((high - values) * 6, 0, 1))


def _laplacian(width: int, height: int) -> Field:
    """The eigenvalues of the five-point Laplacian under the cosine transform."""
    kx, ky = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    values = 2 * np.cos(np.pi * kx) + 2 * np.cos(np.pi * ky) - 4
    values[0, 0] = -1.0  # the mean pressure is free
    return np.asarray(values, np.float32)


def _slope(field: Field, axis: int) -> Field:
    """The field's slope per cell, downwards (axis 0) or to the right (axis 1)."""
    return np.asarray(np.gradient(field, axis=axis), np.float32)


def _taken(field: Field, x: Field, y: Field, *, sharp: bool = False) -> Field:
    """The field's values at (x, y)."""
    how = cv2.INTER_CUBIC if sharp else cv2.INTER_LINEAR
    return np.asarray(cv2.remap(field, x, y, how, borderMode=cv2.BORDER_CONSTANT), np.float32)
