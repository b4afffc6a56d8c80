"""Watching 布控: one rule for whatever a configuration names: intrusion, line crossing, loitering,
abandoned objects, smoke-free hours, any class that is present for a time."""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from domain.base import Text
from domain.geometry import Box, Point, Unit
from domain.held_back import HeldBackReason
from domain.incident import IncidentKind, LabelledBox
from domain.labels import PERSON
from models.detections import Detections, Floats
from vision.rules.rule import BaseRuleSettings, Finding, Judgement, Rule, Scene
from vision.things.presence import Presence
from vision.things.tracks import Track
from vision.zones import Zone, standing_in

Line = tuple[tuple[Unit, Unit], tuple[Unit, Unit]]


class GenericRuleSettings(BaseRuleSettings):
    """Something of `classes` that is in the zone for `for_s`, or that crosses `line`."""

    kind: Literal["generic"] = "generic"
    title: Text = Text.of("区域内有目标", "Something in the zone")
    """What a case is told that was found, in the town's words."""
    classes: tuple[str, ...] = Field(default=(PERSON,), min_length=1)
    """Classes of the detector that are watched for (default person)."""
    confidence: float = Field(default=0.4, ge=0, le=1)
    """Least score (default 0.4, our proposal)."""
    count: int = Field(default=1, ge=1)
    """At least so many at once (default 1)."""
    for_s: float = Field(default=3.0, ge=0)
    """How long (default 3 s: two looks). Nothing to a line, which is crossed at once."""
    presence: float = Field(default=0.8, gt=0, le=1)
    """Share of `for_s` in which it must be seen (default 0.8)."""
    stay: Literal["any", "same"] = "any"
    """any: one may go and another come (intrusion). same: one and the same thing must stay
    (loitering, an abandoned object)."""
    unattended: bool = False
    """Only things with no person beside them, within one height of that person (an abandoned
    object); with `stay: same`, `for_s` runs from when the last person left."""
    line: Line | None = None
    """Two points, frame units: found is what crosses from one side to the other."""
    crossing: Literal["both", "to_left", "to_right"] = "both"
    """Which way counts, seen along the line from its first point to its second."""

    @model_validator(mode="after")
    def _one_way_to_find(self) -> Self:
        if self.line is not None and self.line[0] == self.line[1]:
            raise ValueError("expected a line of two different points")
        if self.line is not None and (self.stay == "same" or self.unattended or self.count > 1):
            raise ValueError("expected either line or stay, unattended and count, got both")
        return self

    @property
    def incident_kind(self) -> IncidentKind:
        return IncidentKind.WATCH

    @property
    def watched_labels(self) -> frozenset[str]:
        return frozenset(self.classes)

    @property
    def tracked_labels(self) -> frozenset[str]:
        follows = self.line is not None or self.stay == "same"
        return frozenset(self.classes) if follows else frozenset()

    @property
    def warm_up_s(self) -> float:
        return self.for_s

    def rule(self, zone: Zone) -> Rule:
        if self.line is not None:
            return _CrossingRule(self, self.line, zone)
        return _SameRule(self, zone) if self.stay == "same" else _AnyRule(self, zone)


class _AnyRule:
    """Enough of the classes in the zone, whoever they are."""

    def __init__(self, settings: GenericRuleSettings, zone: Zone) -> None:
        self._settings = settings
        self._zone = zone
        self._presence: Presence | None = None

    def judge(self, scene: Scene) -> Judgement:
        settings = self._settings
        seen = scene.detections.of(*settings.classes).at_least(settings.confidence)
        seen = seen[standing_in(self._zone, scene.exempt, seen.xyxy)]
        if settings.unattended:
            seen = seen[~_attended(seen.xyxy, scene)]
        enough = len(seen) >= settings.count
        presence = self._follow(enough, scene.now_s)
        if presence is None:
            return Judgement(held_back=_exempted(settings, self._zone, scene))
        if not enough or presence.lasted_s(scene.now_s) < settings.for_s:
            return Judgement(suspicious=True)
        return Judgement(_finding(settings, seen.boxes(), presence, presence.lasted_s(scene.now_s)))

    def _follow(self, enough: bool, now_s: float) -> Presence | None:
        """The presence that runs; it ends when too much of the last `for_s` was without."""
        if self._presence is None:
            self._presence = Presence(now_s, max(self._settings.for_s, 1.0)) if enough else None
            return self._presence
        self._presence.see(enough, now_s)
        if self._presence.share(max(self._settings.for_s, 1.0), now_s) < self._settings.presence:
            self._presence = None
        return self._presence


class _SameRule:
    """One and the same thing stays: time is kept for each track."""

    def __init__(self, settings: GenericRuleSettings, zone: Zone) -> None:
        self._settings = settings
        self._zone = zone
        self._staying: dict[int, Presence] = {}

    def judge(self, scene: Scene) -> Judgement:
        inside = {track.id: track for track in scene.tracks if self._counts(track, scene)}
        self._follow(inside, scene.now_s)
        long = {
            track_id: presence
            for track_id, presence in self._staying.items()
            if track_id in inside and presence.lasted_s(scene.now_s) >= self._settings.for_s
        }
        if len(long) < self._settings.count:
            return Judgement(held_back=_exempted(self._settings, self._zone, scene))
        longest = max(long.values(), key=lambda presence: presence.lasted_s(scene.now_s))
        boxes = tuple(_box(inside[track_id]) for track_id in long)
        return Judgement(_finding(self._settings, boxes, longest, longest.lasted_s(scene.now_s)))

    def _counts(self, track: Track, scene: Scene) -> bool:
        """Whether a track is one that the rule means; one hidden for a while still stays."""
        settings, xyxy = self._settings, track.xyxy[None]
        return (
            track.label in settings.classes
            and track.score >= settings.confidence
            and bool(standing_in(self._zone, scene.exempt, xyxy)[0])
            and not (settings.unattended and bool(_attended(xyxy, scene)[0]))
        )

    def _follow(self, inside: dict[int, Track], now_s: float) -> None:
        for track_id, track in inside.items():
            if track_id in self._staying:
                self._staying[track_id].see(track.visible, now_s)
            else:
                self._staying[track_id] = Presence(now_s, self._settings.for_s)
        self._staying = {
            track_id: presence
            for track_id, presence in self._staying.items()
            if track_id in inside
            and presence.share(self._settings.for_s, now_s) >= self._settings.presence
        }


class _CrossingRule:
    """Where a track stood at the last look and where it stands now lie on two sides of a line."""

    def __init__(self, settings: GenericRuleSettings, line: Line, zone: Zone) -> None:
        self._settings = settings
        self._line = line
        self._zone = zone
        self._stood: dict[int, Point] = {}

    def judge(self, scene: Scene) -> Judgement:
        before, self._stood = self._stood, {}
        crossed: list[Track] = []
        held_back: frozenset[HeldBackReason] = frozenset()
        for track in scene.tracks:
            if track.label not in self._settings.classes:
                continue
            here = _foot(track.recent[-1])
            if self._crosses(before.get(track.id), here, track):
                if standing_in(self._zone, scene.exempt, track.recent[-1:])[0]:
                    crossed.append(track)
                else:
                    held_back = frozenset({HeldBackReason.EXEMPT})
            self._stood[track.id] = here
        if not crossed:
            return Judgement(held_back=held_back)
        boxes = tuple(_box(track) for track in crossed)
        finding = _finding(self._settings, boxes, Presence(scene.now_s, 0), 0.0)
        return Judgement(finding, held_back=held_back)

    def _crosses(self, was: Point | None, here: Point, track: Track) -> bool:
        """Whether a track went over the line in a way that counts, exempt or not."""
        if was is None or not track.visible or track.score < self._settings.confidence:
            return False
        if not standing_in(self._zone, (), track.recent[-1:])[0]:
            return False
        a, b = self._line
        side_was, side_here = _side(a, b, was), _side(a, b, here)
        if side_was * side_here >= 0 or _side(was, here, a) * _side(was, here, b) > 0:
            return False
        way = "to_left" if side_here < 0 else "to_right"
        return self._settings.crossing in ("both", way)


def _exempted(settings: GenericRuleSettings, zone: Zone, scene: Scene) -> frozenset[HeldBackReason]:
    """Whether there would be enough if those in exempt zones counted."""
    if not scene.exempt:
        return frozenset()
    seen = scene.detections.of(*settings.classes).at_least(settings.confidence)
    counting, all_of_them = (
        int(standing_in(zone, exempt, seen.xyxy).sum()) for exempt in (scene.exempt, ())
    )
    enough = all_of_them >= settings.count > counting
    return frozenset({HeldBackReason.EXEMPT} if enough else ())


def _side(a: Point, b: Point, point: Point) -> float:
    """Below 0 to the left of the way from a to b (y runs down), above 0 to the right."""
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])


def _foot(xyxy: Floats) -> Point:
    return float(xyxy[0] + xyxy[2]) / 2, float(xyxy[3])


def _attended(xyxy: Floats, scene: Scene) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which boxes (n, 4) have a person's feet within that person's height, (n,) bool."""
    people: Detections = scene.detections.of(PERSON)
    heights = people.xyxy[:, 3] - people.xyxy[:, 1]
    feet = np.stack([(people.xyxy[:, 0] + people.xyxy[:, 2]) / 2, people.xyxy[:, 3]], axis=1)
    spots = np.stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]], axis=1)
    far = np.linalg.norm(spots[:, None] - feet[None], axis=2)
    return np.asarray((far <= heights[None]).any(axis=1), np.bool_)


def _box(track: Track) -> LabelledBox:
    x1, y1, x2, y2 = (float(side) for side in track.recent[-1])
    score = min(max(track.score, 0.0), 1.0)
    return LabelledBox(label=track.label, score=score, box=Box.clipped(x1, y1, x2, y2))


def _finding(
    settings: GenericRuleSettings, boxes: tuple[LabelledBox, ...], seen: Presence, lasted_s: float
) -> Finding:
    return Finding(
        score=max((box.score for box in boxes), default=settings.confidence),
        lasted_s=lasted_s,
        looks=seen.looks,
        hits=seen.hits,
        explanation=Text.of(
            f"{settings.title.zh}: {len(boxes)} 个目标, 已持续 {lasted_s:.0f} s",
            f"{settings.title.en}: {len(boxes)} for {lasted_s:.0f} s",
        ),
        boxes=boxes,
        count=len(boxes),
    )
