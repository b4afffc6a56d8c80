"""What each worker measured last: what its promises take, and what its machine has for them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.database import insert_if_absent
from cases.place_tables import WorkloadRow
from domain.base import Utc, Value
from domain.messages import LooksDone
from domain.workload import Workload


class WorkerLoad(Value):
    """The last workload of one worker."""

    worker_id: str
    at: Utc
    """Up to when it was measured, by the worker's clock."""
    workload: Workload


def take(session: Session, done: LooksDone, at: datetime) -> None:
    """Keep what was measured by the end of a page, unless something newer is known. `at`: now, by
    the center's clock."""
    if done.workload is None:
        return
    values = {"to_at": done.to_at, "taken_at": at, "workload": done.workload}
    if insert_if_absent(session, WorkloadRow, {"worker_id": done.worker_id, **values}):
        return
    row = session.get_one(WorkloadRow, done.worker_id, with_for_update=True)
    if row.to_at < done.to_at or done.clock_set_s < 0:
        row.to_at, row.taken_at, row.workload = done.to_at, at, done.workload


def since(session: Session, at: datetime) -> tuple[WorkerLoad, ...]:
    """Those that came after a time, by worker: what an earlier one says holds no more."""
    query = select(WorkloadRow).where(WorkloadRow.taken_at > at).order_by(WorkloadRow.worker_id)
    return tuple(
        WorkerLoad(worker_id=row.worker_id, at=row.to_at, workload=row.workload)
        for row in session.scalars(query)
    )
