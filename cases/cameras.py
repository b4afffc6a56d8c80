"""What the center knows of cameras: the registry, their last health and looks, their gaps."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cases import coverage, tally, workloads
from cases.database import insert_if_absent
from cases.grids import Plans, Router
from cases.place_tables import CameraTableRow, GapRow, SiteRow
from domain.base import Text, Utc, Value
from domain.health import CameraHealth, CameraLooks, CoverageGap, FaultKind
from domain.messages import LooksDone
from domain.place import CameraInfo, GridPath, Site
from domain.silence import SILENT_AFTER

GAPS_MAX = 1_000
"""Gaps of one camera in one answer, the newest."""


class CameraRow(Value):
    """One installed camera with all that is known of it now."""

    info: CameraInfo
    site: Site | None
    grids: GridPath | None
    """None while no plan is valid."""
    health: CameraHealth | None
    looks: CameraLooks | None
    looks_from: Utc | None
    looks_to: Utc | None
    worker_id: str | None
    open_cases: int
    """Cases of this camera that still want somebody."""

    @property
    def last_look_at(self) -> datetime | None:
        """The newest look known, from health or looks."""
        known = [report.last_look_at for report in (self.health, self.looks) if report]
        return max((at for at in known if at is not None), default=None)


def install(session: Session, sites: Sequence[Site], cameras: Sequence[CameraInfo]) -> None:
    """Make these the installed sites and cameras. Others stay known, but are listed no more."""
    session.execute(update(SiteRow).values(installed=False))
    session.execute(update(CameraTableRow).values(installed=False))
    for site in sites:
        values = {"id": site.id, "installed": True, "document": site}
        if not insert_if_absent(session, SiteRow, values):
            kept_site = session.get_one(SiteRow, site.id, populate_existing=True)
            kept_site.installed, kept_site.document = True, site
    for info in cameras:
        kept = _row(session, info.id)
        kept.installed, kept.info = True, info


def take_health(session: Session, health: CameraHealth) -> bool:
    """Keep a camera's health, and the gap before it if its worker was away. False: newer news
    came before."""
    row = _row(session, health.camera_id)
    if row.health_at is not None and row.health_at >= health.at and not _set_back(row, health):
        return False
    if (gap := _away(row, health)) is not None and take_gap(session, gap) and row.info is not None:
        coverage.take_away(session, gap, row.info.look_every_s)
    row.health_at, row.health = health.at, health
    return True


def _away(row: CameraTableRow, health: CameraHealth) -> CoverageGap | None:
    """The span before this news in which nobody told of the camera, if it was so long that no
    worker watched it. Looks only narrow it: unlike health they may get lost, or overtake."""
    told = [at for at in (row.health_at, row.looks_to) if at is not None and at < health.at]
    if row.health_at is None or not told or health.at - max(told) <= SILENT_AFTER:
        return None
    if (silent := _steady_since(row, health)) is not None and silent <= SILENT_AFTER:
        return None  # the worker's clock was set
    return CoverageGap(
        camera_id=row.id,
        from_at=max(told),
        to_at=health.at,
        cause=FaultKind.WORKER_AWAY,
        detail=row.worker_id or "",
    )


def _set_back(row: CameraTableRow, health: CameraHealth) -> bool:
    """Whether news that is dated earlier than what is known came later all the same: the worker's
    clock was set back between."""
    since = _steady_since(row, health)
    return since is not None and since > timedelta()


def _steady_since(row: CameraTableRow, health: CameraHealth) -> timedelta | None:
    """What passed since the last news by the worker's own seconds; None if it did not tell."""
    if row.health is None or row.health.steady_at is None or health.steady_at is None:
        return None
    return health.steady_at - row.health.steady_at


def take_looks(session: Session, done: LooksDone, at: datetime) -> None:
    """Keep the last looks at each camera of one worker, what became of the promised ones, and what
    they took."""
    for looks in sorted(done.cameras, key=lambda looks: looks.camera_id):
        row = _row(session, looks.camera_id)
        if row.looks_to is None or row.looks_to < done.to_at or done.clock_set_s < 0:
            row.looks_from, row.looks_to = done.from_at, done.to_at
            row.looks, row.worker_id = looks, done.worker_id
    coverage.take_looks(session, done, at)
    workloads.take(session, done, at)


def take_gap(session: Session, gap: CoverageGap) -> bool:
    """Keep a gap. False: it is known."""
    return insert_if_absent(session, GapRow, gap.model_dump())


def gaps(session: Session, camera_id: str, since: datetime) -> tuple[CoverageGap, ...]:
    """The camera's gaps that reached beyond `since`, in order of time."""
    query = (
        select(GapRow)
        .where(GapRow.camera_id == camera_id, GapRow.to_at > since)
        .order_by(GapRow.from_at.desc())
        .limit(GAPS_MAX)
    )
    names = CoverageGap.model_fields
    found = [
        CoverageGap(**{name: getattr(row, name) for name in names})
        for row in session.scalars(query)
    ]
    return tuple(reversed(found))


def name_of(session: Session, camera_id: str) -> Text:
    """The camera's name; its id when nobody registered it."""
    camera = session.get(CameraTableRow, camera_id)
    known = camera.info if camera is not None else None
    return known.name if known else Text.of(camera_id, camera_id)


def sites(session: Session) -> tuple[Site, ...]:
    query = select(SiteRow).where(SiteRow.installed).order_by(SiteRow.id)
    return tuple(row.document for row in session.scalars(query))


def camera_rows(
    session: Session, plans: Plans, at: datetime, camera_id: str | None = None
) -> tuple[CameraRow, ...]:
    """The installed cameras, or the one, by site and id."""
    query = select(CameraTableRow).where(CameraTableRow.installed)
    if camera_id is not None:
        query = query.where(CameraTableRow.id == camera_id)
    rows = session.scalars(query).all()
    known_sites = {row.id: row.document for row in session.scalars(select(SiteRow))}
    open_cases = tally.open_by_camera(session)
    router = plans.router(session, at)
    found = (_to_camera(row, known_sites, open_cases, router) for row in rows)
    return tuple(sorted(_known(found), key=lambda row: (row.info.site_id, row.info.id)))


def _known(rows: Iterable[CameraRow | None]) -> Iterable[CameraRow]:
    return (row for row in rows if row is not None)


def _to_camera(
    row: CameraTableRow,
    known_sites: dict[str, Site],
    open_cases: dict[str, int],
    router: Router | None,
) -> CameraRow | None:
    if row.info is None:
        return None
    site = known_sites.get(row.info.site_id)
    return CameraRow(
        info=row.info,
        site=site,
        grids=router.route(site.position) if router and site else None,
        health=row.health,
        looks=row.looks,
        looks_from=row.looks_from,
        looks_to=row.looks_to,
        worker_id=row.worker_id,
        open_cases=open_cases.get(row.id, 0),
    )


def _row(session: Session, camera_id: str) -> CameraTableRow:
    """The camera's row, locked; made when its news comes before it is installed."""
    insert_if_absent(session, CameraTableRow, {"id": camera_id, "installed": False})
    return session.get_one(CameraTableRow, camera_id, with_for_update=True, populate_existing=True)
