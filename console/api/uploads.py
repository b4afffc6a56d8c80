"""What people hand in for a case over HTTP: photos."""

from datetime import datetime
from typing import Annotated

import anyio
from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import AwareDatetime

from console.problems import Answers, Problem
from console.services import Here, Services
from domain.base import to_utc
from domain.evidence import Evidence
from evidence.photo import seal_photo

PATH = r"/api/cases/[^/]+/photos"
"""Where a request may be as large as a photo."""

router = APIRouter(prefix="/cases", tags=["cases"])

_ANSWERS: Answers = {
    404: {"model": Problem, "description": "No such case"},
    413: {"model": Problem, "description": "The photo has too many bytes"},
    422: {"model": Problem, "description": "Not a JPEG or a PNG, or too many pixels"},
    503: {"model": Problem, "description": "Too many uploads at once, or no room; try again"},
}
_BODY = {"requestBody": {"required": True, "content": {"image/jpeg": {}, "image/png": {}}}}


@router.post(
    "/{no}/photos",
    status_code=201,
    responses=_ANSWERS,
    openapi_extra=_BODY,
    summary="Hand in a photo as evidence of a case",
)
async def add_photo(
    request: Request,
    services: Here,
    no: str,
    taken_at: Annotated[AwareDatetime | None, Query(description="Unless it is now")] = None,
) -> Evidence:
    """The body is the photo itself, as the camera wrote it; it is sealed unaltered. The same photo
    again changes nothing."""
    with services.uploads.one() as there_is_room:
        if not there_is_room:
            raise HTTPException(503, "too many uploads at once", headers={"Retry-After": "5"})
        data = await request.body()
        return await anyio.to_thread.run_sync(_hand_in, services, no, data, taken_at)


def _hand_in(services: Services, no: str, data: bytes, taken_at: datetime | None) -> Evidence:
    now = services.now()
    at = min(to_utc(taken_at), now) if taken_at else now
    case = services.book.case(no)  # before anything is written
    sealed = seal_photo(services.store, case.no, data, taken_at=at)
    services.book.hand_in(no, sealed, actor=services.actor)
    return sealed
