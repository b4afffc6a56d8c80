"""Queues 排队: vehicles that stop together and go together are traffic, not parking.

At a red light or in a jam several vehicles come to rest within a minute and leave one after the
other. So who stops in company is given more time; who stays when the company has driven on is
not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from models.detections import Floats
from vision.things.spots import Spot
from vision.things.tracks import SETTLED_HITS

COMPANY = 2
"""So many other vehicles make a queue."""
STOPPED_TOGETHER_S = 60.0
"""Who comes to rest within this time of another stops with it: a queue grows over a red phase."""
STOOD_S = 8.0
"""Who stands for less than this has only slowed down."""
STARTS_UP_S = 20.0
"""When half of the company has left and no other has for this long, the queue has gone: a driver
takes some two seconds after the one in front."""
HERE_AT_FIRST_S = 5.0
"""What was found standing this soon after the first look may have stood there for hours."""
QUEUING = frozenset({"vehicle", "cycle"})
"""The families that wait at a light."""


NEAR = 4.0
"""Vehicles of one queue stand within this many lengths of the larger one …"""
LIKE_SIZED = 6.0
"""… and their boxes differ in area by less than this: distant traffic seems to stand."""


@dataclass(frozen=True, slots=True, eq=False)
class _Stop:
    since_s: float
    xyxy: Floats
    in_zone: bool
    left_s: float | None = None

    def stood_s(self, now_s: float) -> float:
        return (now_s if self.left_s is None else self.left_s) - self.since_s


class Queueing:
    """Keeps which vehicles stopped together, and which of them have left."""

    def __init__(self, queue_s: float) -> None:
        self._queue_s = queue_s
        self._first_s: float | None = None
        self._stops: dict[int, _Stop] = {}

    def see(self, spots: Iterable[Spot], inside: frozenset[int], now_s: float) -> None:
        """Take in the spots of one look; `inside`: the ids of those in the rule's zone."""
        self._first_s = now_s if self._first_s is None else self._first_s
        standing = {
            spot.id: _Stop(spot.presence.since_s, spot.xyxy, spot.id in inside, spot.absent_since_s)
            for spot in spots
            if spot.family in QUEUING and spot.sightings >= SETTLED_HITS
        }
        gone = {
            number: stop if stop.left_s is not None else replace(stop, left_s=now_s)
            for number, stop in self._stops.items()
            if number not in standing
        }
        kept = {n: s for n, s in gone.items() if now_s - (s.left_s or now_s) <= self._queue_s}
        self._stops = kept | standing

    def waits(self, spot: Spot, now_s: float) -> bool:
        """Whether a vehicle stands in a queue that has not gone yet, and not for too long."""
        own = self._stops.get(spot.id)
        if own is None or now_s - own.since_s >= self._queue_s:
            return False
        company = [stop for n, stop in self._stops.items() if n != spot.id]
        company = [stop for stop in company if self._together(own, stop, now_s)]
        if len(company) < COMPANY:
            return False
        left_s = [stop.left_s for stop in company if stop.left_s is not None]
        return 2 * len(left_s) < len(company) or now_s - max(left_s) < STARTS_UP_S

    def _together(self, own: _Stop, other: _Stop, now_s: float) -> bool:
        """Whether two stopped in one queue. Of what stood there at first nobody knows since when;
        it is believed to queue only with its like, and only inside the zone."""
        apart_s = abs(own.since_s - other.since_s)
        if apart_s > STOPPED_TOGETHER_S or other.stood_s(now_s) < STOOD_S:
            return False
        if self._was_here(own) != self._was_here(other) or not _near(own.xyxy, other.xyxy):
            return False
        return other.in_zone or not self._was_here(other)

    def _was_here(self, stop: _Stop) -> bool:
        return self._first_s is not None and stop.since_s - self._first_s <= HERE_AT_FIRST_S


def _near(one: Floats, other: Floats) -> bool:
    sizes = [box[2:] - box[:2] for box in (one, other)]
    small, large = sorted(float(size.prod()) for size in sizes)
    apart = np.abs(one[:2] + one[2:] - other[:2] - other[2:]) / 2
    reach = NEAR * np.maximum(*sizes).max()
    return large <= LIKE_SIZED * small and float(apart.max()) <= reach
