"""The program's own state, for people and for monitors."""

from fastapi import APIRouter, Response

from console.eyes import count_eyes
from console.services import Here, Services
from console.status import PartStatus, SystemStatus
from domain.base import Text, Utc, Value
from domain.errors import PatrolError

router = APIRouter(tags=["health"])


class Health(Value):
    """`ok` is about the program; cameras that do not see are counted, not blamed on it."""

    ok: bool
    at: Utc
    cameras: dict[str, int]
    parts: tuple[PartStatus, ...]
    program: SystemStatus | None


@router.get("/health", summary="Whether the program works", responses={503: {"model": Health}})
def read_health(services: Here, response: Response) -> Health:
    """200 when every part works, 503 when one does not; the body names it."""
    parts, cameras = _parts(services)
    program = services.status() if services.status else None
    ok = all(part.ok for part in parts) and (program is None or program.ok)
    response.status_code = 200 if ok else 503
    response.headers["Cache-Control"] = "no-store"
    at = services.now()
    return Health(ok=ok, at=at, cameras=cameras, parts=parts, program=program)


def _parts(services: Services) -> tuple[tuple[PartStatus, ...], dict[str, int]]:
    """The case store and the workers, and how many cameras see."""
    words = Text.of("案件库", "Case store")
    try:
        eyes = count_eyes(services)
    except PatrolError as error:
        return (PartStatus(name="cases", words=words, ok=False, detail=str(error)),), {}
    cameras = {
        "total": eyes.total,
        "seeing": eyes.seeing,
        "impaired": eyes.impaired,
        "offline": eyes.offline,
        "silent": eyes.silent,
        "unknown": eyes.unknown,
    }
    return (PartStatus(name="cases", words=words, ok=True), _workers(eyes.silent)), cameras


def _workers(silent: int) -> PartStatus:
    detail = f"cameras that their worker tells nothing of: {silent}" if silent else ""
    return PartStatus(
        name="workers", words=Text.of("小脑", "Workers"), ok=not silent, detail=detail
    )
