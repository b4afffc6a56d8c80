"""Unchanged pictures 画面未变: where a picture shows what the network saw in full shortly before,
its detections are the same and need not be computed.

The reference is always the last picture that the network saw in full, never the last one that was
looked at: what changes slowly adds up until it shows. Compared are quarter-size pictures, of which
each pixel, a cell, is the mean of 4x4 pixels, by two limits:

- the largest difference of any cell finds what is small: a flame of 3x3 pixels that is 40 levels
  brighter moves its cell by 22;
- the largest mean difference of any tile of 4x4 cells (16 pixels) finds what is faint and wide,
  like thin smoke; the noise of a sensor averages out in it.

Both follow the noise of the camera, within bounds. Measured on keyframes 2 s apart, 640 pixels
wide (grey levels of 0-255; noise as `Unchanged` measures it):

=============================================  =========  ============  ============
scene                                          noise      largest tile  largest cell
=============================================  =========  ============  ============
still 1080p night, H.264 of 2 Mbit/s           0.43-0.79       2.3-2.7           4-6
… H.264 of 4 Mbit/s                            0.38-0.76       1.7-2.3           4-7
… H.265 of 1.5 Mbit/s                          0.38-0.76       1.6-1.9           3-6
still 1080p day, H.264 of 2 Mbit/s             0.44-0.82       3.1-3.5           7-8
an empty floor, 768x432, compressed very hard  0.75            3.6-4.0         10-15
a road with one car far away                   0.73                5.8            30
a person enters the floor                      1.12                149           167
a street, a square, a motorway                 0.8-6            13-190       100-190
=============================================  =========  ============  ============

The still ones are filmed pictures under the noise of a sensor of 3-6 levels. A clock that the
camera burns in changes at each look: it costs the gain of all this, unless an ignore zone lies over
it, for what lies under those is not compared.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from domain.base import Settings
from models.detections import Detections
from streams.frame import Image
from vision.things.tracks import iou
from vision.zones import Zone

CELL = 4
"""Side of a cell in pixels of the small picture."""
TILE = 4
"""Side of a tile in cells."""
TILE_NOISES, TILE_LEVELS = 7.0, (2.5, 4.0)
"""A tile changed by more than so many times the noise, within these levels: still pictures reach
4 to 8 times. 4 levels of haze are far below what the detector calls smoke."""
CELL_NOISES, CELL_LEVELS = 14.0, (8.0, 14.0)
"""The same for a cell: still pictures reach 8 to 16 times, at edges that the encoder redraws; 14
levels are one bright pixel, or a speck of 4x4 pixels in the contrast of dusk."""
NOISES_KEPT = 9
"""The noise is the median of so many measures: a lorry that fills the picture is one of them."""
GAP_S = 30.0
"""Looks that are further apart are not compared: light and weather have become others. It is as
long as anybody waits for a look on a machine that is too small. Were it less, all looks would be
full ones there, only because looks come rarely; and being full they would go on to come rarely."""
SURE = 0.3
"""What scores this much in one of two looks at the same picture must be in the other too: the least
that rules count by default. Fire counts less, but is never left to what is remembered."""
SAME_IOU = 0.5

Grey = NDArray[np.uint8]


class UnchangedSettings(Settings):
    """When the network need not look, because the picture shows what it saw shortly before."""

    enabled: bool = True
    """Whether there are unchanged looks at all (default true); without, every look is a full one
    and costs what it costs."""
    full_every_s: float = Field(default=30.0, gt=0)
    """The network sees the whole picture at least this often, whatever is the same (default
    30 s)."""
    full_every_looks: int = Field(default=10, ge=1)
    """… and at least every so many looks (default 10)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Reference:
    """The last picture that the network saw in full."""

    cells: Image
    size_wh: tuple[int, int]
    seen: Detections
    at_s: float
    trusted: bool
    """Whether the full look before it, at the same picture, saw the same: what a detector says
    once, and not again, must not count as seen again and again."""


class Unchanged:
    """Remembers of one camera what the network saw, as long as the picture stays what it was.

    Ask `recall` of every picture, in order; `keep` what the network saw of those it had to look
    at. It holds some 60 kB.
    """

    def __init__(self, settings: UnchangedSettings | None = None) -> None:
        self._settings = settings or UnchangedSettings()
        self._reference: _Reference | None = None
        self._last: Grey | None = None
        self._last_s: float | None = None
        self._noises: deque[float] = deque(maxlen=NOISES_KEPT)
        self._in_a_row = 0
        self._watched = _Watched()

    @property
    def noise(self) -> float | None:
        """The camera's noise: by how many grey levels a cell of a typical tile differs from look
        to look, on average; None before the second picture."""
        return float(np.median(self._noises)) if self._noises else None

    def forget(self) -> None:
        """Compare with nothing that was seen until now: the picture is not to be trusted."""
        self._reference = None

    def recall(
        self,
        image: Image,
        size_wh: tuple[int, int],
        at_s: float,
        *,
        doubted: bool = False,
        ignored: tuple[Zone, ...] = (),
    ) -> Detections | None:
        """What the network saw in a picture that this one equals; None if it must see this one.

        Args:
            image: the small picture, (h, w, 3) uint8 BGR, always scaled in one way.
            size_wh: the size of the picture that it was scaled from, in pixels.
            at_s: when it was captured, in seconds that nobody sets.
            doubted: whether the network is to look whatever the picture shows.
            ignored: what happens in these zones makes no picture another one.
        """
        if not self._settings.enabled:
            return None
        cells = _cells(image)
        in_time = self._measure(cells, at_s)
        self._watched.leave_out(ignored)
        known = self._reference
        if known is None or doubted or not in_time or not known.trusted:
            return None
        if self._is_owed(known, at_s) or not self._equals(known, cells, size_wh):
            return None
        self._in_a_row += 1
        return known.seen

    def keep(self, image: Image, size_wh: tuple[int, int], at_s: float, seen: Detections) -> None:
        """Remember what the network saw in a whole picture; arguments as for `recall`."""
        if not self._settings.enabled:
            return
        cells, known = _cells(image), self._reference
        trusted = (
            known is not None and self._equals(known, cells, size_wh) and agree(known.seen, seen)
        )
        self._reference = _Reference(cells, size_wh, seen, at_s, trusted)
        self._in_a_row = 0

    def _is_owed(self, known: _Reference, at_s: float) -> bool:
        """Whether a full look is owed, whatever is the same."""
        age_s = at_s - known.at_s
        in_time = 0 <= age_s < self._settings.full_every_s
        return not in_time or self._in_a_row + 1 >= self._settings.full_every_looks

    def _measure(self, cells: Image, at_s: float) -> bool:
        """Learn the noise from this picture and the one before; whether that came shortly before.
        Whatever moves is in the louder half of the tiles."""
        grey = np.asarray(cv2.cvtColor(cells, cv2.COLOR_BGR2GRAY), np.uint8)
        last, last_s = self._last, self._last_s
        self._last, self._last_s = grey, at_s
        if last is None or last_s is None or last.shape != grey.shape:
            return False
        if not 0 <= at_s - last_s <= GAP_S:
            return False
        self._noises.append(float(np.median(_tiles(cv2.absdiff(grey, last).astype(np.float32)))))
        return True

    def _equals(self, known: _Reference, cells: Image, size_wh: tuple[int, int]) -> bool:
        noise = self.noise
        if noise is None or known.size_wh != size_wh or known.cells.shape != cells.shape:
            return False
        now, then = self._watched.part_of(cells), self._watched.part_of(known.cells)
        if cv2.absdiff(now, then).max() > np.clip(CELL_NOISES * noise, *CELL_LEVELS):
            return False
        change = now.astype(np.float32) - then
        return bool(np.abs(_tiles(change)).max() <= np.clip(TILE_NOISES * noise, *TILE_LEVELS))


class _Watched:
    """The part of a picture in which a change counts."""

    def __init__(self) -> None:
        self._ignored: tuple[Zone, ...] = ()
        self._kept: Image | None = None

    def leave_out(self, ignored: tuple[Zone, ...]) -> None:
        if ignored != self._ignored:
            self._ignored, self._kept = ignored, None

    def part_of(self, cells: Image) -> Image:
        """Cells (h, w, 3) uint8, black where nobody watches."""
        if not self._ignored:
            return cells
        if self._kept is None or self._kept.shape[:2] != cells.shape[:2]:
            height, width = cells.shape[:2]
            y, x = np.divmod(np.arange(height * width), width)
            points = (x + 0.5) / width, (y + 0.5) / height
            hidden = np.any([zone.holds_points(*points) for zone in self._ignored], axis=0)
            self._kept = (~hidden).astype(np.uint8).reshape(height, width, 1)
        return np.asarray(cells * self._kept, np.uint8)


def agree(one: Detections, other: Detections) -> bool:
    """Whether two looks saw the same: what one is sure of, the other has at its place too."""
    return _holds(one, other) and _holds(other, one)


def _holds(whole: Detections, part: Detections) -> bool:
    sure = part.at_least(SURE)
    if not len(sure):
        return True
    if not len(whole):
        return False
    same = iou(sure.xyxy, whole.xyxy) >= SAME_IOU
    return bool((same & _same_label(sure, whole)).any(axis=1).all())


def _same_label(one: Detections, other: Detections) -> NDArray[np.bool_]:
    """(n, m), by name."""

    def names(seen: Detections) -> NDArray[np.str_]:
        labels: Sequence[str] = [seen.labels[index] for index in seen.class_ids]
        return np.array(labels, np.str_)

    return np.asarray(names(one)[:, None] == names(other)[None, :], np.bool_)


def _cells(image: Image) -> Image:
    """The picture by cells, (h / 4, w / 4, 3) uint8 BGR."""
    height, width = image.shape[:2]
    size_wh = max(1, width // CELL), max(1, height // CELL)
    return np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def _tiles(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of each tile, of cells (h, w) or (h, w, 3) float32."""
    height, width = cells.shape[:2]
    size_wh = max(1, width // TILE), max(1, height // TILE)
    return np.asarray(cv2.resize(cells, size_wh, interpolation=cv2.INTER_AREA), np.float32)
