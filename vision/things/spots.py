"""Spots 停留点: places where something came to rest, whatever detectors and passers-by do.

A track follows a thing; a spot keeps a place. A bus that covers a parked van for a minute takes a
track along or ends it, while the place is known to be hidden: that time counts neither way. Where
there is a picture, a place that still looks the same is still taken though the detector misses
it, and a place that suddenly looks different is taken by another thing.
"""

from collections import Counter, deque
from enum import Enum, auto
from statistics import median

import numpy as np

from models.detections import Detections, Floats
from streams.frame import Image
from vision.things.likeness import Patch, blended, likeness, patch_of
from vision.things.presence import Presence
from vision.things.stillness import shifts
from vision.things.tracks import (
    FORGET_NEW_S,
    FORGET_SETTLED_S,
    REMEMBERED,
    SETTLED_HITS,
    area,
    best_pairs,
    families_of,
    family_of,
    intersection,
    iou,
    without_doubles,
)
from vision.zones import Bools

MIN_IOU = 0.3
"""A box that overlaps a spot less than this is another thing, or a part of one."""
ALIKE = 0.75
"""A place this much like before still shows the same though no detector says so (measured: a
standing car 0.9 and more from look to look, another at its place 0.7 and less)."""
DIFFERENT = 0.45
"""A vehicle at the place that is less like it than this is another one."""
DIFFERENT_LOOKS = 2
"""… if it is so this many looks in a row: one look may show a passer-by."""
HIDDEN_SHARE = 0.35
"""A spot is hidden when other things in front cover this share of it."""
BEHIND = 0.1
"""A box whose lower edge lies this share of the spot's height above that of the spot stands
behind it, and hides nothing."""
HIDDEN_AT_MOST_S = 150.0
"""Longer than this nothing is believed to be behind what hides it (a bus at its stop, a queue at
a red light: two minutes)."""
SHOWN_EMPTY_S = 12.0
"""A place that the picture shows empty for this long is empty: what comes next is another."""
FOLLOW_S = 60.0
"""How fast the look of a place follows the light (seconds to take on two thirds of it)."""


class Sight(Enum):
    """What one look told of a spot."""

    SEEN = auto()
    HIDDEN = auto()
    ABSENT = auto()


class Spot:
    """One place that is taken, and what is known of what stands there."""

    def __init__(
        self, number: int, label: str, score: float, xyxy: Floats, presence: Presence
    ) -> None:
        self.id = number
        self.presence = presence
        self.family = family_of(label)
        self.sight = Sight.SEEN
        self.xyxy = xyxy
        """Where it came to rest, (4,) float32, frame units."""
        self.sightings = 1
        """In how many looks the detector named it."""
        self.absent_since_s: float | None = None
        self._labels = deque([label], REMEMBERED)
        self._scores = deque([score], REMEMBERED)
        self._first = [xyxy]
        self._patch: Patch | None = None
        self._seen_s = presence.since_s
        self._different = 0

    @property
    def label(self) -> str:
        """What it was called most often."""
        return Counter(self._labels).most_common(1)[0][0]

    @property
    def score(self) -> float:
        """The median score of its last sightings, 0–1."""
        return median(self._scores)

    @property
    def visible(self) -> bool:
        return self.sight is Sight.SEEN

    def named(self, label: str, score: float, xyxy: Floats, picture: Image | None) -> bool:
        """The detector saw a thing here. False when it is plainly another one."""
        patch = None if picture is None else patch_of(picture, self.xyxy)
        if not self._goes_on(patch):
            return False
        self.sightings += 1
        self._labels.append(label)
        self._scores.append(score)
        if len(self._first) < SETTLED_HITS:
            self._first.append(xyxy)
            self.xyxy = np.asarray(np.median(self._first, axis=0), np.float32)
            self._patch = None if picture is None else patch_of(picture, self.xyxy)
        return True

    def looks_taken(self, picture: Image | None) -> bool | None:
        """Whether the picture shows the place as it was; None if there is nothing to compare."""
        patch = None if picture is None else patch_of(picture, self.xyxy)
        if patch is None or self._patch is None or self.sightings < SETTLED_HITS:
            return None
        return likeness(self._patch, patch) >= ALIKE

    def tell(self, sight: Sight, now_s: float) -> None:
        """Take in what a look told."""
        if sight is Sight.HIDDEN and now_s - self._seen_s > HIDDEN_AT_MOST_S:
            sight = Sight.ABSENT
        self.sight = sight
        if sight is Sight.HIDDEN:
            self.presence.skip(now_s)
            return
        self.presence.see(sight is Sight.SEEN, now_s)
        if sight is Sight.SEEN:
            self._seen_s, self.absent_since_s = now_s, None
        elif self.absent_since_s is None:
            self.absent_since_s = now_s

    def follow(self, picture: Image | None, weight: float) -> None:
        """Let the remembered look of the place follow the light."""
        patch = None if picture is None else patch_of(picture, self.xyxy)
        if patch is None:
            return
        if self._patch is None:
            self._patch = patch
        elif likeness(self._patch, patch) >= ALIKE:
            self._patch = blended(self._patch, patch, weight)

    def expired(self, now_s: float, *, shown: bool) -> bool:
        """Whether it has been gone for long enough to be forgotten; `shown`: pictures tell."""
        if self.absent_since_s is None:
            return False
        settled_s = SHOWN_EMPTY_S if shown and self._patch is not None else FORGET_SETTLED_S
        keep_s = settled_s if self.sightings >= SETTLED_HITS else FORGET_NEW_S
        return now_s - self.absent_since_s > keep_s

    def _goes_on(self, patch: Patch | None) -> bool:
        if patch is None or self._patch is None:
            return True
        other = likeness(self._patch, patch) < DIFFERENT
        self._different = self._different + 1 if other else 0
        return self._different < DIFFERENT_LOOKS


class Spots:
    """The spots of one camera where things of some classes stand."""

    def __init__(self, labels: frozenset[str], max_shift: float, memory_s: float) -> None:
        self._labels = labels
        self._max_shift = max_shift
        self._memory_s = memory_s
        self._spots: dict[int, Spot] = {}
        self._next_id = 1
        self._now_s: float | None = None

    def see(self, detections: Detections, picture: Image | None, now_s: float) -> list[Spot]:
        """Take in one look; answers with all spots, hidden and lately left ones included."""
        seen = without_doubles(detections.of(*self._labels))
        spots = [s for s in self._spots.values() if not s.expired(now_s, shown=picture is not None)]
        self._spots = {spot.id: spot for spot in spots}
        pairs = best_pairs(self._fit(spots, seen))
        hidden = _hidden(spots, detections)

        taken = set(pairs.values())
        for i, spot in enumerate(spots):
            row = pairs.get(i)
            if row is not None and not spot.named(*_told(seen, row), picture):
                del self._spots[spot.id]  # another thing stands there now: it begins anew
                taken.discard(row)
                continue
            spot.tell(self._sight(spot, row is not None, bool(hidden[i]), picture), now_s)
        self._follow(picture, now_s)
        for row in sorted(set(range(len(seen))) - taken):
            self._begin(seen, row, picture, now_s)
        return list(self._spots.values())

    def _sight(self, spot: Spot, named: bool, hidden: bool, picture: Image | None) -> Sight:
        if named or spot.looks_taken(picture):
            return Sight.SEEN
        return Sight.HIDDEN if hidden else Sight.ABSENT

    def _fit(self, spots: list[Spot], seen: Detections) -> Floats:
        """How well n spots and m boxes fit, (n, m) float32; 0: not the same thing."""
        if not spots or not len(seen):
            return np.zeros((len(spots), len(seen)), np.float32)
        anchors = np.stack([spot.xyxy for spot in spots])
        overlap = iou(anchors, seen.xyxy)
        families = np.array([spot.family for spot in spots], np.str_)
        fits = families[:, None] == np.array(families_of(seen), np.str_)[None, :]
        fits &= (overlap >= MIN_IOU) & (shifts(anchors, seen.xyxy) <= self._max_shift)
        return np.asarray(np.where(fits, overlap, 0), np.float32)

    def _follow(self, picture: Image | None, now_s: float) -> None:
        passed_s = 0.0 if self._now_s is None else now_s - self._now_s
        self._now_s = now_s
        weight = 1 - float(np.exp(-passed_s / FOLLOW_S))
        for spot in self._spots.values():
            if spot.visible:
                spot.follow(picture, weight)

    def _begin(self, seen: Detections, row: int, picture: Image | None, now_s: float) -> None:
        spot = Spot(self._next_id, *_told(seen, row), Presence(now_s, self._memory_s))
        spot.follow(picture, 0.0)
        self._spots[spot.id] = spot
        self._next_id += 1


def _told(seen: Detections, row: int) -> tuple[str, float, Floats]:
    return seen.labels[int(seen.class_ids[row])], float(seen.scores[row]), seen.xyxy[row]


def _hidden(spots: list[Spot], detections: Detections) -> Bools:
    """Which spots other things in front cover, (n,) bool."""
    if not spots or not len(detections):
        return np.zeros(len(spots), np.bool_)
    anchors = np.stack([spot.xyxy for spot in spots])
    lowest = anchors[:, 3] - BEHIND * (anchors[:, 3] - anchors[:, 1])
    in_front = detections.xyxy[None, :, 3] >= lowest[:, None]
    covered = np.where(in_front, intersection(anchors, detections.xyxy), 0).sum(axis=1)
    return np.asarray(covered >= HIDDEN_SHARE * area(anchors), np.bool_)
