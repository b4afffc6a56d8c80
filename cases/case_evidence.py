"""Evidence as the book keeps it: of an incident, whose worker sealed it, or of a case, for which a
person handed it in."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import history, words
from cases.changes import change_of
from cases.database import insert_if_absent
from cases.history import Line
from cases.moves import locked
from cases.tables import CaseRow, EvidenceRow, IncidentRow
from domain.actor import Actor
from domain.change import CaseChange, ChangeKind
from domain.evidence import Evidence, EvidenceKind, MissingEvidence


def of_incident(session: Session, incident_id: str) -> tuple[Evidence | MissingEvidence, ...]:
    """All evidence of an incident: pictures before clips, then by time."""
    query = select(EvidenceRow).where(EvidenceRow.incident_id == incident_id)
    return _sorted(session.scalars(query).all(), incident_id)


def of_case(session: Session, case: CaseRow) -> tuple[Evidence | MissingEvidence, ...]:
    """All evidence of a case: pictures before clips, those of the incident that it began with
    before those of its neighbours, then by time; what people handed in comes last."""
    handed_in = select(EvidenceRow).where(EvidenceRow.case_no == case.no)
    rows = list(session.scalars(handed_in))
    if case.incident_id is not None:
        # A query of its own: PostgreSQL reads the whole table for one that asks for either.
        mine = select(IncidentRow.id).where(IncidentRow.case_no == case.no)
        rows += session.scalars(select(EvidenceRow).where(EvidenceRow.incident_id.in_(mine)))
    return _sorted(rows, case.incident_id)


def hand_in(
    session: Session, no: str, item: Evidence, actor: Actor, at: datetime
) -> list[CaseChange]:
    """Add a sealed file to a case, with an entry that names who handed it in. Empty: the case has
    it already.

    Raises:
        CaseNotFound
    """
    case = locked(session, no)
    values = {"id": item.id, "case_no": no, "kind": item.kind, "at": item.captured_from}
    if not insert_if_absent(session, EvidenceRow, {**values, "document": item}):
        return []
    case.version += 1
    case.updated_at = at
    history.append(session, case, Line(words.evidence(item), actor), at)
    return [change_of(case, ChangeKind.EVIDENCE, at)]


def _sorted(
    rows: Sequence[EvidenceRow], first_id: str | None
) -> tuple[Evidence | MissingEvidence, ...]:
    order = list(EvidenceKind)

    def place(row: EvidenceRow) -> tuple[int, bool, datetime, str]:
        return order.index(row.kind), row.incident_id != first_id, row.at, row.id

    return tuple(row.document for row in sorted(rows, key=place))
