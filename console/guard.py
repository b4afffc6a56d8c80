"""What keeps strangers out while there is no login: known host names, no request from another
site, and pages that load nothing from elsewhere."""

from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SameOrigin:
    """Refuses what changes things when another site's page asked for it.

    Browsers say where a request comes from (``Sec-Fetch-Site``, ``Origin``); programs say
    neither, and carry no cookie that could be misused.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _READING:
            headers = Headers(scope=scope)
            if not _is_own(headers):
                await _refusal(headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_own(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in _OWN_SITES:
        return False
    try:
        return origin is None or urlsplit(origin).netloc == headers.get("host")
    except ValueError:
        return False


def _refusal(headers: Headers) -> JSONResponse:
    return plain_problem(
        403,
        "Forbidden",
        "请求来自其他网站, 已拒绝",
        "The request came from another site and was refused: expected Origin "
        f"{headers.get('host')}, got {headers.get('origin')}",
    )


def plain_problem(status: int, title: str, zh: str, en: str) -> JSONResponse:
    """A problem+json in both languages, for what is refused before any route is asked."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": f"{zh} / {en}",
        "detail_zh": zh,
        "detail_en": en,
    }
    return JSONResponse(body, status, media_type="application/problem+json")


class PlainAddress:
    """Refuses addresses with a NUL in them: no name has one, and PostgreSQL takes none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (
            "\x00" in scope["path"] or b"%00" in scope.get("query_string", b"")
        ):
            answer = plain_problem(
                400, "Bad request", "地址有误", "The address has a NUL character in it"
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


class SecurityHeaders:
    """Puts the headers of `SECURITY_HEADERS` on every answer that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_guarded if scope["type"] == "http" else send)
