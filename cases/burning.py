"""Which cameras see something urgent that is still open: they are not green, whatever their
stream is worth."""

from collections.abc import Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cases.queries import LIVE, in_group
from cases.tables import CaseRow, IncidentRow
from domain.case import Priority

CASES_MAX = 500
"""Urgent cases that are looked through, the newest."""


def by_camera(session: Session) -> Mapping[str, CaseRow]:
    """The newest urgent open case of each camera: of the one that it began on, and of the
    neighbours whose incidents joined it."""
    query = (
        select(CaseRow)
        .where(in_group(*LIVE), CaseRow.priority == Priority.URGENT)
        .order_by(CaseRow.opened_at.desc(), CaseRow.no.desc())
        .limit(CASES_MAX)
    )
    cases = {row.no: row for row in session.scalars(query)}
    found: dict[str, CaseRow] = {}
    for row in cases.values():
        if row.camera_id is not None:
            found.setdefault(row.camera_id, row)
    for incident in session.scalars(_joined(tuple(cases))):
        found.setdefault(incident.document.camera_id, cases[str(incident.case_no)])
    return found


def _joined(case_nos: tuple[str, ...]) -> Select[IncidentRow]:
    """The incidents that joined these cases later on."""
    return (
        select(IncidentRow)
        .join(CaseRow, CaseRow.no == IncidentRow.case_no)
        .where(CaseRow.no.in_(case_nos), IncidentRow.id != CaseRow.incident_id)
    )
