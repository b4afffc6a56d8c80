"""Sealed files over HTTP, with byte ranges for players and honest caching: they never change."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from console.problems import Problem
from console.services import Here, Services
from domain.errors import CaseNotFound, EvidenceNotFound
from domain.evidence import Evidence, EvidenceKind

_FOR_EVER = "private, max-age=31536000, immutable"
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "video/mp4": ".mp4"}
_PICTURES = (EvidenceKind.SNAPSHOT, EvidenceKind.PHOTO)
_PLACEHOLDER = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 54"><path fill="none" '
    b'stroke="#5c6d80" stroke-width="2" d="M36 19h24v16H36zM41 31l6-6 5 5 3-3 5 5"/></svg>'
)

router = APIRouter(prefix="/evidence", tags=["evidence"])
media = APIRouter(prefix="/media", include_in_schema=False)


@router.get(
    "/{evidence_id}/file",
    response_class=FileResponse,
    responses={404: {"model": Problem, "description": "No such file"}},
    summary="A sealed file",
)
def read_file(
    request: Request, services: Here, evidence_id: str, download: bool = False
) -> Response:
    """Answers byte ranges. The ETag is the SHA-256 the file was sealed with."""
    sealed = services.book.find_evidence(evidence_id)
    if not isinstance(sealed, Evidence):
        raise EvidenceNotFound(f"expected sealed evidence, got {evidence_id}")
    etag = f'"{sealed.sha256}"'
    headers = {"Cache-Control": _FOR_EVER, "ETag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return FileResponse(
        services.store.path(sealed),
        media_type=sealed.media_type,
        headers=headers,
        filename=_file_name(sealed),
        content_disposition_type="attachment" if download else "inline",
    )


def _file_name(sealed: Evidence) -> str:
    """``gate-1_20261123T143207Z_clip.mp4``: where, when, what."""
    suffix = _SUFFIXES.get(sealed.media_type, "")
    taken = f"{sealed.captured_from:%Y%m%dT%H%M%SZ}"
    return f"{sealed.about}_{taken}_{sealed.kind.value}{suffix}"


@media.get("/cases/{no}/thumbnail")
def read_thumbnail(services: Here, no: str) -> Response:
    """A small picture of a case for lists; a drawing until there is one."""
    sealed = _picture(services, no)
    try:
        path = services.store.path(sealed) if sealed else None
    except EvidenceNotFound:
        path = None
    made = services.thumbnails.of(sealed.sha256, path) if sealed and path else None
    if made is None:
        no_store = {"Cache-Control": "no-store"}
        return Response(_PLACEHOLDER, media_type="image/svg+xml", headers=no_store)
    return Response(made, media_type="image/webp", headers={"Cache-Control": _FOR_EVER})


def _picture(services: Services, no: str) -> Evidence | None:
    try:
        pieces = services.book.evidence(no)
    except CaseNotFound:
        return None
    sealed = [piece for piece in pieces if isinstance(piece, Evidence)]
    return next((piece for piece in sealed if piece.kind in _PICTURES), None)
