"""One camera: its last picture, how it fares, and what may be asked of its worker."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from secrets import token_hex
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse

from console.commands import (
    SYMBOLS,
    TONES,
    CommandRequest,
    CommandSaid,
    ask_camera,
    road_of,
    said_of,
)
from console.eyes import Tile, tiles_of
from console.head import head_of
from console.pages.desk import times_of
from console.rendering import render
from console.services import Here, Services
from domain.base import Text
from domain.commands import REASON_MAX, CommandState
from domain.errors import (
    BusUnavailable,
    CommandConflict,
    CommandNotFound,
    CommandUnclear,
    TooManyCommands,
    WorkerOffline,
)
from domain.held_back import HeldBackReason
from domain.listening import WorkerPresence

POLL_MS = 700
"""How often an open page asks what became of a command; without an answer it asks on."""
HELD_BACK_SHOWN = timedelta(days=1)

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/camera/{camera_id}")
def camera(request: Request, services: Here, camera_id: str) -> HTMLResponse:
    tile = _tile(request, services, camera_id)
    context = {**_shown(camera_id), **_facts(services, tile), **head_of(services)}
    return render(request, "camera.html", **context)


@router.get("/camera/{camera_id}/facts")
def facts(request: Request, services: Here, camera_id: str) -> HTMLResponse:
    tile = _tile(request, services, camera_id)
    return render(request, "parts/camera_facts.html", **_facts(services, tile))


@router.post("/camera/{camera_id}/commands")
def ask(
    request: Request,
    services: Here,
    camera_id: str,
    kind: Annotated[str, Form(max_length=40)],
    key: Annotated[str, Form(max_length=128)],
    reason: Annotated[str, Form(max_length=REASON_MAX)] = "",
) -> HTMLResponse:
    """Ask the camera's worker, and show how the command stands, or why it was not sent."""
    _tile(request, services, camera_id)
    try:
        view = ask_camera(services, camera_id, CommandRequest(kind=kind, reason=reason), key)
    except HTTPException as error:
        return _panel(request, camera_id, unsent=Text.of("请求有误", error.detail))
    except (CommandUnclear, WorkerOffline) as error:
        return _panel(request, camera_id, unsent=Text.of(error.zh, str(error)))
    except TooManyCommands as error:
        said = Text.of("下发给该小脑的指令过多, 请稍后再试", str(error))
        return _panel(request, camera_id, unsent=said)
    except (BusUnavailable, CommandConflict) as error:
        return _panel(request, camera_id, unsent=Text.of("指令未能下发", str(error)))
    return _panel(request, camera_id, said=said_of(view))


@router.get("/camera/{camera_id}/commands/{command_id}")
def follow(request: Request, services: Here, camera_id: str, command_id: str) -> HTMLResponse:
    """How a command stands now."""
    try:
        view = road_of(services).view(command_id)
    except CommandNotFound as error:
        forgotten = Text.of("没有这条指令, 或已过久", str(error))
        return render(request, "parts/command.html", **_shown(camera_id, unsent=forgotten))
    return render(request, "parts/command.html", **_shown(camera_id, said=said_of(view)))


def _tile(request: Request, services: Services, camera_id: str) -> Tile:
    tiles = tiles_of(services, times_of(request, services))
    tile = next((tile for tile in tiles if tile.row.info.id == camera_id), None)
    if tile is None:
        raise HTTPException(404, f"no camera has the id {camera_id}")
    return tile


def _facts(services: Services, tile: Tile) -> Mapping[str, Any]:
    held_back = _held_back(services, tile.row.info.id)
    return {"tile": tile, "presence": _presence(services, tile), "held_back": held_back}


def _held_back(services: Services, camera_id: str) -> Sequence[tuple[Text, int]]:
    """In how many looks of late something was held back, by reason."""
    looks: Counter[HeldBackReason] = Counter()
    for span in services.book.held_back(services.now() - HELD_BACK_SHOWN, camera_id):
        looks[span.reason] += span.looks
    return [(reason.words, count) for reason, count in looks.most_common()]


def _presence(services: Services, tile: Tile) -> WorkerPresence | None:
    """Whether the camera's worker listens; None while nobody can tell."""
    if services.road is None:
        return None
    try:
        return services.road.presence(services.road.holder_of(tile.row.info.id))
    except (BusUnavailable, WorkerOffline):
        return None


def _panel(request: Request, camera_id: str, **shown: Any) -> HTMLResponse:
    return render(request, "parts/commands.html", **_shown(camera_id, **shown))


def _shown(
    camera_id: str, *, said: CommandSaid | None = None, unsent: Text | None = None
) -> Mapping[str, Any]:
    """What the panel of commands shows: how the last one stands, or why it was not sent. Each
    panel has a key of its own: a button that is pressed twice asks once."""
    return {
        "camera_id": camera_id,
        "said": said,
        "unsent": unsent,
        "key": token_hex(8),
        "poll_ms": POLL_MS,
        "tones": TONES,
        "symbols": SYMBOLS,
        "sent": CommandState.SENT,
        "reason_max": REASON_MAX,
    }
