"""A case's history: entries are added, in the transaction of what they tell of, and only added."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases.decided import Decided
from cases.tables import CaseRow, EntryRow
from domain.actor import SYSTEM, Actor
from domain.base import Text
from domain.case import CaseState, Entry, Move
from domain.stage_clock import StageClock


@dataclass(frozen=True, slots=True)
class Line:
    """What an entry says. `move` None: a remark that leaves the state alone."""

    note: Text
    actor: Actor = SYSTEM
    move: Move | None = None
    from_state: CaseState | None = None
    key: str | None = None
    before: Decided | None = None
    clocks: tuple[StageClock, ...] = ()
    """Those that it changed, as they are now."""


def append(session: Session, case: CaseRow, line: Line, at: datetime) -> None:
    """Write an entry on a case that this transaction has locked, after its change was made."""
    session.flush()
    newest = select(func.max(EntryRow.seq)).where(EntryRow.case_no == case.no)
    entry = EntryRow(
        case_no=case.no,
        seq=(session.scalar(newest) or 0) + 1,
        at=at,
        actor_kind=line.actor.kind,
        actor_id=line.actor.id,
        actor_name=line.actor.name,
        move=line.move,
        from_state=line.from_state,
        to_state=case.state,
        note=line.note,
        version=case.version,
        key=line.key,
        before=line.before,
        clocks=line.clocks or None,
    )
    session.add(entry)
    session.flush()


def entries(session: Session, no: str) -> tuple[Entry, ...]:
    query = select(EntryRow).where(EntryRow.case_no == no).order_by(EntryRow.seq)
    return tuple(to_entry(row) for row in session.scalars(query))


def last_move(session: Session, no: str) -> EntryRow | None:
    """The entry of the last move, whoever made it; remarks do not count."""
    query = (
        select(EntryRow)
        .where(EntryRow.case_no == no, EntryRow.move.is_not(None))
        .order_by(EntryRow.seq.desc())
        .limit(1)
    )
    return session.scalar(query)


def to_entry(row: EntryRow) -> Entry:
    return Entry(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        move=row.move,
        from_state=row.from_state,
        to_state=row.to_state,
        note=row.note,
    )
