"""What stands still, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.detections import Floats
from vision.presence import Presence
from vision.tracks import Track

MAX_GROWTH = 2.5
"""A box that became this much larger or smaller is no longer the thing that came to rest: it
drives straight towards the camera, or away."""


@dataclass(slots=True)
class _Rest:
    anchor: Floats
    presence: Presence


class Stillness:
    """Keeps, for each track it is shown, where it came to rest and how it was seen since."""

    def __init__(self, max_shift: float, memory_s: float) -> None:
        self._max_shift = max_shift
        self._memory_s = memory_s
        self._rests: dict[int, _Rest] = {}

    def see(self, tracks: Sequence[Track], now_s: float) -> None:
        """Take in one look. A track that is not shown is forgotten."""
        self._rests = {track.id: self._rest_of(track, now_s) for track in tracks}

    def of(self, track: Track) -> Presence:
        """How the track was seen since it came to rest; it must have been shown."""
        return self._rests[track.id].presence

    def _rest_of(self, track: Track, now_s: float) -> _Rest:
        rest = self._rests.get(track.id)
        if rest is None or shift(rest.anchor, track.xyxy) > self._max_shift:
            return _Rest(track.xyxy, Presence(now_s, self._memory_s))
        rest.presence.see(track.visible, now_s)
        return rest


def shift(anchor: Floats, xyxy: Floats) -> float:
    """How far a box (4,) moved from `anchor` (4,), in units of the anchor's own width and height.

    Of two opposite sides the one that moved less counts: who walks past a parked van hides one
    side of it, while a thing that moves takes both along. Infinite when the size has changed
    beyond `MAX_GROWTH`.
    """
    size = anchor[2:] - anchor[:2]
    grown = float((xyxy[2:] - xyxy[:2]).prod() / max(float(size.prod()), 1e-12))
    if not 1 / MAX_GROWTH <= grown <= MAX_GROWTH:
        return float("inf")
    moved = abs(xyxy - anchor)
    nearer_sides = moved.reshape(2, 2).min(axis=0)
    return float((nearer_sides / size.clip(1e-6)).max())
