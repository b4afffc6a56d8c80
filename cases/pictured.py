"""The pictures of the cases that people judged: what a town may make a set to learn from of."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from cases.database import Database
from cases.tables import CaseRow, EvidenceRow, IncidentRow
from domain.actor import Actor
from domain.base import Utc, Value
from domain.case import FalseReason, Verdict
from domain.evidence import Evidence, EvidenceKind
from domain.incident import Incident, LabelledBox


class JudgedPicture(Value):
    """One snapshot of a case, with what a person found the case to be."""

    case_no: str
    verdict: Verdict
    reason: FalseReason | None
    reviewer: Actor | None
    decided_at: Utc | None
    incident: Incident
    """At the oldest revision that came: what the rule knew when it opened."""
    snapshot: Evidence

    @property
    def boxes(self) -> tuple[LabelledBox, ...] | None:
        """What the detector saw in this very picture; None: nobody kept it, as for the picture
        of an incident that came back."""
        same = self.snapshot.captured_from == self.incident.last_seen_at
        return self.incident.boxes if same else None


def judged_pictures(
    database: Database, since: datetime, verdicts: Iterable[Verdict]
) -> tuple[JudgedPicture, ...]:
    """Snapshots that are sealed, of cases opened since then with one of these verdicts, by case
    and time. What people handed in is not among them: no camera of ours took it.

    Raises:
        CaseStoreUnavailable: the database does not answer.
    """
    query = (
        select(CaseRow.no, CaseRow.verdict, CaseRow.verdict_reason, CaseRow.reviewer)
        .add_columns(CaseRow.decided_at, IncidentRow.opening, EvidenceRow.document)
        .join(IncidentRow, IncidentRow.case_no == CaseRow.no)
        .join(EvidenceRow, EvidenceRow.incident_id == IncidentRow.id)
        .where(CaseRow.verdict.in_(tuple(verdicts)), CaseRow.opened_at >= since)
        .where(EvidenceRow.kind == EvidenceKind.SNAPSHOT)
        .order_by(CaseRow.no, EvidenceRow.at, EvidenceRow.id)
    )
    with database.reading() as session:
        return tuple(
            JudgedPicture(
                case_no=no,
                verdict=verdict,
                reason=reason,
                reviewer=reviewer,
                decided_at=decided_at,
                incident=incident,
                snapshot=found,
            )
            for no, verdict, reason, reviewer, decided_at, incident, found in session.execute(query)
            if verdict is not None and isinstance(found, Evidence)
        )
