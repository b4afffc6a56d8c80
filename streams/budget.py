"""One bound for the packets that all rings of a worker hold together."""

import threading
from typing import Protocol


class Shrinks(Protocol):
    """A ring, as far as the bound is concerned."""

    @property
    def size_bytes(self) -> int: ...
    @property
    def spare(self) -> bool | None: ...
    def shed(self) -> int: ...


class RingBudget:
    """Bytes that all rings may hold together. When there are more, the largest ring gives its
    oldest group of pictures, and again; those that hold more than a clip needs come first, so that
    a camera that floods pays itself. Safe to use from several threads.

    Every ring keeps its newest group unless that is endless, so the bound can be passed by that
    of the last who came.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._rings: list[Shrinks] = []
        self._used_bytes = 0
        # Held while rings are asked to shed, which take their own lock: no ring may report
        # while it holds that.
        self._lock = threading.Lock()

    @property
    def used_bytes(self) -> int:
        """What all rings hold now."""
        with self._lock:
            return self._used_bytes

    def join(self, ring: Shrinks) -> None:
        """From now on the ring counts, and reports with `changed`."""
        with self._lock:
            self._rings.append(ring)

    def changed(self, by_bytes: int) -> None:
        """A ring has grown, or shrunk by itself."""
        with self._lock:
            self._used_bytes += by_bytes
            if self._used_bytes > self.max_bytes:
                self._shed()

    def _shed(self) -> None:
        while self._used_bytes > self.max_bytes:
            giving = [(ring.spare, ring) for ring in self._rings]
            spare = [ring for has_spare, ring in giving if has_spare]
            willing = spare or [ring for has_spare, ring in giving if has_spare is not None]
            largest = max(willing or self._rings, key=lambda ring: ring.size_bytes)
            given_bytes = largest.shed()
            if not given_bytes:
                return
            self._used_bytes -= given_bytes
