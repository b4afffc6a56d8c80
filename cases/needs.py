"""What needs a dispatcher 需要我, and until when: the first heap on the desk.

A case needs somebody while nobody has said what it is, while nobody was sent to it (filed, given
back, or closed and back again), and whenever its stage is overdue. The time by which the first of
its clocks runs out is kept with the case (`due_at`, `cases.clocks`), so that the heap is read and
counted off one index, the most overdue first within a priority.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from cases.queries import STANDINGS, StateGroup, overdue, state_of
from cases.tables import CaseRow
from domain.case import CaseState

UNSENT = frozenset({CaseState.FILED, CaseState.RETURNED, CaseState.REOPENED})
"""Somebody has said what it is, and nobody is on the way."""
AT_ONCE = sorted(
    standing
    for standing, group in STANDINGS.items()
    if group is StateGroup.REVIEW or state_of(standing) in UNSENT
)
"""Where a case needs somebody whatever the time."""


def needing(at: datetime) -> ColumnElement[bool]:
    """Cases about which a dispatcher has something to do. Whatever may need somebody has its time,
    so the index of those times holds it."""
    waits = CaseRow.standing.in_(AT_ONCE)
    return and_(CaseRow.due_at.is_not(None), or_(waits, overdue(CaseRow.due_at, at)))


def count_needing(session: Session, at: datetime) -> int:
    return session.scalar(select(func.count()).select_from(CaseRow).where(needing(at))) or 0
