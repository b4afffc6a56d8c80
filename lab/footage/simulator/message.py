"""RTSP requests and answers (RFC 2326) as bytes on a connection."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from lab.footage.simulator.sdp import TRACK, WHOLE

MAX_REQUEST_BYTES = 64 * 1024

_REASONS = {
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
}


class BadRequest(Exception):
    """What came is not RTSP."""


@dataclass(frozen=True)
class Request:
    """One request; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def camera(self) -> str:
        """The name in the URL's path, without the track; empty for ``*``."""
        path = unquote(urlsplit(self.url).path).strip("/")
        return path.removesuffix(TRACK).removesuffix(WHOLE).strip("/*")

    @property
    def session(self) -> str | None:
        value = self.headers.get("session")
        return None if value is None else value.partition(";")[0].strip()


class RequestReader:
    """Cuts a connection's bytes into requests; interleaved packets of the client are skipped."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Request]:
        """The requests that `data` completes.

        Raises:
            BadRequest: no RTSP request starts here, or one above `MAX_REQUEST_BYTES`.
        """
        self._pending += data
        while (taken := self._take()) is not None:
            if isinstance(taken, Request):
                yield taken

    def _take(self) -> Request | bytes | None:
        pending = self._pending
        if pending[:1] == b"$":
            return self._cut(4 + int.from_bytes(pending[2:4], "big")) if len(pending) > 3 else None
        end = pending.find(b"\r\n\r\n")
        if end < 0:
            if len(pending) > MAX_REQUEST_BYTES:
                raise BadRequest(f"expected a request, got {len(pending)} bytes without its end")
            return None
        request = _parse(bytes(pending[:end]))
        length = int(request.headers.get("content-length", "0"))
        return None if self._cut(end + 4 + length) is None else request

    def _cut(self, length: int) -> bytes | None:
        if len(self._pending) < length:
            return None
        taken = bytes(self._pending[:length])
        del self._pending[:length]
        return taken


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("utf-8", "replace").lstrip().split("\r\n")
    words = first.split()
    if len(words) != 3 or not words[2].startswith("RTSP/1"):
        raise BadRequest(f"expected METHOD URL RTSP/1.0, got {first[:80]!r}")
    try:
        urlsplit(words[1])
    except ValueError as error:
        raise BadRequest(f"expected a URL, {error}") from error
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_REQUEST_BYTES:
        raise BadRequest(f"expected Content-Length up to {MAX_REQUEST_BYTES}, got {length[:20]!r}")
    return Request(words[0].upper(), words[1], headers)


def answer(
    status: int,
    request: Request,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    line_end: str = "\r\n",
) -> bytes:
    """The bytes of an answer to `request`."""
    reason = _REASONS.get(status) or HTTPStatus(status).phrase
    lines = [f"RTSP/1.0 {status} {reason}", f"CSeq: {request.headers.get('cseq', '0')}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return (line_end.join(lines) + 2 * line_end).encode() + body
