"""Cameras over HTTP: what is known of them, and their last picture."""

from collections.abc import Sequence
from datetime import timedelta

from fastapi import APIRouter, HTTPException, Response

from cases.cameras import CameraRow
from cases.coverage import KEPT_DAYS, Coverage
from console.eyes import stale_after_s
from console.problems import Answers, Problem
from console.services import Here
from domain.health import CoverageGap

GAPS_DAYS_MAX = 31
COVERAGE_HOURS_MAX = KEPT_DAYS * 24

router = APIRouter(prefix="/cameras", tags=["cameras"])

_MISSING: Answers = {404: {"model": Problem, "description": "No such camera, or no picture of it"}}


class LookResponse(Response):
    media_type = "image/jpeg"


@router.get("", summary="All cameras with their health and their last looks")
def list_cameras(services: Here) -> Sequence[CameraRow]:
    return services.book.cameras()


@router.get("/{camera_id}", responses=_MISSING, summary="One camera")
def read_camera(services: Here, camera_id: str) -> CameraRow:
    row = services.book.camera(camera_id)
    if row is None:
        raise HTTPException(404, f"no camera has the id {camera_id}")
    return row


@router.get(
    "/{camera_id}/coverage",
    responses=_MISSING,
    summary="Looks done and missed in each hour, with the causes",
)
def read_coverage(services: Here, camera_id: str, hours: int = 24) -> Sequence[Coverage]:
    """Hours of UTC, in order, the one that runs included. One that is not there is one of which
    no worker told; it comes when a worker is back."""
    if not 1 <= hours <= COVERAGE_HOURS_MAX:
        raise HTTPException(422, f"expected hours from 1 to {COVERAGE_HOURS_MAX}, got {hours}")
    row = read_camera(services, camera_id)
    return services.book.coverage_by_hour(row.info.id, services.now() - timedelta(hours=hours))


@router.get("/{camera_id}/gaps", responses=_MISSING, summary="Spans without looks or packets")
def read_gaps(services: Here, camera_id: str, days: int = 1) -> Sequence[CoverageGap]:
    if not 1 <= days <= GAPS_DAYS_MAX:
        raise HTTPException(422, f"expected days from 1 to {GAPS_DAYS_MAX}, got {days}")
    row = read_camera(services, camera_id)
    return services.book.gaps(row.info.id, services.now() - timedelta(days=days))


@router.get(
    "/{camera_id}/look.jpg",
    response_class=LookResponse,
    responses={**_MISSING, 200: {"content": {"image/jpeg": {}}}},
    summary="The picture of the last look, with its time and age",
)
def read_look(services: Here, camera_id: str) -> Response:
    """``X-Look-At`` is when it was taken, ``Age`` how many seconds ago, ``X-Look-Stale`` whether
    it is too old to stand for the present."""
    info = services.registry.cameras().get(camera_id)
    look = services.board.get(camera_id) if info else None
    if info is None or look is None:
        raise HTTPException(404, f"no picture of camera {camera_id} yet")
    age_s = max((services.now() - look.at).total_seconds(), 0.0)
    headers = {
        "X-Look-At": look.at.isoformat(),
        "X-Look-Stale": "1" if age_s > stale_after_s(info, services.settings) else "0",
        "Age": f"{age_s:.0f}",
        "Cache-Control": "no-store",
    }
    return LookResponse(look.jpeg, headers=headers)
