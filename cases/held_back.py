"""What rules held back 信息过滤, kept as it came and never changed, for audits."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.database import insert_if_absent
from cases.place_tables import HeldBackRow
from domain.held_back import HeldBack

MOST = 10_000
"""Spans that are listed at most, the newest."""


def take(session: Session, held_back: HeldBack) -> bool:
    """Keep a span. False: it is known."""
    return insert_if_absent(session, HeldBackRow, held_back.model_dump())


def since(session: Session, at: datetime, camera_id: str | None) -> tuple[HeldBack, ...]:
    """The spans that reached beyond a time, on one camera or on all, in order of time."""
    query = select(HeldBackRow).where(HeldBackRow.to_at > at)
    if camera_id is not None:
        query = query.where(HeldBackRow.camera_id == camera_id)
    rows = session.scalars(query.order_by(HeldBackRow.to_at.desc()).limit(MOST))
    names = HeldBack.model_fields
    found = [HeldBack(**{name: getattr(row, name) for name in names}) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.from_at, one.camera_id, one.rule_id)))
