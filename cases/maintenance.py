"""Maintenance cases: opened, kept and closed by what workers say of their cameras' health.

A camera has at most one open case per fault of the picture, and one for all faults of the stream:
an outage that is refused first and unreachable later is one outage.

    seeing             closes all of them
    packets come       closes the stream's; what is wrong with the picture stays open, even when
                       another fault of it is reported, because only the worst one ever is
    fault of stream    opens once it has lasted `stream_after_s`: a reconnect is nobody's work
    fault of picture   opens at once: the worker has waited for it already
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cases.case_settings import MaintenanceSettings
from cases.place_tables import MaintenanceRow
from domain.health import CameraHealth, CameraStatus, FaultKind
from domain.ids import new_id
from domain.maintenance import MaintenanceCase

LISTED_MAX = 200
"""Cases in one answer."""


def follow(session: Session, health: CameraHealth, settings: MaintenanceSettings) -> None:
    """Take in news of a camera, whose row this transaction has locked. What people have paused
    is nobody's fault, and nothing is known of it until it is resumed."""
    if health.fault is FaultKind.PAUSED:
        return
    rows = _open_rows(session, health.camera_id)
    fault = health.fault
    healed = [row for row in rows if _is_over(row, health)]
    for row in healed:
        row.closed_at = health.at
    if fault is None or _is_too_young(health, fault, settings):
        return
    kept = next((row for row in rows if row not in healed and _is_same(row.fault, fault)), None)
    kept = kept or _back_again(session, health, fault, settings)
    if kept is None:
        session.add(_new(health, fault))
    else:
        kept.fault, kept.detail, kept.last_at = fault, health.detail, health.at


def listed(session: Session, since: datetime) -> tuple[MaintenanceCase, ...]:
    """The open cases, and those closed after `since`: the open ones first, then the newest."""
    still_of_interest = or_(MaintenanceRow.closed_at.is_(None), MaintenanceRow.closed_at > since)
    query = (
        select(MaintenanceRow)
        .where(still_of_interest)
        .order_by(MaintenanceRow.closed_at.is_(None).desc(), MaintenanceRow.opened_at.desc())
        .limit(LISTED_MAX)
    )
    names = MaintenanceCase.model_fields
    return tuple(
        MaintenanceCase(**{name: getattr(row, name) for name in names})
        for row in session.scalars(query)
    )


def _open_rows(session: Session, camera_id: str) -> Sequence[MaintenanceRow]:
    query = select(MaintenanceRow).where(
        MaintenanceRow.camera_id == camera_id, MaintenanceRow.closed_at.is_(None)
    )
    return session.scalars(query).all()


def _is_over(row: MaintenanceRow, health: CameraHealth) -> bool:
    if health.fault is None:
        return health.status is CameraStatus.SEEING
    return health.fault.is_of_picture and not row.fault.is_of_picture


def _is_too_young(health: CameraHealth, fault: FaultKind, settings: MaintenanceSettings) -> bool:
    lasted_s = (health.at - health.since).total_seconds()
    return not fault.is_of_picture and lasted_s < settings.stream_after_s


def _is_same(one: FaultKind, other: FaultKind) -> bool:
    return one is other or not (one.is_of_picture or other.is_of_picture)


def _back_again(
    session: Session, health: CameraHealth, fault: FaultKind, settings: MaintenanceSettings
) -> MaintenanceRow | None:
    """The case that was closed a moment ago, open again: a fault that flaps is one fault."""
    closed_after = health.at - timedelta(seconds=settings.reopen_s)
    query = (
        select(MaintenanceRow)
        .where(
            MaintenanceRow.camera_id == health.camera_id,
            MaintenanceRow.closed_at >= closed_after,
        )
        .order_by(MaintenanceRow.closed_at.desc())
    )
    row = next((row for row in session.scalars(query) if _is_same(row.fault, fault)), None)
    if row is not None:
        row.closed_at = None
        row.times += 1
    return row


def _new(health: CameraHealth, fault: FaultKind) -> MaintenanceRow:
    return MaintenanceRow(
        id=new_id("mnt", health.at),
        camera_id=health.camera_id,
        fault=fault,
        detail=health.detail,
        since=health.since,
        opened_at=health.at,
        last_at=health.at,
        times=1,
    )
