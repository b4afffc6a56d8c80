"""Lingering 逗留: where people keep standing about, without following any one of them."""

import numpy as np

from models.detections import Floats
from vision.things.static_cells import cells_under

_ROWS, _COLUMNS = 36, 64
REACH = 0.5
"""Somebody is beside a place within this share of their own height."""
LINGERS = 0.4
"""A place is attended when somebody was beside it for this share of the time lately."""


class Lingering:
    """Keeps for each place of the picture the share of the last minutes in which somebody was
    beside it."""

    def __init__(self, memory_s: float) -> None:
        self._memory_s = memory_s
        self._share = np.zeros((_ROWS, _COLUMNS), np.float64)
        self._now_s: float | None = None

    def see(self, people: Floats, now_s: float) -> None:
        """Take in the boxes (n, 4) of all people in one look."""
        passed_s = 0.0 if self._now_s is None else now_s - self._now_s
        self._now_s = now_s
        weight = 1 - float(np.exp(-passed_s / self._memory_s))
        reach = (people[:, 3:] - people[:, 1:2]) * np.array([-REACH, 0, REACH, REACH / 4])
        self._share += weight * (cells_under(people + reach, self._share.shape) - self._share)

    def at(self, xyxy: Floats) -> bool:
        """Whether people linger at a box (4,)."""
        cells = cells_under(xyxy[None], self._share.shape)
        return bool(self._share[cells].max(initial=0.0) >= LINGERS)
