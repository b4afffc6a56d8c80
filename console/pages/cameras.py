"""The wall of last looks and the table of the cameras' health."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from console.eyes import Tile, count_eyes, tiles_of
from console.pages.desk import times_of
from console.rendering import render
from console.services import Here

_TROUBLE = {"red": 0, "amber": 1, "grey": 2, "green": 3}

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def _trouble_first(tiles: tuple[Tile, ...]) -> list[Tile]:
    return sorted(tiles, key=lambda tile: (_TROUBLE.get(tile.tone, 1), not tile.stale))


@router.get("/wall")
def wall(request: Request, services: Here) -> HTMLResponse:
    tiles = tiles_of(services, times_of(request, services))
    counts, eyes = services.book.counts(), count_eyes(services)
    return render(request, "wall.html", tiles=tiles, counts=counts, eyes=eyes)


@router.get("/wall/tiles")
def wall_tiles(request: Request, services: Here) -> HTMLResponse:
    tiles = tiles_of(services, times_of(request, services))
    return render(request, "parts/tiles.html", tiles=tiles)


@router.get("/cameras")
def cameras(request: Request, services: Here) -> HTMLResponse:
    tiles = _trouble_first(tiles_of(services, times_of(request, services)))
    counts, eyes = services.book.counts(), count_eyes(services)
    return render(request, "cameras.html", tiles=tiles, counts=counts, eyes=eyes)


@router.get("/cameras/rows")
def camera_rows(request: Request, services: Here) -> HTMLResponse:
    tiles = _trouble_first(tiles_of(services, times_of(request, services)))
    return render(request, "parts/board.html", tiles=tiles)
