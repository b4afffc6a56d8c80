"""The wall of last looks and the table of the cameras' health."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from console.eyes import Tile, tiles_of
from console.head import head_of
from console.pages.desk import times_of
from console.promises import promises_of
from console.rendering import render
from console.services import Here, Services
from console.workloads import workloads_of

_TROUBLE = {"red": 0, "amber": 1, "grey": 2, "green": 3}

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def _burning_first(tiles: tuple[Tile, ...]) -> list[Tile]:
    """In their own order otherwise: who knows the wall finds a camera where it always is."""
    return sorted(tiles, key=lambda tile: tile.burning is None)


def _trouble_first(tiles: tuple[Tile, ...]) -> list[Tile]:
    return sorted(tiles, key=lambda tile: (_TROUBLE.get(tile.tone, 1), not tile.stale))


def _board(request: Request, services: Services) -> Mapping[str, Any]:
    """What the board shows."""
    times = times_of(request, services)
    tiles = _trouble_first(tiles_of(services, times))
    return {
        "tiles": tiles,
        "promises": promises_of(services, times, tiles),
        "workloads": workloads_of(services, [tile.row for tile in tiles]),
    }


@router.get("/wall")
def wall(request: Request, services: Here) -> HTMLResponse:
    tiles = _burning_first(tiles_of(services, times_of(request, services)))
    return render(request, "wall.html", tiles=tiles, **head_of(services))


@router.get("/wall/tiles")
def wall_tiles(request: Request, services: Here) -> HTMLResponse:
    tiles = _burning_first(tiles_of(services, times_of(request, services)))
    return render(request, "parts/tiles.html", tiles=tiles)


@router.get("/cameras")
def cameras(request: Request, services: Here) -> HTMLResponse:
    board = _board(request, services)
    return render(request, "cameras.html", **board, **head_of(services))


@router.get("/cameras/rows")
def camera_rows(request: Request, services: Here) -> HTMLResponse:
    return render(request, "parts/board.html", **_board(request, services))
