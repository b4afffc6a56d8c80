"""What may be asked of the cases, and what comes back."""

from datetime import date, datetime
from enum import StrEnum
from typing import overload

from pydantic import Field
from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from cases.states import IN_FIELD
from cases.tables import UNREVIEWED, CaseRow
from domain.base import Text, Utc, Value
from domain.case import Case, CaseSource, CaseState, Priority, Verdict
from domain.incident import IncidentKind

PAGE_MAX = 200
"""Cases on one page."""


class StateGroup(StrEnum):
    """The heaps on the desk. Every case lies in exactly one."""

    REVIEW = "review"
    WORK = "work"
    SUSPENDED = "suspended"
    DONE = "done"
    VOIDED = "voided"

    @property
    def words(self) -> Text:
        return _GROUP_TITLES[self]


_GROUP_TITLES = {
    StateGroup.REVIEW: Text.of("待受理", "To review"),
    StateGroup.WORK: Text.of("处置中", "In work"),
    StateGroup.SUSPENDED: Text.of("挂账", "Suspended"),
    StateGroup.DONE: Text.of("已结案", "Done"),
    StateGroup.VOIDED: Text.of("作废", "Void"),
}
_NEW = frozenset({CaseState.ALERT, CaseState.PENDING_REVIEW})
_ASIDE = {
    CaseState.SUSPENDED: StateGroup.SUSPENDED,
    CaseState.CLOSED: StateGroup.DONE,
    CaseState.ARCHIVED: StateGroup.DONE,
    CaseState.VOIDED: StateGroup.VOIDED,
}
_WORK = frozenset(CaseState) - _NEW - frozenset(_ASIDE)
LIVE = (StateGroup.REVIEW, StateGroup.WORK, StateGroup.SUSPENDED)
"""The heaps that still want somebody."""


def group_of(state: CaseState, verdict: Verdict | None) -> StateGroup:
    """The heap of a case. One that was dispatched ahead of its review still waits for review."""
    if state in _NEW or (verdict is None and state in IN_FIELD):
        return StateGroup.REVIEW
    return _ASIDE.get(state, StateGroup.WORK)


DueColumn = InstrumentedAttribute[datetime | None]


@overload
def overdue(due_at: datetime | None, at: datetime) -> bool: ...
@overload
def overdue(due_at: DueColumn, at: datetime) -> ColumnElement[bool]: ...
def overdue(due_at: datetime | DueColumn | None, at: datetime) -> bool | ColumnElement[bool]:
    """A case has stayed too long in its stage, whichever that is: 超期. Of a case's time, or of the
    column for the database; what waits for nobody has none, and is never overdue."""
    return due_at is not None and due_at < at


def standing_of(state: CaseState, verdict: Verdict | None) -> str:
    """Where a case stands, as the database computes it (`CaseRow.standing`; a test compares)."""
    ahead = verdict is None and state in IN_FIELD
    return state.value + UNREVIEWED if ahead else state.value


def state_of(standing: str) -> CaseState:
    return CaseState(standing.removesuffix(UNREVIEWED))


STANDINGS: dict[str, StateGroup] = {
    standing_of(state, verdict): group_of(state, verdict)
    for state in CaseState
    for verdict in (None, Verdict.REAL)
}
"""Wherever a case may stand, and its heap there."""


def standings(*groups: StateGroup) -> list[str]:
    """All that lie on these heaps."""
    return [standing for standing, group in STANDINGS.items() if group in groups]


def in_group(*groups: StateGroup) -> ColumnElement[bool]:
    """Cases on these heaps, for the database: by `STANDINGS`, which `group_of` has filled."""
    return CaseRow.standing.in_(standings(*groups))


class CaseOrder(StrEnum):
    QUEUE = "queue"  # the most urgent first, then the newest
    DUE = "due"  # what waits for somebody: the most urgent first, then the most overdue
    NEWEST = "newest"


class CaseFilter(Value):
    """Which cases; every field named narrows the choice."""

    group: StateGroup | None = None
    states: tuple[CaseState, ...] = ()
    kinds: tuple[IncidentKind, ...] = ()
    priorities: tuple[Priority, ...] = ()
    sources: tuple[CaseSource, ...] = ()
    grid: str | None = None
    """A grid of any level."""
    unrouted: bool = False
    """Only those in the coordination office's queue."""
    camera_id: str | None = None
    overdue: bool = False
    """Only those whose stage is overdue."""
    needs: bool = False
    """Only those that need a dispatcher (`cases.needs`)."""
    search: str = ""
    """Words that must all occur: number, title, names, address, assignee."""
    opened_from: Utc | None = None
    opened_to: Utc | None = None
    """Up to, not including."""
    order: CaseOrder = CaseOrder.QUEUE
    limit: int = Field(default=50, ge=1, le=PAGE_MAX)
    cursor: str | None = None
    """`next_cursor` of the page before, asked with the same order."""


class CasePage(Value):
    cases: tuple[Case, ...]
    next_cursor: str | None
    """None on the last page."""
    total: int
    """Cases on all pages."""


class DayFigures(Value):
    """Of one day of the town: cases opened, cases decided by verdict, cases closed."""

    opened: int
    confirmed: int
    false: int
    duplicate: int
    permitted: int
    gone: int
    closed: int


class CaseCounts(Value):
    at: Utc
    day: date
    by_state: dict[CaseState, int]
    by_group: dict[StateGroup, int]
    by_kind: dict[IncidentKind, int]
    """Of those that still want somebody and have a kind."""
    overdue: int
    """At any stage."""
    needs: int
    """A dispatcher: to review, to send somebody to, or overdue (`cases.needs`)."""
    urgent: int
    """Priority 1, in review or in work."""
    today: DayFigures
