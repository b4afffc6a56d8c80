"""Commands to cameras' workers over HTTP: asked with POST, followed with GET."""

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Response

from console.api.cameras import LookResponse
from console.commands import CommandRequest, CommandSaid, ask_camera, road_of, said_of
from console.problems import Answers, Problem
from console.services import Here

router = APIRouter(tags=["commands"])

_ASKING: Answers = {
    404: {"model": Problem, "description": "No such camera"},
    409: {"model": Problem, "description": "The key stands for another command"},
    422: {"model": Problem, "description": "No such command, or its reason is missing"},
    429: {"model": Problem, "description": "The worker was sent as many as it may be"},
    503: {
        "model": Problem,
        "description": "Its worker or the bus is away; nothing was sent",
    },
}
_MISSING: Answers = {404: {"model": Problem, "description": "No such command of late"}}


@router.post(
    "/cameras/{camera_id}/commands",
    status_code=202,
    responses=_ASKING,
    summary="Ask a camera's worker: look_now, picture, probe, pause, resume, accept_view",
)
def ask(
    response: Response,
    services: Here,
    camera_id: str,
    wanted: CommandRequest,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> CommandSaid:
    """The command is on its way to the worker that holds the camera; `Location` is where to ask
    what became of it. The same `Idempotency-Key` again sends nothing."""
    wanted.of(camera_id)  # what is wrong with it comes first
    if camera_id not in services.registry.cameras():
        raise HTTPException(404, f"no camera has the id {camera_id}")
    said = said_of(ask_camera(services, camera_id, wanted, idempotency_key))
    response.headers["Location"] = f"/api/commands/{said.id}"
    return said


@router.get("/commands/{command_id}", responses=_MISSING, summary="What became of a command")
def read_command(services: Here, response: Response, command_id: str) -> CommandSaid:
    """`state` is sent until an answer comes or the deadline is over; an answer may come late."""
    response.headers["Cache-Control"] = "no-store"
    return said_of(road_of(services).view(command_id))


@router.get(
    "/commands/{command_id}/picture.jpg",
    response_class=LookResponse,
    responses={**_MISSING, 200: {"content": {"image/jpeg": {}}}},
    summary="The live picture that a command asked for",
)
def read_picture(services: Here, command_id: str) -> Response:
    """Kept for minutes: newer pictures take its place."""
    jpeg = road_of(services).picture(command_id)
    if jpeg is None:
        raise HTTPException(404, f"no picture of {command_id} (any more): ask for a new one")
    return LookResponse(jpeg, headers={"Cache-Control": "private, no-store"})
