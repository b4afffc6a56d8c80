"""A hearth: one place where flames, or smoke, are seen."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

from domain.base import Text
from domain.incident import LabelledBox
from models.detections import Floats
from vision.likelihood import FireTrack
from vision.second_look.closer import Sighting
from vision.second_look.verdict import SecondLook
from vision.things.tracks import area, intersection

REMEMBERED_LOOKS = 3
"""Second looks whose evidence is averaged: one that errs is put right by the next."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What one look saw at the place."""

    at_s: float
    boxes: tuple[LabelledBox, ...]
    xyxy: Floats

    @property
    def best(self) -> LabelledBox:
        return max(self.boxes, key=lambda box: box.score)

    @property
    def score(self) -> float:
        return self.best.score


@dataclass(slots=True)
class Hearth:
    """One place, with the looks that saw it and what second looks found."""

    number: int
    smoke: bool
    first_s: float
    hits: deque[Hit] = field(default_factory=deque)
    confirmed: bool = False
    missed_s: float | None = None
    """When the first look came that did not see it; none while it is seen."""
    asked_s: float | None = None
    """When a second look was last asked for."""
    evidences: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED_LOOKS))
    closer: Sighting | None = None
    """What the detector saw here at twice the size, the last time that it was let."""
    strange: int = 0
    """Hits in a row that showed nothing which people have rejected here."""

    @property
    def largest(self) -> float:
        """The largest box that its hits have, as a share of the frame."""
        return max((float(area(hit.xyxy).max()) for hit in self.hits), default=0.0)

    @property
    def evidence(self) -> float | None:
        """What second looks found, 0-1 on average; none if none could judge."""
        return fmean(self.evidences) if self.evidences else None

    @property
    def track(self) -> FireTrack:
        """What it showed up to its newest hit; it has one."""
        oldest, newest = (float(area(self.hits[end].xyxy).max()) for end in (0, -1))
        return FireTrack(
            number=self.number,
            smoke=self.smoke,
            confirmed=self.confirmed,
            score=median(hit.score for hit in self.hits),
            lasted_s=self.hits[-1].at_s - self.first_s,
            growth=newest / max(oldest, 1e-12),
            hits=len(self.hits),
            size=self.largest,
            flicker=self.evidence,
        )

    def learn(self, seen: SecondLook) -> None:
        """Take in a second look. A plume's box holds its flames too, so both speak for smoke. One
        that could not judge (the camera has only just begun) may be asked for again at once."""
        if seen.closer is not None:
            self.closer = seen.closer.smoke if self.smoke else seen.closer.flame
        flame, smoke = seen.flame_evidence, seen.smoke_evidence
        if flame is None or smoke is None:
            self.asked_s = None
        else:
            self.evidences.append(max(flame, smoke) if self.smoke else flame)

    def touches(self, other: "Hearth") -> bool:
        """Whether the newest boxes of both overlap."""
        return bool((intersection(self.hits[-1].xyxy, other.hits[-1].xyxy) > 0).any())

    def forget(self, before_s: float) -> None:
        """Drop the hits before a time. A confirmed hearth keeps its last: it is known for a fire
        and need not be confirmed again after a pause."""
        least = 1 if self.confirmed else 0
        while len(self.hits) > least and self.hits[0].at_s < before_s:
            self.hits.popleft()
        if self.hits and not self.confirmed:
            self.first_s = self.hits[0].at_s

    def note_look(self, now_s: float) -> None:
        if self.hits[-1].at_s == now_s:
            self.missed_s = None
        elif self.missed_s is None:
            self.missed_s = now_s

    def out(self, now_s: float, close_after_s: float) -> bool:
        """Whether nothing is left of it: no hit, or looks that missed it for so long."""
        missed = self.missed_s is not None and now_s - self.missed_s >= close_after_s
        return not self.hits or (self.confirmed and missed)


def explain(burning: Sequence[Hearth], looks: int, hits: int, lasted_s: float) -> Text:
    """What was seen how often, and what second looks said of it."""
    kinds = sorted({hearth.smoke for hearth in burning})
    zh = "和".join("烟雾" if smoke else "火焰" for smoke in kinds)
    en = " and ".join("smoke" if smoke else "flames" for smoke in kinds)
    more_zh, more_en = _second(max(burning, key=lambda hearth: hearth.evidence or 0.0))
    return Text.of(
        f"{looks} 次巡看中 {hits} 次见{zh}, 历时 {lasted_s:.1f} s{more_zh}",
        f"{en.capitalize()} in {hits} of {looks} looks over {lasted_s:.1f} s{more_en}",
    )


def _second(hearth: Hearth) -> tuple[str, str]:
    """What second looks at a hearth say, in Chinese and English; nothing if none could judge."""
    evidence = hearth.evidence
    if evidence is None:
        return "", ""
    zh, en = ("飘动", "drift") if hearth.smoke else ("闪烁", "flicker")
    closer_zh, closer_en = _closer(hearth.closer)
    if evidence >= 0.5:
        words = f"; 细看{zh}属实 ({evidence:.2f})", f"; confirmed by {en} ({evidence:.2f})"
    else:
        words = f"; 细看未能确认{zh} ({evidence:.2f})", f"; {en} not confirmed ({evidence:.2f})"
    return words[0] + closer_zh, words[1] + closer_en


def _closer(seen: Sighting | None) -> tuple[str, str]:
    """What was seen at twice the size, in Chinese and English."""
    if seen is None or not seen.best:
        return "", ""
    hits, pictures = sum(score > 0 for score in seen.scores), len(seen.scores)
    return (
        f"; 放大看 {pictures} 张中 {hits} 张可见 (最高 {seen.best:.2f})",
        f"; at twice the size seen in {hits} of {pictures} pictures (up to {seen.best:.2f})",
    )
