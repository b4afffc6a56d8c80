"""What somebody said that a picture shows: boxes with classes, or that it shows nothing."""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.base import Text, Utc, Value
from domain.case import FalseReason, Verdict
from domain.errors import PatrolError
from domain.evidence import Sha256
from domain.incident import IncidentKind
from domain.place import Id

LEAST_SIDE = 0.002
"""Share of the frame: 4 of 1920 pixels. A slip of the finger draws less, a detector sees less."""
MOST_BOXES = 300
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][^/\x00]*$")]


class MarkRefused(PatrolError):
    """A mark that no detector could learn from; said in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = Text.of(zh, en)


class MarkConflict(MarkRefused):
    """Somebody else has marked the picture meanwhile."""


class Status(StrEnum):
    DRAFT = "draft"
    """Begun, and not in the set yet."""
    DONE = "done"
    """In the set, with boxes."""
    NOTHING = "nothing"
    """In the set, as a picture in which nothing of the classes is."""
    SKIPPED = "skipped"
    """Looked at and left out."""

    @property
    def in_set(self) -> bool:
        return self in (Status.DONE, Status.NOTHING)


class MarkedBox(Value):
    """One thing in a picture."""

    label: str | None
    """None: nobody has said what it is."""
    xyxy: tuple[float, float, float, float]
    """Left, top, right, bottom in frame units (0-1)."""


class Mark(Value):
    """One row of the manifest: where a picture came from, what it shows, and who said so."""

    stem: FileName
    case_no: str
    incident_id: str
    evidence_id: str
    camera_id: Id
    kind: IncidentKind
    rule_id: Id
    captured_at: Utc
    verdict: Verdict
    verdict_reason: FalseReason | None = None
    judged_by: str | None = None
    judged_at: Utc | None = None
    picture: FileName
    """The file's name in images/."""
    sha256: Sha256
    """Of the picture: what it was sealed with."""
    status: Status
    boxes: tuple[MarkedBox, ...] = ()
    labelled_by: str
    labelled_at: Utc
    checked: bool
    """Whether a person looked at the boxes; False: the detector's own, as they were."""
    revision: int
    """Counts the changes of this row, so that two windows do not undo each other's."""


def check_mark(status: Status, boxes: Sequence[MarkedBox], names: Sequence[str]) -> None:
    """Raises MarkRefused for what cannot be kept: boxes that are none, classes that the set does
    not have, a status that the boxes contradict."""
    if len(boxes) > MOST_BOXES:
        raise MarkRefused(
            f"最多 {MOST_BOXES} 个框, 收到 {len(boxes)} 个",
            f"expected at most {MOST_BOXES} boxes, got {len(boxes)}",
        )
    for number, box in enumerate(boxes, start=1):
        _check_box(number, box)
        if box.label is not None and box.label not in names:
            known = ", ".join(names)
            raise MarkRefused(
                f"第 {number} 个框的类别不在集合里: {box.label} (有 {known})",
                f"box {number}: expected a class of the set ({known}), got {box.label!r}",
            )
        if status is Status.DONE and box.label is None:
            raise MarkRefused(f"第 {number} 个框没有类别", f"box {number}: expected a class")
    if status is Status.DONE and not boxes:
        raise MarkRefused(
            "没有框: 什么也没有请选“没有”", "expected a box, or the answer that nothing is here"
        )
    if status is Status.NOTHING and boxes:
        raise MarkRefused(
            f"选了“没有”, 却有 {len(boxes)} 个框",
            f"expected no box where nothing is here, got {len(boxes)}",
        )


def _check_box(number: int, box: MarkedBox) -> None:
    x1, y1, x2, y2 = box.xyxy
    got = "(" + ", ".join(f"{side:g}" for side in box.xyxy) + ")"
    if not all(math.isfinite(side) and 0 <= side <= 1 for side in box.xyxy):
        raise MarkRefused(
            f"第 {number} 个框超出画面: {got}",
            f"box {number}: expected to lie within the frame (0-1), got {got}",
        )
    if x2 < x1 or y2 < y1:
        raise MarkRefused(
            f"第 {number} 个框的边交叉: {got}",
            f"box {number}: expected left before right and top before bottom, got {got}",
        )
    if min(x2 - x1, y2 - y1) < LEAST_SIDE:
        raise MarkRefused(
            f"第 {number} 个框太小: {got}",
            f"box {number}: expected sides of at least {LEAST_SIDE:g} of the frame, got {got}",
        )
