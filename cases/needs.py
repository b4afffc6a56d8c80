"""What needs a dispatcher 需要我, and until when: the first heap on the desk.

A case needs somebody while nobody has said what it is, while nobody was sent to it (filed, given
back, or closed and back again), and whenever its stage is overdue. The time by which a stage should
be over is kept with the case (`due_at`) and changes with moves only, so that the heap is read and
counted off one index, the most overdue first within a priority.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from cases.case_settings import CaseSettings, StageLimits
from cases.queries import STANDINGS, StateGroup, group_of, overdue, state_of
from cases.tables import CaseRow
from domain.case import CaseState, Triage

UNSENT = frozenset({CaseState.FILED, CaseState.RETURNED, CaseState.REOPENED})
"""Somebody has said what it is, and nobody is on the way."""
AT_ONCE = sorted(
    standing
    for standing, group in STANDINGS.items()
    if group is StateGroup.REVIEW or state_of(standing) in UNSENT
)
"""Where a case needs somebody whatever the time."""
_ACCEPTING = frozenset({CaseState.DISPATCHED})
_HANDLING = frozenset({CaseState.ACCEPTED, CaseState.HANDLING, CaseState.REWORK})
_VERIFYING = frozenset({CaseState.FEEDBACK, CaseState.VERIFYING})


def due_at(case: CaseRow, settings: CaseSettings, since: datetime) -> datetime | None:
    """By when the stage that the case entered at `since` should be over; None: it waits for
    nobody. A review is due when it always was, wherever the case has gone ahead of it."""
    if group_of(case.state, case.verdict) is StateGroup.REVIEW:
        return case.review_due_at
    limits = settings.urgent_stages if case.triage is Triage.URGENT else settings.stages
    limit_s = _limit_s(case.state, limits)
    return None if limit_s is None else since + timedelta(seconds=limit_s)


def _limit_s(state: CaseState, limits: StageLimits) -> float | None:
    if state in UNSENT:
        return limits.dispatch_s
    if state in _ACCEPTING:
        return limits.accept_s
    if state in _HANDLING:
        return limits.handle_s
    return limits.verify_s if state in _VERIFYING else None


def needing(at: datetime) -> ColumnElement[bool]:
    """Cases about which a dispatcher has something to do. Whatever may need somebody has its time,
    so the index of those times holds it."""
    waits = CaseRow.standing.in_(AT_ONCE)
    return and_(CaseRow.due_at.is_not(None), or_(waits, overdue(CaseRow.due_at, at)))


def count_needing(session: Session, at: datetime) -> int:
    return session.scalar(select(func.count()).select_from(CaseRow).where(needing(at))) or 0
