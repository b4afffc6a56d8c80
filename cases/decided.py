"""What people decide about a case: the fields a move may change, and undo puts back."""

from typing import Self

from pydantic import ConfigDict

from domain.actor import Actor
from domain.base import Utc, Value
from domain.case import CaseState, FalseReason, Verdict


class Decided(Value):
    model_config = ConfigDict(from_attributes=True)

    state: CaseState
    verdict: Verdict | None
    verdict_reason: FalseReason | None
    duplicate_of: str | None
    permit_no: str | None = None
    permit_until: Utc | None = None
    reviewer: Actor | None
    assignee: str | None
    decided_at: Utc | None
    closed_at: Utc | None
    suspended_from: CaseState | None
    suspended_until: Utc | None = None
    returns: int = 0
    due_at: Utc | None = None

    @classmethod
    def of(cls, case: object) -> Self:
        """What was decided on a case's row, which has all these fields."""
        return cls.model_validate(case)

    def put_back(self, case: object) -> None:
        """Make the row say again what it said before."""
        for name in type(self).model_fields:
            setattr(case, name, getattr(self, name))
