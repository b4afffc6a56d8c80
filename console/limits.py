"""What a request may bring along, and what a request without an answer's body is."""

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.guard import plain_problem

MAX_HEADERS = 100


class RequestLimits:
    """Refuses a body above `max_bytes`, before it is read where its length is told and at the
    first byte too many where it is not, and a request with more than `MAX_HEADERS` headers.

    Where files are taken (`files_at`, a pattern of paths) the limit is `file_max_bytes`.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, *, files_at: str, file_max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._files_at = re.compile(files_at)
        self._file_max_bytes = file_max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif len(scope["headers"]) > MAX_HEADERS:
            zh, en = "请求头过多", f"expected at most {MAX_HEADERS} headers"
            problem = plain_problem(431, "Too many headers", zh, en)
            await problem(scope, receive, send)
        elif _is_of_two_lengths(scope):
            zh, en = "请求长度矛盾", "expected Content-Length or Transfer-Encoding, got both"
            problem = plain_problem(400, "Two lengths", zh, en)
            await problem(scope, receive, send)
        elif _told_bytes(scope) > (most := self._most(scope)):
            problem = plain_problem(413, "Body too large", *_words(most))
            await problem(scope, receive, send)
        else:
            await self._app(scope, _counted(receive, most), send)

    def _most(self, scope: Scope) -> int:
        takes_files = self._files_at.fullmatch(scope["path"])
        return self._file_max_bytes if takes_files else self._max_bytes


def _is_of_two_lengths(scope: Scope) -> bool:
    """A proxy before us may end such a request elsewhere than we do, and send on the rest of
    it as another one (RFC 9112, 6.3)."""
    headers = Headers(scope=scope)
    return "content-length" in headers and "transfer-encoding" in headers


def _words(most: int) -> tuple[str, str]:
    return (
        f"请求内容过大, 最多 {most} 字节",
        f"expected a body of at most {most} bytes, got more",
    )


def _told_bytes(scope: Scope) -> int:
    told = Headers(scope=scope).get("content-length", "0")
    return int(told) if told.isdecimal() else 0


def _counted(receive: Receive, most: int) -> Receive:
    left = most

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, _words(most)[1])
        return message

    return counted


class HeadLikeGet:
    """Answers HEAD as GET, on every route, without the body: the routes name GET alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                raise _Answered

        # Not read to its end: it may be a large file, or a stream that has none.
        try:
            await self._app({**scope, "method": "GET"}, receive, without_body)
        except* _Answered:
            pass


class _Answered(Exception):
    """All that was asked for has been sent."""
