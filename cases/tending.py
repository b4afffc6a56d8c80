"""What time alone does to cases: a late stage is told level after level, what was set aside comes
back, and a calendar that changed moves the deadlines that run. Done a few at a time, each case
locked; whatever one round leaves the next one takes."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import clock_words, clocks
from cases.changes import change_of
from cases.clock_tables import CalendarRow, ClockRow
from cases.database import insert_if_absent
from cases.moves import Moves, locked
from cases.tables import CaseRow
from domain.case import CaseState, Move
from domain.change import CaseChange, ChangeKind

AT_ONCE = 200
"""Cases in one transaction."""
_ONLY = 1


def tend(session: Session, moves: Moves, at: datetime) -> list[CaseChange]:
    """Do what time has done since the last round; what changed."""
    return [
        *_reckon_anew(session, moves, at),
        *_escalate(session, moves, at),
        *_bring_back(session, moves, at),
    ]


def _escalate(session: Session, moves: Moves, at: datetime) -> list[CaseChange]:
    late = select(ClockRow.case_no).where(ClockRow.escalate_at < at).distinct()
    news = []
    for no in session.scalars(late.order_by(ClockRow.case_no).limit(AT_ONCE)).all():
        case = locked(session, no)
        if lines := moves.clocks.escalate(session, case, at):
            clocks.tell(session, case, lines, at)
            news.append(change_of(case, ChangeKind.UPDATED, at))
    return news


def _bring_back(session: Session, moves: Moves, at: datetime) -> list[CaseChange]:
    over = select(CaseRow.no).where(CaseRow.suspended_until <= at)
    news = []
    for no in session.scalars(over.order_by(CaseRow.no).limit(AT_ONCE)).all():
        case = locked(session, no)
        if case.state is CaseState.SUSPENDED:
            moves.by_system(session, case, Move.RESUME, clock_words.BACK_FOR_REVIEW, at)
            news.append(change_of(case, ChangeKind.MOVED, at))
    return news


def _reckon_anew(session: Session, moves: Moves, at: datetime) -> list[CaseChange]:
    """Nothing while the calendar is the one that the clocks were reckoned by."""
    digest = moves.clocks.calendar.digest
    values = {"id": _ONLY, "digest": digest, "since": at}
    if moves.clocks.reckoned_by == digest or insert_if_absent(session, CalendarRow, values):
        moves.clocks.reckoned_by = digest
        return []
    row = session.get_one(CalendarRow, _ONLY, with_for_update=True)
    news = []
    if row.digest != digest:
        row.digest, row.since = digest, at
        running = ClockRow.runs_out_at.is_not(None)
        every = select(ClockRow.case_no).where(running).distinct().order_by(ClockRow.case_no)
        for no in session.scalars(every).all():
            case = locked(session, no)
            if lines := moves.clocks.by_calendar(session, case, at):
                clocks.tell(session, case, lines, at)
                news.append(change_of(case, ChangeKind.UPDATED, at))
    moves.clocks.reckoned_by = digest
    return news
