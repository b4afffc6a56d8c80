"""Which cases may be the same thing told twice: near in place and in time.

Far ones are not offered as the original of a duplicate, and are refused unless somebody says why:
a wrong "duplicate" hides a case from everybody.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from cases.case_settings import CaseSettings
from cases.place_tables import CameraTableRow
from cases.tables import CaseRow
from domain.case import CaseState

_METRES_PER_DEGREE = 111_320.0
"""Along a meridian, and along the equator."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """How one case lies to another."""

    same_camera: bool
    overlaps: bool
    """The other's camera sees the same place, as people have declared."""
    apart_m: float | None
    """Between their sites; None where one has no place."""
    later_s: float
    """So much later the other one opened; below 0: earlier."""

    def is_near(self, settings: CaseSettings) -> bool:
        in_reach = self.apart_m is not None and self.apart_m <= settings.near_m
        in_place = self.same_camera or self.overlaps or in_reach
        return in_place and abs(self.later_s) <= settings.near_s


@dataclass(frozen=True, slots=True)
class NearCase:
    """A case that another may be a duplicate of, and how it lies to that."""

    row: CaseRow
    nearness: Nearness


def near_cases(
    session: Session, case: CaseRow, settings: CaseSettings, limit: int
) -> tuple[NearCase, ...]:
    """What `case` may be a duplicate of: its own kind first, then the nearest in place, then in
    time."""
    sharing = _sharing_view(session, case)
    span = timedelta(seconds=settings.near_s)
    query = select(CaseRow).where(
        CaseRow.opened_at >= case.opened_at - span,
        CaseRow.opened_at <= case.opened_at + span,
        CaseRow.no != case.no,
        CaseRow.state != CaseState.VOIDED,
        _in_place(case, sharing, settings.near_m),
    )
    found = (NearCase(row, _nearness(case, row, sharing)) for row in session.scalars(query))
    near = [other for other in found if other.nearness.is_near(settings)]
    return tuple(sorted(near, key=lambda other: _order(case, other))[:limit])


def nearness(session: Session, case: CaseRow, other: CaseRow) -> Nearness:
    return _nearness(case, other, _sharing_view(session, case))


def _order(case: CaseRow, other: NearCase) -> tuple[bool, bool, float, float, str]:
    near = other.nearness
    apart_m = math.inf if near.apart_m is None else near.apart_m
    other_kind = _subject(other.row) != _subject(case)
    return other_kind, not near.same_camera, apart_m, abs(near.later_s), other.row.no


def _subject(case: CaseRow) -> str:
    """Its kind; of a case that has none its event code says as much."""
    return case.kind or case.event_code


def _sharing_view(session: Session, case: CaseRow) -> Sequence[str]:
    """The cameras that see the same place as the case's; the registry holds it both ways round."""
    camera = session.get(CameraTableRow, case.camera_id) if case.camera_id else None
    return camera.info.overlaps if camera is not None and camera.info is not None else ()


def _in_place(case: CaseRow, sharing: Sequence[str], reach_m: float) -> ColumnElement[bool]:
    """A little more than what is near: a box of degrees instead of a circle of metres."""
    on_cameras = CaseRow.camera_id.in_((case.camera_id, *sharing)) if case.camera_id else false()
    if case.lon is None or case.lat is None:
        return on_cameras
    high = reach_m / _METRES_PER_DEGREE
    wide = high / max(math.cos(math.radians(case.lat)), 0.01)
    return or_(
        on_cameras,
        and_(
            CaseRow.lat.between(case.lat - high, case.lat + high),
            CaseRow.lon.between(case.lon - wide, case.lon + wide),
        ),
    )


def _nearness(case: CaseRow, other: CaseRow, sharing: Sequence[str]) -> Nearness:
    return Nearness(
        same_camera=case.camera_id is not None and other.camera_id == case.camera_id,
        overlaps=other.camera_id in sharing,
        apart_m=_apart_m(case, other),
        later_s=(other.opened_at - case.opened_at).total_seconds(),
    )


def _apart_m(case: CaseRow, other: CaseRow) -> float | None:
    """The distance over ground; equirectangular, which is exact enough within a town."""
    if case.lon is None or case.lat is None or other.lon is None or other.lat is None:
        return None
    squeeze = math.cos(math.radians((case.lat + other.lat) / 2))
    east, north = (other.lon - case.lon) * squeeze, other.lat - case.lat
    return math.hypot(east, north) * _METRES_PER_DEGREE
