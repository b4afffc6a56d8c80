"""Static objects: what stands on the ground and was not there before, named by no class.

Each cell of the picture has a long-term background (what is there when nothing stands on it) and
a short-term one (what it has shown lately). A passer-by is in neither. A thing that stays becomes
the short-term background and differs from the long-term one: since when is known for every cell,
in seconds, however the looks come. What a person or a vehicle covers tells nothing and is left out.

OpenCV's own mixture models (MOG2, KNN) were set aside: they count looks instead of seconds, take a
standing thing into the background at a rate that cannot be stopped where it stands, and cannot say
since when it has stood there.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.labels import CYCLES, PERSON
from models.detections import Detections
from streams.frame import Image
from vision.things.static_cells import (
    CELL_PX,
    CellMask,
    Planes,
    balanced,
    cells_under,
    change,
    ground_below,
    pixels,
    planes_of,
)
from vision.things.static_things import StillThing, came_from_light, is_left_over, parts_of
from vision.things.tracks import MIXED_UP

MOVERS = (PERSON, *MIXED_UP, *CYCLES)
"""What hides the ground, and is found by its class when it stands still."""
LONG_S = 600.0
"""How fast the long-term background follows slow change (seconds for two thirds)."""
SHORT_S = 60.0
"""How fast the short-term one does."""
DROP_SHARE = 0.25
DROP_LEAST_S = 6.0
DROP_AT_MOST_S = 60.0
"""A cell that shows something else for a quarter of the time that it had stood, 6 s at least and
60 s at most, is taken by something new (since it began to show it); a passer-by does not come to
that."""
LEAST_STEP_S = 0.9
"""Looks that come sooner show the ground as the last one did: nothing is set up in a second."""
LONGEST_STEP_S = 30.0
"""A pause between looks counts as no more than this."""
FLASH_SHARE = 0.4
"""When so much of the picture changes from one look to the next, the light or the camera did."""
RELEARN_S = 20.0
"""A change of the whole picture that stays for this long is the new picture."""
SETTLED_S = 15.0
"""What has stood for this long is asked whether it is a thing, light, or a place left empty."""
STAYS_S = 60.0
"""What has stood for this long is believed to stay when the light of the whole picture changes."""
FORGIVEN_S = 86_400.0
"""What has stood for a day of watching is taken into the background."""

TOLD_SHARE = 0.6
"""A cell that people or vehicles cover for more than the rest of the time may show only them."""

Seconds = NDArray[np.float64]
Counts = NDArray[np.int64]
Things = list[StillThing]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What stands on the ground after a look. All arrays are (rows, columns) of cells."""

    taken: CellMask
    """Where something stands that is not background."""
    since_s: Seconds
    """When what is there now came to be there."""
    share: Seconds
    """The share 0-1 of the told time since then in which it was seen."""
    told: Seconds
    """The share 0-1 of the watched time since then in which nothing moving covered the cell."""
    looks: Counts
    """The looks since then that could tell, and those of them that saw it."""
    hits: Counts

    def things(self, since_s: Seconds, *, for_s: float, presence: float, now_s: float) -> Things:
        """What has stood for `for_s`, counted from `since_s` or later, largest first."""
        since_s = np.maximum(self.since_s, since_s)
        old = self.taken & (now_s - since_s >= for_s)
        old &= (self.share >= presence) & (self.told >= TOLD_SHARE)
        return [self._counted(thing, old) for thing in parts_of(old, since_s)]

    def _counted(self, thing: StillThing, old: CellMask) -> StillThing:
        cells = thing.cells & old
        looks, hits = (int(np.median(counts[cells])) for counts in (self.looks, self.hits))
        return replace(thing, looks=max(looks, 1), hits=max(hits, 1))

    def anything(self) -> Things:
        """What stands now, however short, largest first."""
        return parts_of(self.taken, self.since_s)


class StaticObjects:
    """Learns the ground of one camera from its small pictures."""

    def __init__(self) -> None:
        self._long: Planes | None = None
        self._now_s = 0.0
        self._last: Ground | None = None

    def see(self, picture: Image, detections: Detections, now_s: float) -> Ground:
        """Take in one look."""
        if self._last is not None and 0 <= now_s - self._now_s < LEAST_STEP_S:
            return self._last
        self._last = self._look(picture, detections, now_s)
        return self._last

    def _look(self, picture: Image, detections: Detections, now_s: float) -> Ground:
        planes = planes_of(picture, None if self._long is None else self._known.shape[0])
        if self._long is None:
            self._begin(planes, now_s)
        moving = detections.of(*MOVERS).xyxy
        hidden = cells_under(moving, self._since_s.shape)
        self._take_in(balanced(planes, self._usual), ~hidden, now_s)
        return self._ground()

    @property
    def _usual(self) -> Planes:
        assert self._long is not None
        return self._long

    def _begin(self, planes: Planes, now_s: float) -> None:
        self._long, self._short, self._newest = planes, planes.copy(), planes.copy()
        rows, columns = (side // CELL_PX for side in planes.shape[:2])
        self._known = np.zeros((rows, columns), np.bool_)
        self._taken = np.zeros((rows, columns), np.bool_)
        self._since_s = np.full((rows, columns), now_s, np.float64)
        self._newest_s = self._since_s.copy()
        self._watched_s = 0.0
        self._since_watched_s, self._newest_watched_s = np.zeros((2, rows, columns), np.float64)
        self._off_s, self._absent_s, self._told_s = np.zeros((3, rows, columns), np.float64)
        self._looks, self._hits = np.zeros((2, rows, columns), np.int64)
        self._flash_s: float | None = None
        self._now_s = now_s

    def _take_in(self, planes: Planes, told: CellMask, now_s: float) -> None:
        step_s = min(now_s - self._now_s, LONGEST_STEP_S)
        self._now_s = now_s
        self._watched_s += step_s
        self._meet(planes, told & ~self._known, now_s)
        same = change(planes, self._short) < 1
        if self._flashes(planes, told & ~same, told, now_s):
            return
        self._note_newest(planes, told & ~same, now_s)
        self._count(told, same, step_s)
        self._follow(planes, told & same, step_s)
        lasting = told & ~same & self._is_off_for_good(now_s)
        told_s = np.minimum(self._off_s, self._watched_s - self._newest_watched_s)[lasting]
        self._replace(planes, lasting, self._newest_s[lasting])
        self._since_watched_s[lasting] = self._newest_watched_s[lasting]
        self._told_s[lasting] = told_s
        self._taken = self._known & (change(self._short, self._usual) >= 1)
        self._weed_out(now_s)

    def _meet(self, planes: Planes, cells: CellMask, now_s: float) -> None:
        """See cells free for the first time: that is their background until better is known."""
        self._set(self._usual, planes, cells)
        self._replace(planes, cells, now_s)
        self._known |= cells

    def _flashes(self, planes: Planes, other: CellMask, told: CellMask, now_s: float) -> bool:
        """Whether the whole picture changed; if for good, it is learned anew."""
        if other.sum() < FLASH_SHARE * max(int(told.sum()), 1):
            self._flash_s = None
            return False
        self._flash_s = now_s if self._flash_s is None else self._flash_s
        if now_s - self._flash_s >= RELEARN_S:
            self._relearn(planes, now_s)
        return True

    def _relearn(self, planes: Planes, now_s: float) -> None:
        """Begin anew in another light. What stood before is still there, so the ground below it
        is drawn from what is around it."""
        stays = self._taken & (now_s - self._since_s >= STAYS_S)
        self._long, self._short = ground_below(planes, stays), planes.copy()
        self._since_s[~stays] = now_s
        self._forget(~stays)
        self._off_s[:] = 0
        self._known[:] = True
        self._taken, self._flash_s = stays, None

    def _note_newest(self, planes: Planes, other: CellMask, now_s: float) -> None:
        """Remember since when the cells show the new thing that they show, should it stay."""
        begins = other & ((self._off_s == 0) | (change(planes, self._newest) >= 1))
        self._set(self._newest, planes, begins)
        self._newest_s[begins] = now_s
        self._newest_watched_s[begins] = self._watched_s

    def _count(self, told: CellMask, same: CellMask, step_s: float) -> None:
        self._looks += told
        self._hits += told & same
        self._told_s += step_s * told
        self._absent_s += step_s * (told & ~same)
        self._off_s = np.where(told, np.where(same, 0, self._off_s + step_s), self._off_s)

    def _is_off_for_good(self, now_s: float) -> CellMask:
        stood_s = now_s - self._since_s
        patience_s = np.clip(DROP_SHARE * stood_s, DROP_LEAST_S, DROP_AT_MOST_S)
        return np.asarray(self._off_s >= patience_s, np.bool_)

    def _follow(self, planes: Planes, cells: CellMask, step_s: float) -> None:
        """Let the short-term background follow where it was seen, and the long-term one where
        nothing stands."""
        self._blend(self._short, planes, cells, step_s / SHORT_S)
        self._blend(self._usual, planes, cells & ~self._taken, step_s / LONG_S)

    def _replace(self, planes: Planes, cells: CellMask, since_s: float | Seconds) -> None:
        self._set(self._short, planes, cells)
        self._since_s[cells] = since_s
        self._forget(cells)

    def _forget(self, cells: CellMask) -> None:
        for seconds in (self._off_s, self._absent_s, self._told_s):
            seconds[cells] = 0
        for count in (self._looks, self._hits):
            count[cells] = 0
        self._since_watched_s[cells] = self._watched_s

    def _weed_out(self, now_s: float) -> None:
        """Take into the background what is no thing: a place left empty, light and shadow."""
        settled = self._taken & (now_s - self._since_s >= SETTLED_S)
        for thing in parts_of(settled, self._since_s):
            gone = is_left_over(thing, self._short, self._usual, self._taken)
            if gone or came_from_light(thing, self._short, self._usual):
                self._forgive(thing.cells)
        self._forgive(self._taken & (self._watched_s - self._since_watched_s >= FORGIVEN_S))

    def _forgive(self, cells: CellMask) -> None:
        self._set(self._usual, self._short, cells)
        self._taken = self._taken & ~cells

    def _set(self, target: Planes, source: Planes, cells: CellMask) -> None:
        where = pixels(cells)
        target[where] = source[where]

    def _blend(self, target: Planes, source: Planes, cells: CellMask, rate: float) -> None:
        weight = 1 - float(np.exp(-rate))
        mask = pixels(cells).astype(np.uint8)
        cv2.accumulateWeighted(source, target, weight, mask)

    def _ground(self) -> Ground:
        # An hour without looks is not an hour in which something stood in front.
        watched_s = np.maximum(self._watched_s - self._since_watched_s, 1e-6)
        return Ground(
            taken=self._taken.copy(),
            since_s=self._since_s.copy(),
            share=1 - self._absent_s / np.maximum(self._told_s, 1e-6),
            told=self._told_s / watched_s,
            looks=self._looks.copy(),
            hits=self._hits.copy(),
        )
