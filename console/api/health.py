"""The program's own state, for people and for monitors."""

from collections.abc import Mapping

from fastapi import APIRouter, Response

from console.eyes import count_eyes
from console.services import Here, Services
from console.status import Health, Part, PartStatus
from domain.errors import CaseStoreUnavailable
from domain.trouble import Trouble

router = APIRouter(tags=["health"])


@router.get("/health", summary="Whether the program works", responses={503: {"model": Health}})
def read_health(services: Here, response: Response) -> Health:
    """200 when every part works, 503 when one does not; the body names it."""
    health = health_of(services)
    response.status_code = 200 if health.ok else 503
    response.headers["Cache-Control"] = "no-store"
    return health


def health_of(services: Services) -> Health:
    """All parts and cameras at this moment."""
    parts, cameras = _parts(services)
    program = services.status() if services.status else None
    return Health.of(services.now(), cameras, parts, program)


def _parts(services: Services) -> tuple[tuple[PartStatus, ...], dict[str, int]]:
    """The case store and the workers, and how many cameras see. Nothing is read from a store that
    takes nothing: who waits for it there may wait for long."""
    try:
        services.book.check_writable()
        eyes = count_eyes(services)
    except CaseStoreUnavailable as error:
        return (PartStatus.ill(Part.CASES, error.trouble, str(error)),), {}
    cameras = {
        "total": eyes.total,
        "seeing": eyes.seeing,
        "impaired": eyes.impaired,
        "offline": eyes.offline,
        "silent": eyes.silent,
        "unknown": eyes.unknown,
    }
    return (PartStatus.well(Part.CASES), _workers(eyes.silent_of)), cameras


def _workers(silent_of: Mapping[str, int]) -> PartStatus:
    if not silent_of:
        return PartStatus.well(Part.WORKERS)
    each = ", ".join(f"{worker_id} {count}" for worker_id, count in sorted(silent_of.items()))
    detail = f"cameras that their worker tells nothing of: {each}"
    return PartStatus.ill(Part.WORKERS, Trouble.WORKERS_SILENT, detail)
