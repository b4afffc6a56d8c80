"""The center's outbox: every change is a row, written in the transaction of what changed.

Rows get their numbers at the end of a transaction, one transaction after the other, and are seen in
that order. Who reads on from a number therefore misses nothing: numbers may be lacking (of what was
rolled back), but none appears behind another that was seen.

Rows are kept for an hour, so that the pages of every center hear of them; those of cases, until
everybody has read them who keeps a place here (`mark`), and for a week at the most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from cases.database import Database, insert_if_absent, one_at_a_time
from cases.tables import OutboxReaderRow, OutboxRow
from domain.change import CaseChange, ChangeKind
from domain.clock import Clock

KEPT_FOR = timedelta(hours=1)
KEPT_AT_MOST = timedelta(days=7)
PRUNE_EVERY = 256
"""Rows after which old ones are looked for."""
PRUNED_AT_ONCE = 1_000
"""More than come meanwhile, so that the outbox shrinks; few enough to keep nobody waiting."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """One row: a change, and the cursor of who has read it."""

    seq: int
    change: CaseChange


class Outbox:
    """For who follows the changes. Thread-safe.

    Raises, from any method:
        CaseStoreUnavailable: the database does not answer.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def newest(self) -> int:
        """The cursor of who wants to hear what comes from now on."""
        with self._database.reading() as session:
            return _newest(session)

    def after(self, cursor: int, limit: int) -> tuple[Told, ...]:
        """At most `limit` changes behind a cursor, in the order of their commits."""
        query = select(*_COLUMNS).where(OutboxRow.seq > cursor).order_by(OutboxRow.seq)
        with self._database.reading() as session:
            return tuple(_told(*row) for row in session.execute(query.limit(limit)))

    def cursor(self, reader: str) -> int:
        """Where a reader goes on that must miss nothing, across restarts. One that was unknown
        begins now."""
        with self._database.session() as session:
            return _place(session, reader, self._clock.now()).cursor

    def mark(self, reader: str, cursor: int) -> None:
        """Say that a reader has done with everything up to a cursor; it never goes back."""
        at = self._clock.now()
        with self._database.session() as session:
            row = _place(session, reader, at)
            row.cursor, row.marked_at = max(row.cursor, cursor), at

    def missed(self, reader: str) -> int:
        """How many changes grew too old before the reader came to them."""
        with self._database.reading() as session:
            row = session.get(OutboxReaderRow, reader)
            return 0 if row is None else row.missed

    def forget(self, reader: str) -> None:
        """Keep nothing for a reader any more."""
        with self._database.session() as session:
            session.execute(delete(OutboxReaderRow).where(OutboxReaderRow.name == reader))


def put(session: Session, changes: Sequence[CaseChange]) -> None:
    """Write changes at the end of the transaction that made them."""
    if not changes:
        return
    session.flush()
    one_at_a_time(session, "outbox")
    written = insert(OutboxRow).returning(OutboxRow.seq, sort_by_parameter_order=True)
    seqs = session.execute(written, [_row(change) for change in changes]).scalars().all()
    if any(seq % PRUNE_EVERY == 0 for seq in seqs):
        _prune(session, max(change.at for change in changes))


def _newest(session: Session) -> int:
    return session.scalar(select(func.max(OutboxRow.seq))) or 0


_COLUMNS = (
    OutboxRow.seq, OutboxRow.what, OutboxRow.case_no, OutboxRow.version, OutboxRow.camera_id,
    OutboxRow.at,
)  # fmt: skip


def _row(change: CaseChange) -> dict[str, Any]:
    return {
        "at": change.at,
        "what": change.what,
        "case_no": change.no,
        "version": change.version,
        "camera_id": change.camera_id,
    }


def _told(
    seq: int, what: ChangeKind, no: str | None, version: int, camera_id: str | None, at: datetime
) -> Told:
    return Told(seq, CaseChange(what=what, no=no, version=version, camera_id=camera_id, at=at))


def _place(session: Session, reader: str, at: datetime) -> OutboxReaderRow:
    """The reader's row, locked. A new one must see each commit that comes later."""
    one_at_a_time(session, "outbox")
    values = {"name": reader, "cursor": _newest(session), "marked_at": at, "missed": 0}
    insert_if_absent(session, OutboxReaderRow, values)
    return session.get_one(OutboxReaderRow, reader, with_for_update=True)


def _prune(session: Session, at: datetime) -> None:
    readers = session.scalars(select(OutboxReaderRow).with_for_update()).all()
    passed = min((reader.cursor for reader in readers), default=None)
    query = select(OutboxRow.seq, OutboxRow.what).where(_is_old(at, passed))
    doomed = session.execute(query.order_by(OutboxRow.seq).limit(PRUNED_AT_ONCE)).all()
    cases = [seq for seq, what in doomed if what is not ChangeKind.CAMERA]
    for reader in readers:
        if lost := sum(seq > reader.cursor for seq in cases):
            reader.missed += lost
            _log.warning("changes grew too old unread", reader=reader.name, changes=lost)
    session.execute(delete(OutboxRow).where(OutboxRow.seq.in_([seq for seq, _ in doomed])))


def _is_old(at: datetime, passed: int | None) -> ColumnElement[bool]:
    """Whether a row may go; `passed`: everybody has read so far who keeps a place."""
    if passed is None:
        return OutboxRow.at < at - KEPT_FOR
    done = or_(
        OutboxRow.what == ChangeKind.CAMERA,
        OutboxRow.seq <= passed,
        OutboxRow.at < at - KEPT_AT_MOST,
    )
    return and_(OutboxRow.at < at - KEPT_FOR, done)
