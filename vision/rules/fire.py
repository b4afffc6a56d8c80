"""Fire 烟火: flames or smoke that are seen again and again at one place."""

import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from domain.held_back import HeldBackReason
from domain.incident import IncidentKind, LabelledBox
from domain.labels import FLAMES, SMOKE
from models.detections import Detections, Floats
from vision.likelihood import FireTrack
from vision.rules.hearth import Hearth, Hit, explain
from vision.rules.rule import BaseRuleSettings, Doubt, Finding, Judgement, Rule, Scene
from vision.second_look.verdict import SecondLook
from vision.things.likeness import patch_of
from vision.things.rejected import RejectedThing
from vision.things.tracks import area, intersection
from vision.zones import Zone

STRANGE_HITS = 2
"""Hits in a row that show no rejected thing, or show it grown, are something new."""


class FireRuleSettings(BaseRuleSettings):
    """Flames or smoke, confirmed k of n over seconds.

    The start values are those of the town's rule table (domain study §5.4): 5 of 8 samples at
    2 a second over at least 3 s. A camera on patrol is looked at every 2 s and more often only
    once something is suspected, so n is not a number but all looks since the first hit inside
    `window_s`, and k is the same share of them (5/8, as 0.6) but at least `hits`. At 2 looks a
    second that is 5 of 7 within 3 s; at a look every 2 s it is 3 of 3, or 3 of 5, within 8 s.

    A second look at a suspicious place (vision.second_look) settles it sooner and better: where it
    confirms, weaker and fewer hits suffice; where it denies, only a detector that is certain is
    believed; where it cannot judge, or where nobody can take one, nothing changes. Where the
    detector sees weak flames plainly at twice the size (vision.second_look.closer), one clear
    second look confirms them; by their size alone, without flicker, nothing ever is.
    """

    kind: Literal["fire"] = "fire"
    confidence: float = Field(default=0.5, ge=0, le=1)
    """Least score of a flame that counts by itself (default 0.50, §5.4)."""
    smoke_confidence: float = Field(default=0.6, ge=0, le=1)
    """Least score of smoke that counts by itself (default 0.60, §5.4: more often mistaken)."""
    second_look: bool = True
    """Whether to ask for second looks (default true); without, the detector alone decides."""
    suspect_confidence: float = Field(default=0.15, ge=0, le=1)
    """Least score of a flame that counts once a second look has confirmed it (default 0.15:
    below it the detector of the product says as much of lamps as of flames)."""
    suspect_smoke_confidence: float = Field(default=0.12, ge=0, le=1)
    """The same for smoke (default 0.12, the detector's own floor: thin smoke is never sure)."""
    certain_confidence: float = Field(default=0.9, ge=0, le=1)
    """Median score of hits that are believed although a second look saw nothing move (default
    0.90; neon signs reach 0.81)."""
    confirm_evidence: float = Field(default=0.5, ge=0, le=1)
    """Evidence of a second look from which a place is confirmed (default 0.5)."""
    weak_confidence: float = Field(default=0.3, ge=0, le=1)
    """Where flames score less in the median, one second look is not enough to confirm them (default
    0.30: neon signs of cropped and brightened clips score up to 0.34, mostly below 0.29) …"""
    weak_evidence: float = Field(default=0.8, ge=0, le=1)
    """… the last two must give this much evidence, and looks must show it as often as they must
    without (`presence`), unless it is plain at twice the size (default 0.8: second looks at neon
    seldom give so much, those at flames of the development clips 0.92 and more)."""
    closer_confidence: float = Field(default=0.4, ge=0, le=1)
    """Weak flames that score this much at twice the size are plain ones (default 0.40: half of the
    flames that score 0.15 to 0.30 in small pictures do, few lamps, but much neon) …"""
    closer_share: float = Field(default=0.6, gt=0, le=1)
    """… in this share of the pictures looked at so (default 0.6: two of three). For them one second
    look with `weak_evidence` is enough, and the share of looks that others need."""
    deny_evidence: float = Field(default=0.2, ge=0, le=1)
    """Evidence up to which it is denied (default 0.2); between the two nothing is said."""
    confirmed_hits: int = Field(default=2, ge=1)
    """Least number of looks with a hit at a place that a second look has confirmed."""
    confirmed_presence: float = Field(default=0.3, gt=0, le=1)
    """Share of the looks since the first hit that must be hits there (default 0.3)."""
    confirmed_for_s: float = Field(default=1.0, ge=0)
    """Least time from the first hit to the last there (default 1 s)."""
    ask_again_s: float = Field(default=3.0, gt=0)
    """A place that is not settled is looked at again after this long (default 3 s)."""
    hits: int = Field(default=3, ge=1)
    """Least number of looks with a hit."""
    presence: float = Field(default=0.6, gt=0, le=1)
    """Share of the looks since the first hit that must be hits (default 0.6, from 5 of 8)."""
    for_s: float = Field(default=3.0, ge=0)
    """Least time from the first hit to the last, flames (default 3 s, §5.4)."""
    smoke_for_s: float = Field(default=4.0, ge=0)
    """The same for smoke. §5.4 proposes 10 s; at 4 s a room that fills within 6 s is found."""
    small_smoke: float = Field(default=0.04, ge=0, le=1)
    """Smoke whose largest box is below this share of the frame may be steam: it drifts like smoke
    and stays small (default 0.04: drawn steam reaches 0.026, smoke of filmed fires 0.12)."""
    small_smoke_for_s: float = Field(default=10.0, ge=0)
    """Smoke that small is not believed for its drift before it was seen for this long (default
    10 s, §5.4): a lifted lid is over by then, what burns goes on. What the detector is sure of by
    itself needs no more than `smoke_for_s`."""
    window_s: float = Field(default=12.0, gt=0)
    """Hits older than this count no more (default 12 s: three looks even at one every 5 s)."""
    overlap: float = Field(default=0.3, ge=0, le=1)
    """Share of the smaller box that must lie in the one seen before (default 0.3, §5.4). Of the
    smaller, because a fire that grows keeps its old place but not its IoU."""
    min_area: float = Field(default=0.0005, ge=0, le=1)
    """Least size of a box as a share of the frame (default 0.0005, §5.4)."""
    cool_down_s: float = Field(default=600.0, ge=0)
    """A match within this time after closing re-opens the same incident (default 10 min, §5.4)."""

    @model_validator(mode="after")
    def _times_fit_the_window(self) -> Self:
        longest_s = max(self.for_s, self.smoke_for_s)
        if longest_s > self.window_s:
            came = f"{self.window_s} < {longest_s}"
            raise ValueError(f"expected window_s to hold for_s and smoke_for_s, got {came}")
        if self.small_smoke and self.small_smoke_for_s > self.window_s:
            came = f"{self.window_s} < {self.small_smoke_for_s}"
            raise ValueError(f"expected window_s to hold small_smoke_for_s, got {came}")
        return self

    @property
    def incident_kind(self) -> IncidentKind:
        return IncidentKind.FIRE

    @property
    def public_safety(self) -> bool:
        return True

    @property
    def watched_labels(self) -> frozenset[str]:
        return frozenset((*FLAMES, SMOKE))

    @property
    def full_looks_apart_s(self) -> float:
        return math.inf  # fire and smoke are what the first look is for

    @property
    def warm_up_s(self) -> float:
        return self.window_s

    def rule(self, zone: Zone) -> Rule:
        return FireRule(self, zone)


class FireRule:
    """Keeps the hearths of one zone. A confirmed one is known until looks without it have come
    for as long as an incident takes to close."""

    def __init__(self, settings: FireRuleSettings, zone: Zone) -> None:
        self._settings = settings
        self._zone = zone
        self._looked_s: deque[float] = deque()
        self._found_s: float | None = None
        self._hearths: list[Hearth] = []
        self._numbers = itertools.count(1)
        self._rejected: tuple[RejectedThing, ...] = ()

    def remind(self, rejected: Sequence[RejectedThing]) -> None:
        self._rejected = tuple(rejected)

    def judge(self, scene: Scene) -> Judgement:
        now_s = scene.now_s
        self._looked_s.append(now_s)
        flames = scene.detections.of(*FLAMES).at_least(self._floor(smoke=False))
        smoke = scene.detections.of(SMOKE).at_least(self._floor(smoke=True))
        self._take_in(flames, False, now_s)
        self._take_in(smoke, True, now_s)
        if self._rejected:
            self._compare(scene)

        self._forget(now_s)
        finding = self._settle(now_s)
        telling = [h for h in self._hearths if not (h.confirmed and self._is_rejected(h))]
        return Judgement(
            finding=finding,
            # Where something burns for sure, more looks would tell nothing that matters.
            suspicious=bool(telling) and not any(h.confirmed for h in telling),
            doubt=self._doubt(now_s) if self._settings.second_look else None,
            held_back=frozenset(self._held_back(now_s)),
        )

    @property
    def seen_now(self) -> tuple[FireTrack, ...]:
        """What each hearth that the newest look saw has shown so far."""
        now_s = self._looked_s[-1] if self._looked_s else None
        return tuple(h.track for h in self._hearths if h.hits and h.hits[-1].at_s == now_s)

    def learn(self, place: int, seen: SecondLook) -> Finding | None:
        """Take in what a second look at a hearth found; the finding, if that settles it and the
        newest look, which showed it, found nothing yet."""
        for hearth in self._hearths:
            if hearth.number == place:
                hearth.learn(seen)
        if not self._looked_s or self._found_s == self._looked_s[-1]:
            return None
        return self._settle(self._looked_s[-1])

    def _settle(self, now_s: float) -> Finding | None:
        for hearth in self._hearths:
            hearth.confirmed = hearth.confirmed or self._confirms(hearth)
        burning = [h for h in self._burning(now_s) if not self._is_rejected(h)]
        if not burning:
            return None
        self._found_s = now_s
        return self._finding(burning, now_s)

    def _burning(self, now_s: float) -> list[Hearth]:
        """The hearths that are confirmed and seen in this look."""
        return [h for h in self._hearths if h.confirmed and h.hits[-1].at_s == now_s]

    def _held_back(self, now_s: float) -> Iterator[HeldBackReason]:
        if any(self._is_denied(hearth, now_s) for hearth in self._hearths):
            yield HeldBackReason.DENIED
        if any(self._is_rejected(hearth) for hearth in self._burning(now_s)):
            yield HeldBackReason.REJECTED

    def _compare(self, scene: Scene) -> None:
        """Note of each hearth seen in this look whether it shows what people have rejected."""
        for hearth in self._hearths:
            if hearth.hits[-1].at_s == scene.now_s:
                known = all(self._is_known(hearth, box, scene) for box in hearth.hits[-1].boxes)
                hearth.strange = 0 if known else hearth.strange + 1

    def _is_known(self, hearth: Hearth, box: LabelledBox, scene: Scene) -> bool:
        xyxy = np.array(box.box.xyxy, np.float32)
        patch = None if scene.picture is None else patch_of(scene.picture, xyxy)
        return any(
            thing.smoke == hearth.smoke and thing.is_seen(xyxy, box.score, patch)
            for thing in self._rejected
        )

    def _is_rejected(self, hearth: Hearth) -> bool:
        """Whether it is only what people have rejected here: no larger, no surer, no other thing
        and without any new smoke. One look that shows it otherwise may be a flicker; two do not."""
        if not self._rejected or hearth.strange >= STRANGE_HITS:
            return False
        return not any(
            other.smoke and other.strange >= STRANGE_HITS and other.touches(hearth)
            for other in self._hearths
        )

    def _floor(self, *, smoke: bool) -> float:
        """The least score that is looked at. What counts by itself always is."""
        settings = self._settings
        if smoke:
            return min(settings.smoke_confidence, settings.suspect_smoke_confidence)
        return min(settings.confidence, settings.suspect_confidence)

    def _doubt(self, now_s: float) -> Doubt | None:
        """The likeliest hearth of this look that is not settled and was not just asked for. One
        that is new is not asked for yet: a second look goes back by some seconds, and would judge
        what was there before the fire."""
        asked_before_s = now_s - self._settings.ask_again_s
        doubtful = [
            hearth
            for hearth in self._hearths
            if not hearth.confirmed
            and hearth.hits[-1].at_s == now_s
            and now_s - hearth.first_s >= self._settings.confirmed_for_s
            and (hearth.asked_s is None or hearth.asked_s <= asked_before_s)
        ]
        if not doubtful:
            return None
        hearth = max(doubtful, key=lambda one: one.hits[-1].score)
        hearth.asked_s = now_s
        best = hearth.hits[-1].best
        return Doubt(hearth.number, best.box, best.score)

    def _forget(self, now_s: float) -> None:
        before_s = now_s - self._settings.window_s
        while self._looked_s[0] < before_s:
            self._looked_s.popleft()
        for hearth in self._hearths:
            hearth.note_look(now_s)
            hearth.forget(before_s)
        close_after_s = self._settings.close_after_s
        self._hearths = [h for h in self._hearths if not h.out(now_s, close_after_s)]

    def _take_in(self, seen: Detections, smoke: bool, now_s: float) -> None:
        """Give each box to the hearth it overlaps most, or to a new one."""
        seen = seen[area(seen.xyxy) >= self._settings.min_area]
        seen = seen[self._zone.holds_area(seen.xyxy)]
        known = [hearth for hearth in self._hearths if hearth.smoke == smoke]
        rows: dict[int, list[int]] = {}
        for row in range(len(seen)):
            rows.setdefault(self._place_of(seen.xyxy[row], known), []).append(row)
        for row in rows.pop(-1, []):
            known.append(Hearth(next(self._numbers), smoke, now_s))
            self._hearths.append(known[-1])
            rows[len(known) - 1] = [row]
        for place, its in rows.items():
            boxes = seen[np.array(its, np.intp)]
            known[place].hits.append(Hit(now_s, boxes.boxes(), boxes.xyxy))

    def _place_of(self, xyxy: Floats, known: Sequence[Hearth]) -> int:
        """The index of the hearth whose last boxes overlap the box (4,) most; -1 for none."""
        overlaps = [_overlap(xyxy, hearth.hits[-1].xyxy) for hearth in known]
        best = int(np.argmax(overlaps)) if overlaps else -1
        return best if best >= 0 and overlaps[best] >= self._settings.overlap else -1

    def _confirms(self, hearth: Hearth) -> bool:
        settings, evidence = self._settings, hearth.evidence
        if evidence is not None and evidence >= settings.confirm_evidence:
            weak, plain = self._is_weak(hearth), self._is_plain(hearth)
            presence = settings.presence if weak and not plain else settings.confirmed_presence
            enough = settings.confirmed_hits, presence, self._confirmed_for_s(hearth)
            wavers = weak and self._wavers(hearth, looks=1 if plain else 2)
            if self._suffices(hearth.hits, *enough) and not wavers:
                return True
        return self._suffices_alone(hearth) and not self._doubts(hearth)

    def _is_weak(self, hearth: Hearth) -> bool:
        """Whether the detector thinks so little of these flames that they may be a sign."""
        median = _median_score(hearth.hits)
        return not hearth.smoke and median < self._settings.weak_confidence

    def _is_plain(self, hearth: Hearth) -> bool:
        """Whether the detector saw it plainly at twice the size."""
        settings, closer = self._settings, hearth.closer
        return closer is not None and closer.share(settings.closer_confidence) >= (
            settings.closer_share
        )

    def _wavers(self, hearth: Hearth, *, looks: int) -> bool:
        """Whether the last second looks, so many in a row, have not all spoken clearly for it."""
        told = list(hearth.evidences)[-looks:]
        return len(told) < looks or min(told) < self._settings.weak_evidence

    def _suffices_alone(self, hearth: Hearth) -> bool:
        """Whether the hits would be a fire if nobody had taken a second look."""
        settings = self._settings
        for_s = settings.smoke_for_s if hearth.smoke else settings.for_s
        return self._suffices(self._counting(hearth), settings.hits, settings.presence, for_s)

    def _doubts(self, hearth: Hearth) -> bool:
        """Whether a second look saw nothing move, and the detector is not certain either."""
        settings, evidence = self._settings, hearth.evidence
        denied = evidence is not None and evidence <= settings.deny_evidence
        return denied and _median_score(self._counting(hearth)) < settings.certain_confidence

    def _is_denied(self, hearth: Hearth, now_s: float) -> bool:
        """Whether this look would have found a fire, had a second look not denied it."""
        seen_now = bool(hearth.hits) and hearth.hits[-1].at_s == now_s
        return (
            seen_now
            and not hearth.confirmed
            and self._suffices_alone(hearth)
            and self._doubts(hearth)
        )

    def _confirmed_for_s(self, hearth: Hearth) -> float:
        """How long what a second look confirmed must be seen: longer if it may be steam."""
        for_s = self._settings.confirmed_for_s
        if not hearth.smoke or hearth.largest >= self._settings.small_smoke:
            return for_s
        return max(for_s, self._settings.small_smoke_for_s)

    def _counting(self, hearth: Hearth) -> list[Hit]:
        """The hits that count by themselves."""
        settings = self._settings
        least = settings.smoke_confidence if hearth.smoke else settings.confidence
        return [hit for hit in hearth.hits if hit.score >= least]

    def _suffices(self, hits: Sequence[Hit], least: int, presence: float, for_s: float) -> bool:
        """Whether hits are enough in number, in share of the looks, and in time."""
        if len(hits) < least:
            return False
        looks = sum(at_s >= hits[0].at_s for at_s in self._looked_s)
        return len(hits) >= presence * looks and hits[-1].at_s - hits[0].at_s >= for_s

    def _finding(self, burning: Sequence[Hearth], now_s: float) -> Finding:
        lead = max(burning, key=lambda hearth: hearth.hits[-1].at_s - hearth.first_s)
        looks = sum(at_s >= lead.hits[0].at_s for at_s in self._looked_s)
        return Finding(
            score=max(_median_score(h.hits) for h in burning),
            lasted_s=now_s - lead.first_s,
            looks=looks,
            hits=len(lead.hits),
            explanation=explain(burning, looks, len(lead.hits), now_s - lead.first_s),
            boxes=tuple(_newest_boxes(burning)),
            tracks=tuple(hearth.track for hearth in burning),
        )


def _median_score(hits: Sequence[Hit]) -> float:
    return float(np.median([hit.score for hit in hits])) if hits else 0.0


def _overlap(xyxy: Floats, others: Floats) -> float:
    """The largest share of the smaller box that a box (4,) has in common with others (n, 4)."""
    box = xyxy[None, :]
    smaller = np.minimum(area(box)[:, None], area(others)[None, :])
    return float((intersection(box, others) / np.maximum(smaller, 1e-12)).max())


def _newest_boxes(hearths: Sequence[Hearth]) -> Iterator[LabelledBox]:
    for hearth in hearths:
        yield from hearth.hits[-1].boxes
