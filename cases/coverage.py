"""What became of the promises to look at cameras 覆盖, summed by the hour: looks, and missed looks
with their causes."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cases.database import insert_if_absent
from cases.place_tables import CoverageRow, LooksPageRow
from domain.base import Utc, Value
from domain.health import CameraLooks, CoverageGap
from domain.messages import LooksDone
from domain.place import Id

HOUR = timedelta(hours=1)
KEPT_DAYS = 90
PAGES_KNOWN_FOR = timedelta(days=2)
"""So long a page that was added is known; the bus sends none again after that."""


class Coverage(Value):
    """What became of the looks promised of one camera, in one hour of UTC or in several."""

    camera_id: Id
    from_at: Utc
    """When the first of the hours begins."""
    looks: int
    longest_interval_s: float | None = None
    """The longest time between looks that ended in these hours; where looks were missed, the one
    that still ran counts too."""
    missed: dict[str, int]
    """Looks that were owed and not done, by cause."""
    clock_set_s: float = 0.0
    """The largest step of the worker's clock in these hours: forward, or back (negative). Times
    before it are another clock's."""


def take_looks(session: Session, done: LooksDone, at: datetime) -> None:
    """Add a page to the hour in which it ends, once. Its cameras' rows are locked."""
    page = {"worker_id": done.worker_id, "to_at": done.to_at, "taken_at": at}
    if not insert_if_absent(session, LooksPageRow, page):
        return
    hour = _hour_of(done.to_at)
    ids = [looks.camera_id for looks in done.cameras]
    query = select(CoverageRow).where(CoverageRow.hour == hour, CoverageRow.camera_id.in_(ids))
    rows = {row.camera_id: row for row in session.scalars(query)}
    if not rows:
        _prune(session, at)
    for looks in done.cameras:
        row = rows.get(looks.camera_id) or _new(session, looks.camera_id, hour)
        row.looks += looks.looks
        row.clock_set_s = _larger_step_s(row.clock_set_s, done.clock_set_s)
        _add(row, _longest_interval_s(looks, done.to_at), looks.skipped)


def take_away(session: Session, gap: CoverageGap, look_every_s: float) -> None:
    """Add the looks that were owed while nobody was there to each hour of the gap. Its camera's
    row is locked."""
    from_at = max(gap.from_at, gap.to_at - timedelta(days=KEPT_DAYS))
    hour, told = _hour_of(from_at), 0
    while hour < gap.to_at:
        away_s = (min(hour + HOUR, gap.to_at) - from_at).total_seconds()
        owed = int(away_s / look_every_s)
        row = session.get(CoverageRow, (gap.camera_id, hour)) or _new(session, gap.camera_id, hour)
        _add(row, away_s, {gap.cause.value: owed - told})
        hour, told = hour + HOUR, owed


def since(session: Session, at: datetime) -> dict[str, Coverage]:
    """Each camera's coverage in the hours that reached beyond a time, all together."""
    recent = CoverageRow.hour > at - HOUR
    missed: defaultdict[str, Counter[str]] = defaultdict(Counter)
    causes = select(CoverageRow.camera_id, CoverageRow.missed).where(recent)
    for camera_id, looks_by_cause in session.execute(causes):
        missed[camera_id].update(looks_by_cause)
    sums = (
        select(
            CoverageRow.camera_id,
            func.min(CoverageRow.hour),
            func.sum(CoverageRow.looks),
            func.max(CoverageRow.longest_interval_s),
            func.max(CoverageRow.clock_set_s),
            func.min(CoverageRow.clock_set_s),
        )
        .where(recent)
        .group_by(CoverageRow.camera_id)
    )
    return {
        camera_id: Coverage(
            camera_id=camera_id,
            from_at=from_at,
            looks=looks,
            longest_interval_s=longest_s,
            missed=dict(missed[camera_id]),
            clock_set_s=_larger_step_s(ahead_s, back_s),
        )
        for camera_id, from_at, looks, longest_s, ahead_s, back_s in session.execute(sums)
    }


def by_hour(session: Session, at: datetime, camera_id: str) -> tuple[Coverage, ...]:
    """The camera's hours that reached beyond a time, in order. Of one that is not there nothing
    was told."""
    query = (
        select(CoverageRow)
        .where(CoverageRow.camera_id == camera_id, CoverageRow.hour > at - HOUR)
        .order_by(CoverageRow.hour)
    )
    return tuple(
        Coverage(
            camera_id=row.camera_id,
            from_at=row.hour,
            looks=row.looks,
            longest_interval_s=row.longest_interval_s,
            missed=row.missed,
            clock_set_s=row.clock_set_s,
        )
        for row in session.scalars(query)
    )


def _longest_interval_s(looks: CameraLooks, to_at: datetime) -> float | None:
    """The longest interval that ended in a page. Where looks were missed the one that still runs
    at its end counts too: of a camera that stays dark none ever ends."""
    if not looks.skipped or looks.last_look_at is None:
        return looks.longest_interval_s
    return _longest(looks.longest_interval_s, (to_at - looks.last_look_at).total_seconds())


def _add(row: CoverageRow, longest_s: float | None, missed: Mapping[str, int]) -> None:
    row.longest_interval_s = _longest(row.longest_interval_s, longest_s)
    row.missed = _sum(row.missed, missed)


def _longest(one_s: float | None, other_s: float | None) -> float | None:
    return max((s for s in (one_s, other_s) if s is not None), default=None)


def _larger_step_s(one_s: float, other_s: float) -> float:
    return max(one_s, other_s, key=abs)


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(one) + Counter(other))


def _new(session: Session, camera_id: str, hour: datetime) -> CoverageRow:
    row = CoverageRow(camera_id=camera_id, hour=hour, looks=0, missed={}, clock_set_s=0.0)
    session.add(row)
    return row


def _hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _prune(session: Session, at: datetime) -> None:
    """Forget what is old by the center's clock; whatever a worker thinks what day it is."""
    too_old = at - timedelta(days=KEPT_DAYS)
    session.execute(delete(CoverageRow).where(CoverageRow.hour < too_old))
    session.execute(delete(LooksPageRow).where(LooksPageRow.taken_at < at - PAGES_KNOWN_FOR))
