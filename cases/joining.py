"""Several incidents, one case: cameras that see the same place tell of the same thing twice.

Which cameras do is declared by people (`overlaps`), never guessed. An incident joins the open case
of a camera that overlaps its own if both tell of the same kind of thing and their times meet; so a
case is never joined over a chain of cameras that ends somewhere else.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.case_settings import CaseSettings
from cases.database import one_at_a_time
from cases.place_tables import CameraTableRow
from cases.queries import LIVE, in_group
from cases.tables import CaseRow, IncidentRow
from domain.incident import CloseReason, Incident, IncidentKind, IncidentState


def case_to_join(session: Session, incident: Incident, settings: CaseSettings) -> CaseRow | None:
    """The case that a new incident belongs to, locked; none if it is one of its own."""
    neighbours = _neighbours(session, incident.camera_id)
    if not neighbours:
        return None
    # Of two neighbours that tell at once the second must see the first one's case.
    one_at_a_time(session, f"join:{incident.kind.value}")
    query = (
        select(CaseRow)
        .where(
            CaseRow.kind == incident.kind,
            CaseRow.event_code == settings.rules_for(incident).event_code,
            CaseRow.camera_id.in_(neighbours),
            in_group(*LIVE),
        )
        .order_by(CaseRow.opened_at.desc(), CaseRow.no.desc())
        .with_for_update()
    )
    near = timedelta(seconds=settings.join_s)
    for case in session.scalars(query):
        others = [row.document for row in incident_rows(session, case)]
        if any(_is_of_one_thing(incident, other, near) for other in others):
            return case
    return None


def incident_rows(session: Session, case: CaseRow) -> Sequence[IncidentRow]:
    """The incidents of a case, in no order."""
    query = select(IncidentRow).where(IncidentRow.case_no == case.no)
    return session.scalars(query).all()


def settle(session: Session, case: CaseRow) -> None:
    """Let a case say of now what all its incidents say: it is gone when it is gone everywhere.
    One that another tells of in its place has no say."""
    session.flush()
    rows = incident_rows(session, case)
    incidents = [row.document for row in rows if row.superseded_by is None]
    case.last_seen_at = max(incident.last_seen_at for incident in incidents)
    left = [i.closed_at for i in incidents if i.closed_at and _is_gone(i)]
    case.gone_at = max(left) if len(left) == len(incidents) else None


def voice(session: Session, case: CaseRow) -> str | None:
    """The incident that speaks for a case, by id: the one it began with, or the one that tells of
    the same thing in its place. None of a case without incident."""
    places = {row.id: row.superseded_by for row in incident_rows(session, case)}
    speaker = case.incident_id
    while speaker is not None and (successor := places.get(speaker)) is not None:
        speaker = successor
    return speaker


def _neighbours(session: Session, camera_id: str) -> tuple[str, ...]:
    camera = session.get(CameraTableRow, camera_id)
    return camera.info.overlaps if camera is not None and camera.info is not None else ()


def _is_of_one_thing(one: Incident, other: Incident, near: timedelta) -> bool:
    if one.kind is IncidentKind.WATCH and one.rule_id != other.rule_id:
        return False  # the kind says only that somebody asked for it
    return all(
        earlier.closed_at is None or earlier.closed_at + near >= later.opened_at
        for earlier, later in ((one, other), (other, one))
    )


def _is_gone(incident: Incident) -> bool:
    return incident.state is IncidentState.CLOSED and incident.close_reason is CloseReason.GONE
