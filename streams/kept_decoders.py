"""Decoders that are kept from one look to the next, a bounded number of them."""

import threading
from dataclasses import dataclass

from streams.decoder import FollowingDecoder

KEPT = 8
"""Each holds its camera's pictures: some 17 MB at 1080 lines."""
KEPT_S = 30.0
"""So long after a look nobody goes on from it."""


@dataclass(frozen=True, slots=True)
class _Kept:
    decoder: FollowingDecoder
    used_s: float


class KeptDecoders:
    """The decoders of cameras whose pictures follow on each other for long, so that each look
    decodes only what came since the last one. Who has one keeps it while looks go on; nobody takes
    it from another, because then all would begin anew each time. Safe to use from several
    threads; times are of a monotonic clock."""

    def __init__(self, most: int = KEPT, kept_s: float = KEPT_S) -> None:
        self._most = most
        self._kept_s = kept_s
        self._kept: dict[object, _Kept] = {}
        self._lock = threading.Lock()

    def take(self, owner: object) -> FollowingDecoder:
        """The owner's decoder, to be given back with `keep`; a new one if it has none."""
        with self._lock:
            kept = self._kept.pop(owner, None)
        return kept.decoder if kept else FollowingDecoder()

    def keep(self, owner: object, decoder: FollowingDecoder, now_s: float) -> bool:
        """Keep it for the owner's next look, if there is room."""
        with self._lock:
            self._forget_old(now_s)
            if len(self._kept) >= self._most:
                return False
            self._kept[owner] = _Kept(decoder, now_s)
            return True

    def drop(self, owner: object) -> None:
        """The owner does not go on."""
        with self._lock:
            self._kept.pop(owner, None)

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)

    def __contains__(self, owner: object) -> bool:
        with self._lock:
            return owner in self._kept

    def _forget_old(self, now_s: float) -> None:
        old = [o for o, kept in self._kept.items() if now_s - kept.used_s > self._kept_s]
        for owner in old:
            del self._kept[owner]
