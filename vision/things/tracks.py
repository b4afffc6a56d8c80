"""Tracks 轨迹: one thing over time. Lifetimes are seconds, and everything is forgotten in time.

At a look every few seconds nothing can be predicted, so boxes are matched to where things were:
best pair first (a greedy match costs next to nothing at tens of boxes and, unlike a global
optimum, never trades one perfect pair for two poor ones).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from domain.labels import CYCLES, MOTOR_VEHICLES
from models.detections import Detections, Floats

MIXED_UP = (*MOTOR_VEHICLES, "train")
"""Motor vehicles, as detectors see them: a bus may be a train in the next look."""

MIN_IOU = 0.3
"""Boxes that overlap this much are one thing (IoU 0–1)."""
SAME_IOU = 0.7
"""Two boxes of one family in one look that overlap this much are one thing seen twice: detectors
say car and truck of the same van."""
SMALL_SIDE = 0.04
"""Boxes smaller than this (frame units) jitter out of any overlap; their centres count instead."""
SMALL_REACH = 1.0
"""How far the centre of a small box may have moved, in units of its own size."""
RECENT = 5
"""The position is the median of this many boxes, so that one bad box moves nothing."""
REMEMBERED = 15
"""Labels and scores are voted on over this many sightings."""
SETTLED_HITS = 3
"""Seen this often a thing is real; until then it is forgotten sooner."""
FORGET_NEW_S = 10.0
"""How long a thing that was seen once or twice is remembered while looks miss it."""
FORGET_SETTLED_S = 60.0
"""How long a settled thing may be hidden (people or a bus in front of a parked van)."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One thing as it is known after a look."""

    id: int
    family: str
    labels: tuple[str, ...]
    scores: tuple[float, ...]
    recent: Floats
    """(m, 4) float32, the last boxes x1 y1 x2 y2 in frame units, newest last, m ≤ `RECENT`."""
    xyxy: Floats
    """Where it is: the median of the recent boxes, (4,) float32."""
    seen_s: float
    hits: int
    missed_s: float | None = None
    """When the first look came that did not see it; none while it is seen. A pause between looks
    says nothing, so it is not counted as absence."""

    @property
    def visible(self) -> bool:
        """Whether it was seen in the very look."""
        return self.missed_s is None

    @property
    def label(self) -> str:
        """What it was called most often."""
        return Counter(self.labels).most_common(1)[0][0]

    @property
    def score(self) -> float:
        """The median score, 0–1."""
        return median(self.scores)

    def expired(self, now_s: float) -> bool:
        if self.missed_s is None:
            return False
        keep_s = FORGET_SETTLED_S if self.hits >= SETTLED_HITS else FORGET_NEW_S
        return now_s - self.missed_s > keep_s


class Tracker:
    """Follows the things of one camera that carry one of `labels`."""

    def __init__(self, labels: frozenset[str]) -> None:
        self._labels = labels
        self._tracks: tuple[Track, ...] = ()
        self._next_id = 1

    def see(self, detections: Detections, now_s: float) -> tuple[Track, ...]:
        """Take in one look; answers with all tracks, hidden ones included."""
        seen = without_doubles(detections.of(*self._labels))
        kept = [track for track in self._tracks if not track.expired(now_s)]
        pairs = best_pairs(_affinity(kept, seen))

        updated = [
            _seen_again(track, seen, pairs[i], now_s) if i in pairs else _missed(track, now_s)
            for i, track in enumerate(kept)
        ]
        fresh = sorted(set(range(len(seen))) - set(pairs.values()))
        self._tracks = (*updated, *(self._begin(seen, row, now_s) for row in fresh))
        return self._tracks

    def _begin(self, seen: Detections, row: int, now_s: float) -> Track:
        label = seen.labels[int(seen.class_ids[row])]
        self._next_id += 1
        return Track(
            id=self._next_id - 1,
            family=family_of(label),
            labels=(label,),
            scores=(float(seen.scores[row]),),
            recent=seen.xyxy[row : row + 1],
            xyxy=seen.xyxy[row],
            seen_s=now_s,
            hits=1,
        )


def family_of(label: str) -> str:
    """Classes that detectors mix up for one thing share a family."""
    if label in MIXED_UP:
        return "vehicle"
    return "cycle" if label in CYCLES else label


def iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union of boxes (n, 4) and (m, 4), (n, m) float32."""
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1e-12), np.float32)


def intersection(a: Floats, b: Floats) -> Floats:
    """Common area of boxes (n, 4) and (m, 4), (n, m) float32."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.asarray(np.prod(np.maximum(high - low, 0), axis=2), np.float32)


def area(xyxy: Floats) -> Floats:
    """Areas of boxes (n, 4) as shares of the frame, (n,) float32."""
    return np.asarray((xyxy[:, 2] - xyxy[:, 0]) * (xyxy[:, 3] - xyxy[:, 1]), np.float32)


def families_of(detections: Detections) -> list[str]:
    return [family_of(detections.labels[int(i)]) for i in detections.class_ids]


def without_doubles(detections: Detections) -> Detections:
    """Keep the best of the boxes of one family that lie on one another."""
    order = np.argsort(-detections.scores, kind="stable")
    ranked = detections[order]
    families = np.array(families_of(ranked), np.str_)
    same = (iou(ranked.xyxy, ranked.xyxy) > SAME_IOU) & (families[:, None] == families[None, :])
    kept: list[int] = []
    for row in range(len(ranked)):
        if not same[row, kept].any():
            kept.append(row)
    return ranked[np.array(kept, np.intp)]


def _affinity(tracks: Sequence[Track], seen: Detections) -> Floats:
    """How well each of n tracks and m boxes fit, (n, m) float32; 0: not the same thing."""
    if not tracks or not len(seen):
        return np.zeros((len(tracks), len(seen)), np.float32)
    last = np.stack([track.recent[-1] for track in tracks])
    usual = np.stack([track.xyxy for track in tracks])
    overlap = np.maximum(iou(last, seen.xyxy), iou(usual, seen.xyxy))
    fit = np.where(overlap >= MIN_IOU, overlap, _nearness(usual, seen.xyxy) * MIN_IOU)
    families = np.array([track.family for track in tracks], np.str_)
    alike = families[:, None] == np.array(families_of(seen), np.str_)[None, :]
    return np.asarray(np.where(alike, fit, 0), np.float32)


def _nearness(a: Floats, b: Floats) -> Floats:
    """1 where small boxes (n, 4) and (m, 4) have one centre, falling to 0 at `SMALL_REACH`."""
    sides = [np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) for box in (a, b)]
    size = np.maximum(sides[0][:, None], sides[1][None, :])
    shift = (a[:, None, :2] + a[:, None, 2:] - b[None, :, :2] - b[None, :, 2:]) / 2
    near = 1 - np.linalg.norm(shift, axis=2) / np.maximum(size * SMALL_REACH, 1e-12)
    return np.asarray(np.where(size < SMALL_SIDE, np.maximum(near, 0), 0), np.float32)


def best_pairs(affinity: Floats) -> dict[int, int]:
    """Rows and columns matched best first, each used once; zeros never match."""
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for flat in np.argsort(-affinity, axis=None, kind="stable"):
        row, column = (int(i) for i in np.unravel_index(flat, affinity.shape))
        if affinity[row, column] <= 0:
            break
        if row not in pairs and column not in taken:
            pairs[row] = column
            taken.add(column)
    return pairs


def _seen_again(track: Track, seen: Detections, row: int, now_s: float) -> Track:
    label = seen.labels[int(seen.class_ids[row])]
    recent = np.concatenate([track.recent, seen.xyxy[row : row + 1]])[-RECENT:]
    return replace(
        track,
        labels=(*track.labels, label)[-REMEMBERED:],
        scores=(*track.scores, float(seen.scores[row]))[-REMEMBERED:],
        recent=recent,
        xyxy=_middle(recent),
        seen_s=now_s,
        hits=track.hits + 1,
        missed_s=None,
    )


def _middle(recent: Floats) -> Floats:
    """The median of boxes (m, 4), each side by itself, (4,). `numpy.median` takes ten times as
    long for so few, and half the time of a look went there."""
    ranked = np.sort(recent, axis=0)
    return np.asarray((ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2, np.float32)


def _missed(track: Track, now_s: float) -> Track:
    return track if track.missed_s is not None else replace(track, missed_s=now_s)
