"""What is wrong with cameras, for those who repair them."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from console.eyes import Tile, tiles_of
from console.head import head_of
from console.pages.desk import times_of
from console.rendering import render
from console.services import Here, Services
from console.signs import Sign, fault_sign
from console.times import Times
from domain.maintenance import MaintenanceCase

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True)
class Work:
    """One line of the list: the case, its words, and the camera if it is still installed."""

    case: MaintenanceCase
    sign: Sign
    lasted: str
    tile: Tile | None


def _works(services: Services, times: Times) -> Sequence[Work]:
    tiles = {tile.row.info.id: tile for tile in tiles_of(services, times)}
    return [
        Work(
            case=case,
            sign=fault_sign(case.fault, over=case.closed_at is not None),
            lasted=times.span(((case.closed_at or times.now) - case.since).total_seconds()),
            tile=tiles.get(case.camera_id),
        )
        for case in services.book.maintenance()
    ]


@router.get("/maintenance")
def maintenance(request: Request, services: Here) -> HTMLResponse:
    works = _works(services, times_of(request, services))
    year = services.book.unannounced_year()
    return render(
        request, "maintenance.html", works=works, unannounced_year=year, **head_of(services)
    )


@router.get("/maintenance/rows")
def maintenance_rows(request: Request, services: Here) -> HTMLResponse:
    works = _works(services, times_of(request, services))
    year = services.book.unannounced_year()
    return render(request, "parts/maintenance.html", works=works, unannounced_year=year)
