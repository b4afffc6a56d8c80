"""Where a case is: frozen as it was known when the case was made; the registry may change later."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from cases.grids import NO_PLAN, Router
from cases.place_tables import CameraTableRow, SiteRow
from cases.tables import CaseRow
from domain.base import Text
from domain.geometry import Point
from domain.place import CameraInfo, GridPath, Site


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of where something was seen; all of it may be unknown."""

    camera_id: str | None = None
    info: CameraInfo | None = None
    """None of a camera that nobody registered."""
    site: Site | None = None
    position: Point | None = None
    """Longitude and latitude, WGS-84."""
    address: Text | None = None


def of_camera(session: Session, camera_id: str) -> Place:
    camera = session.get(CameraTableRow, camera_id)
    if camera is None or camera.info is None:
        return Place(camera_id=camera_id)
    of_site = at_site(session, camera.info.site_id)
    return Place(camera_id, camera.info, of_site.site, of_site.position, of_site.address)


def at_site(session: Session, site_id: str) -> Place:
    row = session.get(SiteRow, site_id)
    if row is None:
        return Place()
    site = row.document
    return Place(site=site, position=site.position, address=site.address)


def locate(case: CaseRow, place: Place) -> None:
    if (camera_id := place.camera_id) is not None:
        case.camera_id = camera_id
        case.camera_name = place.info.name if place.info else Text.of(camera_id, camera_id)
        case.gb_id = place.info.gb_id if place.info else None
    if (site := place.site) is not None:
        case.site_id, case.site_name = site.id, site.name
    case.address = place.address
    case.lon, case.lat = place.position or (None, None)


def route(case: CaseRow, router: Router | None, office: Text) -> Text | None:
    """Give the case to the innermost grid it lies in, or to the office; the name of its grid of
    the first level."""
    position = (case.lon, case.lat) if case.lon is not None and case.lat is not None else None
    path = router.route(position) if router and position else None
    version = router.plan.version if router else NO_PLAN
    known = path or GridPath(plan_version=version)
    case.grid_plan = known.plan_version
    case.grid_first, case.grid_second, case.grid_third = known.first, known.second, known.third
    case.owner = (router.team(known) if router else None) or office
    return router.name(path.first) if router and path else None


def name_of(case: CaseRow) -> Text | None:
    """The place by the best name there is."""
    return case.site_name or case.address or case.camera_name
