"""One RTSP message (RFC 2326) among the bytes of a connection: read generously, and within bounds.

Cameras end lines with LF alone, leave out the reason, fold headers and begin with blank lines. What
they may not do is make this program hold more than a message can need.
"""

import re
from dataclasses import dataclass, field

from domain.errors import StreamCorrupt

MOST_HEAD_BYTES = 64 * 1024
MOST_HEAD_LINES = 256
MOST_BODY_BYTES = 256 * 1024
"""The longest session descriptions have some kilobytes."""

_HEAD_END = re.compile(rb"\n\r*\n")
_BEGINS = re.compile(rb"(?:[A-Z_]{1,20}|rtsp)(?:[ /]|\Z)")
"""How a message begins, as far as it has come."""
_MOST_LINE_BYTES = 4096
_STATUS = re.compile(rb"RTSP/\d\.\d\s+(\d{3})(?!\d)", re.IGNORECASE)
_REQUEST = re.compile(rb"([A-Z_]+)\s.*\sRTSP/\d\.\d\s*\Z")
_HTTP = re.compile(rb"HTTP/\d")
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A message from the camera; status 0 for a request of its own."""

    status: int
    headers: dict[str, list[str]]
    """By lower-case name, in their order."""
    body: bytes = field(repr=False)
    method: str = ""
    """What a request of the camera's own asks for."""

    def header(self, name: str) -> str:
        """The first of that name; empty if there is none."""
        return next(iter(self.headers.get(name, [])), "")


def may_begin(data: bytes, at: int) -> bool:
    """Whether what stands here may be the beginning of a message, as far as it has come."""
    if not _BEGINS.match(data, at):
        return False
    end = data.find(b"\n", at, at + _MOST_LINE_BYTES)
    if end < 0:
        return len(data) - at < _MOST_LINE_BYTES
    line = data[at:end]
    return any(form.match(line) for form in (_STATUS, _REQUEST, _HTTP))


def message_at(data: bytes, at: int) -> tuple[Answer, int] | None:
    """The message that begins here (see `may_begin`), and where it ends; none while it has not
    come whole.

    Raises:
        StreamCorrupt: it is larger than any message needs to be, or no RTSP.
    """
    head_end = _HEAD_END.search(data, at, at + MOST_HEAD_BYTES)
    if head_end is None:
        if len(data) - at >= MOST_HEAD_BYTES:
            raise StreamCorrupt(f"expected at most {MOST_HEAD_BYTES} bytes of headers, got more")
        return None
    first, *lines = data[at : head_end.start()].split(b"\n", MOST_HEAD_LINES + 1)
    if len(lines) > MOST_HEAD_LINES:
        raise StreamCorrupt(f"expected at most {MOST_HEAD_LINES} header lines, got more")
    headers = _headers([line.decode("utf-8", "replace") for line in lines])
    end = head_end.end() + _body_bytes(headers)
    if end > len(data):
        return None
    return _message(first, headers, data[head_end.end() : end]), end


def number(text: str, most: int) -> int | None:
    """A number that a camera says, from 0 to `most`; none if it is no such number. No text of a
    camera goes through `int` otherwise: thousands of digits are an error there."""
    digits = text.strip()
    if not _NUMBER.fullmatch(digits) or int(digits) > most:
        return None
    return int(digits)


def _message(first: bytes, headers: dict[str, list[str]], body: bytes) -> Answer:
    if status := _STATUS.match(first):
        return Answer(int(status[1]), headers, body)
    if _HTTP.match(first):
        raise StreamCorrupt("expected an RTSP answer, got HTTP: another port of the camera?")
    request = _REQUEST.match(first)
    return Answer(0, headers, body, request[1].decode() if request else "")


def _headers(lines: list[str]) -> dict[str, list[str]]:
    """Values by lower-case name. A line that begins with a blank goes on with the one before."""
    headers: dict[str, list[str]] = {}
    values: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t"):
            if values and line.strip():
                values[-1] += " " + line.strip()
            continue
        name, _, value = line.partition(":")
        values = headers.setdefault(name.strip().lower(), [])
        values.append(value.strip())
    return headers


def _body_bytes(headers: dict[str, list[str]]) -> int:
    told = next(iter(headers.get("content-length", [])), "")
    size = number(told, MOST_BODY_BYTES)
    if size is None and told.strip().isdigit():
        said = told if len(told) <= 20 else f"{len(told)} digits"
        raise StreamCorrupt(f"expected a Content-Length up to {MOST_BODY_BYTES}, got {said}")
    return size or 0
