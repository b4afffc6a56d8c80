"""What a search finds a case by: its own words, its grids, and the cameras that joined it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import cameras
from cases.grids import Plans
from cases.search import grids_of
from cases.tables import CaseRow, IncidentRow


def keywords(session: Session, case: CaseRow, plans: Plans) -> str:
    """All in lower case, with one space between; grids are named as in the case's own plan."""
    joined = _joined_cameras(session, case)
    own = case.title, case.camera_name, case.site_name, case.address, case.owner
    texts = [
        *(text for text in own if text is not None),
        *plans.names(session, grids_of(case)),
        *(cameras.name_of(session, camera_id) for camera_id in joined),
    ]
    both = [word for text in texts for word in (text.zh, text.en)]
    names = case.no, case.external_no or "", case.camera_id or ""
    return " ".join((*(name for name in names if name), *joined, *both)).lower()


def _joined_cameras(session: Session, case: CaseRow) -> list[str]:
    if case.incident_id is None:
        return []
    incidents = session.scalars(select(IncidentRow).where(IncidentRow.case_no == case.no))
    return sorted({row.document.camera_id for row in incidents} - {case.camera_id})
