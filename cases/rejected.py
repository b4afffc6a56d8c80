"""What dispatchers found to be false of late: the ground of a worker's memory of places."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select

from cases.database import Database
from cases.tables import CaseRow, IncidentRow
from domain.case import Verdict
from domain.incident import IncidentKind
from domain.rejected import MOST_OF_CAMERA, REMEMBERED_FOR, RejectedIncident, RejectedPlaces


def rejected_places(database: Database, now: datetime) -> dict[str, RejectedPlaces]:
    """The fire incidents of cases that stand as false now and were decided within a week, by
    camera; what joined such a case is false with it. A verdict that was undone is none.

    Raises:
        CaseStoreUnavailable: the database does not answer.
    """
    query = (
        select(CaseRow.no, CaseRow.decided_at, IncidentRow.opening)
        .join(IncidentRow, IncidentRow.case_no == CaseRow.no)
        .where(
            CaseRow.verdict == Verdict.FALSE,
            CaseRow.decided_at > now - REMEMBERED_FOR,
            CaseRow.kind == IncidentKind.FIRE,
            IncidentRow.camera_id.is_not(None),
        )
        .order_by(CaseRow.decided_at.desc(), IncidentRow.id)
    )
    found: defaultdict[str, list[RejectedIncident]] = defaultdict(list)
    with database.reading() as session:
        for no, decided_at, incident in session.execute(query):
            if incident.kind is IncidentKind.FIRE:
                found[incident.camera_id].append(
                    RejectedIncident(
                        incident_id=incident.id,
                        case_no=no,
                        rule_id=incident.rule_id,
                        zone_id=incident.zone_id,
                        score=incident.score,
                        boxes=incident.boxes[:100],
                        rejected_at=decided_at,
                    )
                )
    return {
        camera_id: RejectedPlaces(camera_id=camera_id, incidents=tuple(ones[:MOST_OF_CAMERA]))
        for camera_id, ones in found.items()
    }
