"""Who holds each camera 持有, and what that means for what is told of it.

A worker claims the cameras it watches, in the name of its book. The center grants each to one
book at a time, under an epoch that grows and that the book keeps. Whoever claims a camera later
with another book (another worker, or one whose book was lost) is given the next epoch and what is
open, so that no second case is made of it. From then on the former holder is believed no more
about those incidents; what it finds anew still counts, since it may be the only one that sees.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.orm import Session

from cases.database import one_at_a_time
from cases.place_tables import HolderRow
from cases.tables import EvidenceRow, IncidentRow
from domain.evidence import EvidenceKind, MissingEvidence, MissingReason, evidence_id
from domain.holding import CameraGrant, Holding
from domain.incident import Incident
from domain.messages import CamerasClaimed

HANDED_OVER_FOR = timedelta(hours=1)
"""An incident that closed so long ago may come back by its rule; older ones are not handed over."""
COMES_BACK_WITHIN = timedelta(minutes=30)
"""A new incident of a sender that knew nothing of an older one goes on with it if that one is
open, or closed so long before: the usual cool-down of a rule."""
FORMER_TOLD = 8
"""Former holders that a grant names."""
OWED = (EvidenceKind.SNAPSHOT, EvidenceKind.SNAPSHOT_BOXED, EvidenceKind.CLIP)
"""What each opening of an incident should have."""

_log = structlog.get_logger(__name__)


class Handover:
    """What a claim led to: the grants, and the evidence of which nobody is left to tell."""

    def __init__(self) -> None:
        self.grants: list[CameraGrant] = []
        self.missing: list[MissingEvidence] = []


def claim(session: Session, message: CamerasClaimed, at: datetime) -> Handover:
    """Grant the cameras of a claim. The same claim again changes nothing, and is answered."""
    done = Handover()
    for each in sorted(message.cameras, key=lambda each: each.camera_id):
        one_at_a_time(session, f"hold:{each.camera_id}")
        row = present(session, each.camera_id)
        mine = _newest(session, each.camera_id, message.book)
        if mine is None or _is_news(mine, message):
            if row is not None and row is mine and message.start > mine.start:
                row.start, row.claimed_at = message.start, message.claimed_at
            else:
                row = _grant(session, message, each.camera_id, (row, each.epoch), at)
                done.missing += _hand_over(session, row, message, at)
        assert row is not None
        done.grants.append(_told(session, row))
    return done


def present(session: Session, camera_id: str) -> HolderRow | None:
    """Who holds a camera now."""
    query = select(HolderRow).where(HolderRow.camera_id == camera_id)
    return session.scalars(query.order_by(HolderRow.epoch.desc()).limit(1)).first()


def is_refused(row: IncidentRow, held: Holding | None) -> bool:
    """Whether a revision comes from a former holder, after its incident was given to another. Who
    was granted nothing yet is a newcomer, and never refused."""
    return held is not None and held.epoch is not None and held.epoch < row.epoch


def follow(row: IncidentRow, incident: Incident, held: Holding | None) -> None:
    """Keep beside an incident what is asked of it."""
    row.ended_at = incident.closed_at
    if held is not None:
        row.book, row.epoch = held.book, max(row.epoch, held.epoch or 0)


def unknown_to(session: Session, incident: Incident, held: Holding | None) -> IncidentRow | None:
    """The incident that a new one goes on with: of the same camera, rule and zone, open or just
    closed, and its sender cannot have known of it. Whoever knew of it, and opened another, says
    that they are two."""
    if held is None:
        return None
    one_at_a_time(session, f"goes-on:{':'.join(incident.key)}")
    # A former holder sees beside the present one, if that one lives: it begins a case, which the
    # present one then goes on with, rather than hiding a new thing in an old case.
    may_be_over = not is_former(session, incident.camera_id, held)
    query = (
        select(IncidentRow)
        .where(
            IncidentRow.camera_id == incident.camera_id,
            IncidentRow.rule_id == incident.rule_id,
            IncidentRow.zone_id == incident.zone_id,
            IncidentRow.id != incident.id,
            IncidentRow.superseded_by.is_(None),
            IncidentRow.book.is_not(None),
            or_(
                IncidentRow.ended_at.is_(None),
                and_(
                    literal(may_be_over),
                    IncidentRow.ended_at >= incident.opened_at - COMES_BACK_WITHIN,
                ),
            ),
            or_(IncidentRow.book != held.book, IncidentRow.epoch > (held.epoch or 0)),
        )
        .order_by(IncidentRow.ended_at.is_(None).desc(), IncidentRow.ended_at.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def is_former(session: Session, camera_id: str, held: Holding | None) -> bool:
    """Whether a sender held the camera once, and holds it no more."""
    row = present(session, camera_id)
    return bool(row and held and held.epoch is not None and held.epoch < row.epoch)


def _newest(session: Session, camera_id: str, book: str) -> HolderRow | None:
    query = select(HolderRow).where(HolderRow.camera_id == camera_id, HolderRow.book == book)
    return session.scalars(query.order_by(HolderRow.epoch.desc()).limit(1)).first()


def _is_news(mine: HolderRow, message: CamerasClaimed) -> bool:
    """Whether a claim was not granted before. A start that is not new, at another time, is that of
    a book which was put back from a copy: what it numbers must not be numbered again."""
    return message.start > mine.start or message.claimed_at > mine.claimed_at


def _grant(
    session: Session,
    message: CamerasClaimed,
    camera_id: str,
    known: tuple[HolderRow | None, int | None],
    at: datetime,
) -> HolderRow:
    """Let the claimant hold a camera, under an epoch that is higher than all that are known, here
    or to it."""
    before, told = known
    row = HolderRow(
        camera_id=camera_id,
        epoch=max(before.epoch if before else 0, told or 0) + 1,
        worker_id=message.worker_id,
        book=message.book,
        granted_start=message.start,
        granted_at=at,
        start=message.start,
        claimed_at=message.claimed_at,
    )
    session.add(row)
    session.flush()
    _log.info(
        "camera granted",
        camera=camera_id,
        epoch=row.epoch,
        worker=row.worker_id,
        before=before.worker_id if before else None,
    )
    return row


def _hand_over(
    session: Session, holder: HolderRow, message: CamerasClaimed, at: datetime
) -> list[MissingEvidence]:
    """Give the new holder what the former one told of; what evidence that one still owed."""
    missing: list[MissingEvidence] = []
    for row in _handed_over(session, holder.camera_id, at):
        row.book, row.epoch = holder.book, holder.epoch
        if row.id not in message.carried:
            missing += _lacking(session, row.document, holder, at)
    return missing


def _handed_over(session: Session, camera_id: str, at: datetime) -> Sequence[IncidentRow]:
    query = select(IncidentRow).where(
        IncidentRow.camera_id == camera_id,
        IncidentRow.superseded_by.is_(None),
        or_(IncidentRow.ended_at.is_(None), IncidentRow.ended_at >= at - HANDED_OVER_FOR),
    )
    return session.scalars(query.with_for_update()).all()


def _lacking(
    session: Session, incident: Incident, holder: HolderRow, at: datetime
) -> Iterable[MissingEvidence]:
    """What nobody told of the files that an incident should have. If its former holder still has
    one, and tells of it, that one takes its place."""
    query = (
        select(EvidenceRow.kind, func.count())
        .where(EvidenceRow.incident_id == incident.id)
        .group_by(EvidenceRow.kind)
    )
    told = {kind: count for kind, count in session.execute(query)}
    for kind in OWED:
        if told.get(kind, 0) <= incident.reopened:
            yield MissingEvidence(
                id=evidence_id(incident, kind),
                kind=kind,
                incident_id=incident.id,
                camera_id=incident.camera_id,
                at=at,
                reason=MissingReason.SHUTDOWN,
                detail=f"the camera was given to {holder.worker_id}, whose book did not know of it",
            )


def _former(session: Session, holder: HolderRow) -> tuple[Holding, ...]:
    query = (
        select(HolderRow)
        .where(HolderRow.camera_id == holder.camera_id, HolderRow.epoch < holder.epoch)
        .order_by(HolderRow.epoch.desc())
        .limit(FORMER_TOLD)
    )
    return tuple(Holding(book=row.book, epoch=row.epoch) for row in session.scalars(query))


def _told(session: Session, row: HolderRow) -> CameraGrant:
    """The answer to the holder. What was handed over is told as long as it may be asked for."""
    handed = (
        _handed_over(session, row.camera_id, row.granted_at)
        if row.start == row.granted_start
        else ()
    )
    return CameraGrant(
        camera_id=row.camera_id,
        epoch=row.epoch,
        worker_id=row.worker_id,
        book=row.book,
        start=row.start,
        granted_at=row.granted_at,
        former=_former(session, row),
        incidents=tuple(each.document for each in handed),
    )
