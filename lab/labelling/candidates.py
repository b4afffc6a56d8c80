"""Pictures that may go into a set: those of judged cases, with what they start from."""

from collections import Counter
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from cases.pictured import JudgedPicture
from domain.base import Utc, Value
from domain.case import FalseReason, Verdict
from domain.evidence import Evidence
from domain.incident import Incident
from lab.labelling.marks import MarkedBox

SHOWN = frozenset({Verdict.REAL, Verdict.GONE, Verdict.PERMITTED})
"""The thing was there, whether or not somebody had to act, and whether or not it was allowed."""
NOT_SHOWN = frozenset({Verdict.FALSE})
"""What the rule saw was something else: such pictures start as negatives."""
USED = SHOWN | NOT_SHOWN
"""A duplicate shows the same thing in the same place again and teaches little."""
_HASH_DIGITS = 8


class Candidate(Value):
    """One picture that may go into the set."""

    stem: str
    """Camera, the town's time, case and picture: sorted by it, a camera's pictures are by time."""
    case_no: str
    verdict: Verdict
    reason: FalseReason | None
    judged_by: str | None
    judged_at: Utc | None
    incident: Incident
    snapshot: Evidence
    seen: tuple[MarkedBox, ...] | None
    """What the detector saw in this picture; None: nobody kept it."""

    @property
    def is_shown(self) -> bool:
        """Whether people said that what the rule found was there."""
        return self.verdict in SHOWN

    @property
    def starts(self) -> tuple[MarkedBox, ...]:
        """What somebody who labels it begins with."""
        return self.seen or () if self.is_shown else ()

    @property
    def captured_at(self) -> Utc:
        return self.snapshot.captured_from

    @property
    def sorts(self) -> frozenset[str]:
        """The words that it may be chosen by: its kind, its rule, and what that rule is."""
        found = self.incident
        return frozenset({found.kind.value, found.rule_id, found.rule_kind or found.rule_id})


def candidates_of(
    pictures: Iterable[JudgedPicture], zone: ZoneInfo, names: Sequence[str] = ()
) -> tuple[Candidate, ...]:
    """The pictures by camera and time, each content once. Classes that are not among `names`
    (where any are given) are left for people to name."""
    by_stem = {each.stem: each for each in (_candidate(one, zone, names) for one in pictures)}
    return tuple(by_stem[stem] for stem in sorted(by_stem))


def classes_in(pictures: Iterable[JudgedPicture], unnamed: str) -> tuple[str, ...]:
    """What the detector called things in the pictures in which people saw them too, the most
    frequent first. `unnamed` is what rules call a thing without a class."""
    labels = Counter(
        box.label
        for one in pictures
        if one.verdict in SHOWN
        for box in one.boxes or ()
        if box.label != unnamed
    )
    return tuple(sorted(labels, key=lambda label: (-labels[label], label)))


def _candidate(one: JudgedPicture, zone: ZoneInfo, names: Sequence[str]) -> Candidate:
    shot = one.snapshot
    at = shot.captured_from.astimezone(zone).strftime("%Y%m%d-%H%M%S")
    return Candidate(
        stem=f"{one.incident.camera_id}__{at}__{one.case_no}__{shot.sha256[:_HASH_DIGITS]}",
        case_no=one.case_no,
        verdict=one.verdict,
        reason=one.reason,
        judged_by=None if one.reviewer is None else one.reviewer.id,
        judged_at=one.decided_at,
        incident=one.incident,
        snapshot=shot,
        seen=_boxes(one, names),
    )


def _boxes(one: JudgedPicture, names: Sequence[str]) -> tuple[MarkedBox, ...] | None:
    if one.boxes is None:
        return None
    return tuple(
        MarkedBox(label=found.label if found.label in names else None, xyxy=found.box.xyxy)
        for found in one.boxes
    )
