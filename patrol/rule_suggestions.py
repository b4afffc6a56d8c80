"""Masks that false cases ask for. Only ever suggested: a person decides and writes them."""

from collections.abc import Iterable, Sequence

import numpy as np

from cases.judged import JudgedCase
from domain.base import Value
from models.detections import Detections, Floats
from patrol.rule_precision import by_rule, is_right, is_wrong
from vision.zones import Zone, unmasked

LEAST_FALSE = 3
"""False cases at one place that make a habit of it."""
SAME_PLACE = 0.3
"""Share of the smaller box that two false cases have in common when they are of one place."""
MARGIN = 0.01
"""The mask reaches this far beyond the boxes, frame units."""

Corners = tuple[tuple[float, float], ...]


class Suggestion(Value):
    """An ignore zone for a camera, and what it would have done to past cases of one rule."""

    camera_id: str
    rule_id: str
    zone_id: str
    polygon: Corners
    dropped_false: int
    false: int
    dropped_real: int
    real: int


def suggestions(cases: Iterable[JudgedCase]) -> tuple[Suggestion, ...]:
    """One mask for each place at which a rule was often wrong; none that hides a real case."""
    found: list[Suggestion] = []
    for (camera_id, rule_id), its in by_rule(cases).items():
        shown = [case for case in its if case.incident.boxes]
        wrong = [case for case in shown if is_wrong(case)]
        real = [case for case in shown if is_right(case)]
        for number, place in enumerate(_places(wrong), start=1):
            polygon = _around(place)
            zone = Zone.of(f"quiet-{rule_id}-{number}", polygon)
            suggestion = Suggestion(
                camera_id=camera_id,
                rule_id=rule_id,
                zone_id=zone.id,
                polygon=polygon,
                dropped_false=sum(_hidden(case, zone) for case in wrong),
                false=sum(map(is_wrong, its)),
                dropped_real=sum(_hidden(case, zone) for case in real),
                real=sum(map(is_right, its)),
            )
            if suggestion.dropped_false >= LEAST_FALSE and not suggestion.dropped_real:
                found.append(suggestion)
    return tuple(found)


def _boxes(case: JudgedCase) -> Floats:
    return np.array([labelled.box.xyxy for labelled in case.incident.boxes], np.float32)


def _hull(boxes: Floats) -> Floats:
    """The rectangle (4,) around boxes (n, 4)."""
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _places(cases: Sequence[JudgedCase]) -> list[Floats]:
    """The hulls (n, 4) of cases at one place each, the most frequented first."""
    waiting = [_hull(_boxes(case)) for case in cases]
    places: list[Floats] = []
    while waiting:
        around = [[_in_common(seed, hull) >= SAME_PLACE for hull in waiting] for seed in waiting]
        best = max(around, key=sum)
        places.append(np.array([h for h, near in zip(waiting, best, strict=True) if near]))
        waiting = [h for h, near in zip(waiting, best, strict=True) if not near]
    return [place for place in places if len(place) >= LEAST_FALSE]


def _in_common(one: Floats, other: Floats) -> float:
    """Share of the smaller of two boxes (4,); a box without area has nothing but itself."""
    wh = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    smaller = min(np.prod(one[2:] - one[:2]), np.prod(other[2:] - other[:2]))
    if smaller <= 0:
        return float(np.array_equal(one, other))
    return float(np.prod(np.maximum(wh, 0)) / smaller)


def _around(place: Floats) -> Corners:
    hull = _hull(place)
    x1, y1 = (round(float(max(v - MARGIN, 0.0)), 3) for v in hull[:2])
    x2, y2 = (round(float(min(v + MARGIN, 1.0)), 3) for v in hull[2:])
    return (x1, y1), (x2, y1), (x2, y2), (x1, y2)


def _hidden(case: JudgedCase, zone: Zone) -> bool:
    """Whether nothing that the case was opened for would be left, by the rules' own measure."""
    xyxy = _boxes(case)
    seen = Detections(xyxy, np.ones(len(xyxy), np.float32), np.zeros(len(xyxy), np.int64))
    return len(unmasked(seen, (zone,))) == 0
