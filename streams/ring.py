"""The last seconds of one camera's packets, for pre-roll and for decoding on from a keyframe."""

import threading
from collections import deque
from collections.abc import Iterable
from itertools import chain

from domain.clock import Moment
from streams.budget import RingBudget
from streams.packet import Packet

FOLLOWING_S = 30.0
"""Of a group of pictures that is larger than the ring its last seconds are kept, for a decoder
that has followed it so far."""


class _Group:
    """One group of pictures: a keyframe and what follows it, and its size."""

    def __init__(self, keyframe: Packet) -> None:
        self.packets = [keyframe]
        self.size_bytes = keyframe.size_bytes

    def append(self, packet: Packet) -> None:
        self.packets.append(packet)
        self.size_bytes += packet.size_bytes

    @property
    def from_s(self) -> float:
        return self.packets[0].captured_s

    @property
    def to_s(self) -> float:
        return self.packets[-1].captured_s


class PacketRing:
    """Keeps whole groups of pictures: at least `max_s` seconds of them while `max_bytes` allows,
    and never more than `max_bytes`. Of a group that alone is larger, only the last packets stay:
    whoever has decoded it so far can go on, nobody else. Safe to use from several threads.

    Packets lie in the order of time, by seconds that nobody sets: a clock that is set costs
    nothing. One from before the newest begins the ring anew."""

    def __init__(
        self,
        max_s: float,
        max_bytes: int,
        *,
        budget: RingBudget | None = None,
        needed_s: float = 0.0,
    ) -> None:
        """`budget` bounds all rings together; below `needed_s` seconds it cuts only when nothing
        else is left, and `cut_to_s` tells."""
        self.max_s = max_s
        self.needed_s = needed_s
        self.max_bytes = max_bytes
        self._groups: deque[_Group] = deque()
        self._size_bytes = 0
        self._loose: deque[Packet] = deque()
        """The last packets of a group whose keyframe is gone; there is no whole group then."""
        self._cut = False
        """Whether the budget took what a clip would need."""
        self._lock = threading.Lock()
        self._budget = budget
        if budget is not None:
            budget.join(self)

    def append(self, packet: Packet) -> None:
        """Add the newest packet. One from before the first keyframe is left out."""
        self.extend((packet,))

    def extend(self, packets: Iterable[Packet]) -> None:
        """Add packets that came together."""
        with self._lock:
            before_bytes = self._size_bytes
            for packet in packets:
                self._add(packet)
            self._evict()
            grown_bytes = self._size_bytes - before_bytes
        if self._budget is not None:
            self._budget.changed(grown_bytes)

    def _add(self, packet: Packet) -> None:
        newest = self._newest()
        if newest is not None and packet.captured_s < newest.captured_s:
            self._clear()
        if packet.keyframe:
            self._groups.append(_Group(packet))
            self._size_bytes -= sum(loose.size_bytes for loose in self._loose)
            self._loose.clear()
        elif self._groups:
            self._groups[-1].append(packet)
        elif self._loose:
            self._loose.append(packet)
        else:
            return
        self._size_bytes += packet.size_bytes

    def between(self, from_s: float, to_s: float) -> list[Packet]:
        """The packets from the last keyframe at or before `from_s` until `to_s` (of
        `Packet.captured_s`: wall time may be set meanwhile), of one `StreamInfo`: where that
        changed, the run that covers `to_s`, else the one that covers most. The list begins with a
        keyframe; it is empty if nothing was kept of that time."""
        with self._lock:
            runs = [run for run in self._runs() if _touches(run, from_s, to_s)]
            if not runs:
                return []
            return _cut(max(runs, key=lambda run: _merit(run, from_s, to_s)), from_s, to_s)

    def tail(self, after: Packet | None = None) -> list[Packet]:
        """What to decode next: the packets after `after` if it is in the newest group of
        pictures, else that whole group from its keyframe; nothing if that is gone."""
        with self._lock:
            newest = self._groups[-1].packets if self._groups else list(self._loose)
            for position in range(len(newest) - 1, -1, -1):
                if newest[position] is after:
                    return newest[position + 1 :]
            return list(newest) if self._groups else []

    @property
    def without_keyframe(self) -> bool:
        """Whether packets come that follow on a keyframe which is gone."""
        with self._lock:
            return bool(self._loose)

    @property
    def newest(self) -> Packet | None:
        """The packet that came last."""
        with self._lock:
            return self._newest()

    @property
    def newest_keyframe(self) -> Packet | None:
        with self._lock:
            return self._groups[-1].packets[0] if self._groups else None

    @property
    def span(self) -> tuple[Moment, Moment] | None:
        """From when until when there are packets; None if there are none."""
        with self._lock:
            if not self._groups:
                return None
            return self._groups[0].packets[0].captured, self._groups[-1].packets[-1].captured

    @property
    def size_bytes(self) -> int:
        with self._lock:
            return self._size_bytes

    @property
    def spare(self) -> bool | None:
        """Whether more is held than a clip needs, beside the oldest group; None if there is no
        group to give."""
        with self._lock:
            if len(self._groups) < 2:
                return None
            return self._seconds_from(1) >= self.needed_s

    def shed(self) -> int:
        """Give the oldest group for the good of all; how many bytes that was. An endless one
        gives all but its last packets."""
        with self._lock:
            if len(self._groups) < 2:
                return self._loosen() if self._is_endless() else 0
            given_bytes = self._groups.popleft().size_bytes
            self._size_bytes -= given_bytes
            self._cut = self._seconds_from(0) < self.needed_s
            return given_bytes

    @property
    def cut_to_s(self) -> float | None:
        """How many seconds are left, if the budget took some that a clip would need."""
        with self._lock:
            if not self._cut or not self._groups:
                return None
            held_s = self._seconds_from(0)
            self._cut = held_s < self.needed_s
            return held_s if self._cut else None

    def _newest(self) -> Packet | None:
        if self._groups:
            return self._groups[-1].packets[-1]
        return self._loose[-1] if self._loose else None

    def _clear(self) -> None:
        self._groups.clear()
        self._loose.clear()
        self._size_bytes = 0

    def _seconds_from(self, group: int) -> float:
        return self._groups[-1].to_s - self._groups[group].from_s

    def _evict(self) -> None:
        while len(self._groups) > 1 and (
            self._size_bytes > self.max_bytes or self._oldest_is_spare()
        ):
            self._size_bytes -= self._groups.popleft().size_bytes
        if self._groups and self._size_bytes > self.max_bytes:
            self._loosen()
        self._drop_loose()

    def _is_endless(self) -> bool:
        return bool(self._groups) and self._seconds_from(0) > 2 * FOLLOWING_S

    def _loosen(self) -> int:
        """Give up the keyframe of the only group, and most of what followed it; how many bytes."""
        before_bytes = self._size_bytes
        self._loose.extend(self._groups.popleft().packets)
        self._drop_loose()
        return before_bytes - self._size_bytes

    def _drop_loose(self) -> None:
        loose = self._loose
        while loose and (
            self._size_bytes > self.max_bytes
            or loose[-1].captured_s - loose[0].captured_s > FOLLOWING_S
        ):
            self._size_bytes -= loose.popleft().size_bytes

    def _oldest_is_spare(self) -> bool:
        if len(self._groups) < 2:
            return False
        return self._seconds_from(1) >= self.max_s

    def _runs(self) -> list[list[_Group]]:
        """The groups, parted where the `StreamInfo` changes."""
        runs: list[list[_Group]] = []
        for group in self._groups:
            if runs and runs[-1][-1].packets[0].stream is group.packets[0].stream:
                runs[-1].append(group)
            else:
                runs.append([group])
        return runs


def _touches(run: list[_Group], from_s: float, to_s: float) -> bool:
    return run[0].from_s <= to_s and run[-1].to_s >= from_s


def _merit(run: list[_Group], from_s: float, to_s: float) -> tuple[bool, float]:
    """Runs that cover the end come first, then those that cover most."""
    covered_s = min(run[-1].to_s, to_s) - max(run[0].from_s, from_s)
    return run[-1].to_s >= to_s, covered_s


def _cut(run: list[_Group], from_s: float, to_s: float) -> list[Packet]:
    """The packets of one run that serve the span, from a keyframe on."""
    start = max((i for i, group in enumerate(run) if group.from_s <= from_s), default=0)
    packets = chain.from_iterable(group.packets for group in run[start:])
    return [packet for packet in packets if packet.captured_s <= to_s]
