"""What people said of the cases that rules opened: the ground on which rules are judged."""

from datetime import datetime

from sqlalchemy import select

from cases.database import Database
from cases.tables import CaseRow, IncidentRow
from domain.base import Utc, Value
from domain.case import FalseReason, Verdict
from domain.incident import Incident


class JudgedCase(Value):
    """One case with what a person found it to be."""

    no: str
    opened_at: Utc
    verdict: Verdict
    reason: FalseReason | None
    incident: Incident
    """At the oldest revision that came: what the rule knew when it opened."""


def judged_cases(database: Database, since: datetime) -> tuple[JudgedCase, ...]:
    """The cases opened since then that have a verdict, oldest first.

    Raises:
        CaseStoreUnavailable: the database does not answer.
    """
    query = (
        select(CaseRow.no, CaseRow.opened_at, CaseRow.verdict, CaseRow.verdict_reason)
        .add_columns(IncidentRow.opening)
        .join(IncidentRow, IncidentRow.id == CaseRow.incident_id)
        .where(CaseRow.verdict.is_not(None), CaseRow.opened_at >= since)
        .order_by(CaseRow.opened_at, CaseRow.no)
    )
    with database.reading() as session:
        return tuple(
            JudgedCase(no=no, opened_at=at, verdict=verdict, reason=reason, incident=incident)
            for no, at, verdict, reason, incident in session.execute(query)
            if verdict is not None
        )
