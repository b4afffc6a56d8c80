"""What somebody wants done to a case."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from cases.states import Who
from domain.actor import Actor
from domain.case import FalseReason, Move, Permit, Verdict
from domain.limits import Approver

NOTE_MAX = 2_000
"""Characters of a note."""
NAME_MAX = 128
"""Characters of an assignee or a key."""


class Details(TypedDict, total=False):
    """What may come with a move (`Decision`)."""

    verdict: Verdict | None
    reason: FalseReason | None
    duplicate_of: str | None
    permit: Permit | None
    assignee: str | None
    note: str
    key: str | None
    forced: bool
    until: datetime | None
    approval: Approver | None
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody wants done to a case, and the version they saw when they decided."""

    move: Move
    actor: Actor
    version: int
    verdict: Verdict | None = None
    reason: FalseReason | None = None
    duplicate_of: str | None = None
    permit: Permit | None = None
    assignee: str | None = None
    note: str = ""
    key: str | None = None
    forced: bool = False
    """Name an original that is not near, with a note that says why."""
    until: datetime | None = None
    """Of a case that is set aside: when it comes back."""
    approval: Approver | None = None
    """批准: on whose level, and by whom; without one the desk's own."""
    approved_by: str | None = None

    @property
    def who(self) -> Who:
        return Who.of(self.actor)
