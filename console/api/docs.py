"""The API's own documentation, from vendored files: it works without the Internet."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from console.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/docs", response_class=HTMLResponse)
def read_docs(request: Request) -> HTMLResponse:
    return render(request, "docs.html", openapi_url=request.app.openapi_url)
