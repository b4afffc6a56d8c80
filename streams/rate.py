"""How fast a camera's stamps run, measured against the arrival of its pictures.

Many a camera stamps its pictures by the rate it was told to send, not by the one it sends: it says
25 a second and sends 21. What is believed of its stamps is therefore checked against arrival,
which jitters by the network and comes in batches, but runs at the true speed.
"""

from collections import deque
from statistics import quantiles

TRUE_WITHIN = 0.01
"""Stamps that run so close to 1 are true: no crystal is worse, and arrival tells no better."""
SLOWEST, FASTEST = 0.05, 20.0
"""What is measured beyond is no rate but disorder."""
POINT_EVERY_S = 0.25
"""So far apart arrivals are compared: of each span the freshest picture, which waited least."""
SPAN_S = 24.0
"""A rate is measured over so long at most …"""
LEAST_S = 1.5
"""… and at least; over as long as the drift takes to stand out of the jitter."""
DRIFT_S = 0.3
"""Stamps that ran off by less in the measured span may just have come late."""
REFINED_BY = 0.003
"""A rate is corrected by no less once it is known: each correction bends the time of the clip."""
_LEAST_POINTS = 5
_MOST_POINTS = 24
_PAIR_S = 0.75
"""Points nearer to each other tell of jitter alone."""

_Point = tuple[float, float]
"""Arrival and stamp of one picture, in seconds."""


class StampRate:
    """Watches one connection's stamps. `add` is called for each picture that is newer than all
    before; `rate` is exactly 1 while the stamps are true."""

    def __init__(self) -> None:
        self.rate = 1.0
        """Seconds of stamps in a second of time."""
        self._points: deque[_Point] = deque()
        self._drifts_s: deque[float] = deque()
        """For each point, by how much its stamp ran ahead at the believed rate."""
        self._freshest: _Point | None = None
        self._span_from_s = 0.0

    def add(self, arrived_s: float, stamp_s: float) -> bool:
        """Take in a picture; whether another rate is believed from now on."""
        point = arrived_s, stamp_s
        if self._freshest is None:
            self._freshest, self._span_from_s = point, arrived_s
            return False
        if arrived_s - self._span_from_s < POINT_EVERY_S:
            if arrived_s - stamp_s <= self._freshest[0] - self._freshest[1]:
                self._freshest = point
            return False
        self._points.append(self._freshest)
        self._drifts_s.append(self._drift_s(self._freshest))
        self._freshest, self._span_from_s = point, arrived_s
        while self._points[-1][0] - self._points[0][0] > SPAN_S:
            self._drop_first()
        return self._measure()

    def _drift_s(self, point: _Point) -> float:
        return point[1] - self.rate * point[0]

    def _drop_first(self) -> None:
        self._points.popleft()
        self._drifts_s.popleft()

    def _measure(self) -> bool:
        """Ask the shortest span in which stamps of the believed rate would have run off visibly;
        if there is none, that rate is right, and more time makes it more exact."""
        first = self._ran_off_since()
        if first is not None:
            found = _steady(list(self._points)[first:], unlike=self.rate)
            if found is None:
                return False
            for _ in range(first):
                self._drop_first()
        elif self.rate == 1.0 or self._points[-1][0] - self._points[0][0] < 2 * LEAST_S:
            return False
        else:
            found = _slope(self._points[0], self._points[-1])
            if abs(found - self.rate) < REFINED_BY * self.rate:
                return False
        before, self.rate = self.rate, 1.0 if abs(found - 1) <= TRUE_WITHIN else found
        if self.rate != before:
            self._drifts_s = deque(map(self._drift_s, self._points))
        return self.rate != before

    def _ran_off_since(self) -> int | None:
        newest_s, drift_s = self._points[-1][0], self._drifts_s[-1]
        # Asked four times a second of each camera, and nearly always no.
        if max(self._drifts_s) - drift_s < DRIFT_S and drift_s - min(self._drifts_s) < DRIFT_S:
            return None
        for first in range(len(self._points) - _LEAST_POINTS, -1, -1):
            took_s = newest_s - self._points[first][0]
            if took_s >= LEAST_S and abs(drift_s - self._drifts_s[first]) >= DRIFT_S:
                return first
        return None


def _slope(early: _Point, late: _Point) -> float:
    return (late[1] - early[1]) / (late[0] - early[0])


def _steady(points: list[_Point], *, unlike: float) -> float | None:
    """The rate of points, if it was about the same all the time and another than `unlike`: a
    pause, or a burst that makes up for one, is no rate."""
    points = points[:: -(-len(points) // _MOST_POINTS)]
    rates = [
        _slope(early, late)
        for n, early in enumerate(points)
        for late in points[n + 1 :]
        if late[0] - early[0] >= _PAIR_S
    ]
    if len(rates) < _LEAST_POINTS:
        return None
    low, middle, high = quantiles(rates, n=4)
    alike = high - low <= max(0.1 * middle, 0.4 * abs(middle - unlike))
    one_sided = (low - unlike) * (high - unlike) > 0
    return middle if alike and one_sided and SLOWEST <= middle <= FASTEST else None
