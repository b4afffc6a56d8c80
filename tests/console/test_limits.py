"""What a request may bring along, and what asks for headers alone."""

import socket

import httpx
import pytest
from fastapi.routing import APIRoute

from console.api import evidence
from console.pages import cameras, desk, maintenance
from domain.evidence import EvidenceKind
from tests.console.conftest import SETTINGS, Center
from tests.console.server import LiveServer, serving
from tests.waiting import wait_until


def get_paths(server: LiveServer, values: dict[str, str]) -> list[str]:
    """Every address that answers GET, from the routes themselves."""
    told = server.app.openapi()["paths"]
    paths = [path for path, methods in told.items() if "get" in methods]
    for router in (desk.router, cameras.router, maintenance.router, evidence.media):
        routes = (route for route in router.routes if isinstance(route, APIRoute))
        paths += [route.path for route in routes if "GET" in (route.methods or ())]
    assert {"/api/stream", "/desk", "/wall"} <= set(paths)
    return [path.format_map(values) for path in paths]


def test_head_answers_like_get_on_every_route(center: Center, server: LiveServer) -> None:
    case = center.open_case()
    clip = center.seal(case, EvidenceKind.CLIP, b"x" * 300_000)
    values = {
        "no": case.no,
        "camera_id": "gate-1",
        "evidence_id": clip.id,
        "command_id": "cmd_none",
    }
    with httpx.Client(base_url=server.url, timeout=20) as client:
        for path in [*get_paths(server, values), "/nope", "/api/cases/none", *_static(client)]:
            with client.stream("GET", path) as got:
                headers = dict(got.headers)
                status = got.status_code
            head = client.head(path)
            assert (head.status_code, head.content) == (status, b""), path
            for name in ("content-type", "content-length", "etag", "cache-control", "location"):
                if name != "content-length" or "transfer-encoding" not in headers:
                    assert head.headers.get(name) == headers.get(name), (path, name)


def _static(client: httpx.Client) -> list[str]:
    page = client.get("/desk").text
    return [page.split('href="')[n].split('"')[0] for n in range(1, 9) if "/static/" in page][:1]


def test_head_of_what_only_post_answers_is_refused(client: httpx.Client) -> None:
    assert client.head("/api/cases/none/moves").status_code == 405


def test_a_range_is_answered_to_head_too(center: Center, client: httpx.Client) -> None:
    clip = center.seal(center.open_case(), EvidenceKind.CLIP, b"x" * 3_000)
    answer = client.head(f"/api/evidence/{clip.id}/file", headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-length"]) == (206, "10")


def test_a_request_of_two_lengths_is_refused(server: LiveServer) -> None:
    """Whoever stands before us may take what follows the first of them for another request."""
    head = b"POST /api/cases/x/moves HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
    answer = say(server, head + b"Transfer-Encoding: chunked\r\n\r\n", b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


def say(server: LiveServer, head: bytes, body: bytes = b"") -> bytes:
    """What is answered to a request that says no more than this; nothing else is sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(head + body)
        return line.recv(65_536)


POST = (
    b"POST /api/cases/none/moves HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
)


@pytest.mark.parametrize("length", [SETTINGS.body_max_bytes + 1, 300_000_000])
def test_a_large_body_is_refused_before_it_is_read(server: LiveServer, length: int) -> None:
    told = say(server, POST + b"Content-Length: %d\r\n\r\n" % length)
    assert told.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in told
    assert b"x-frame-options" in told.lower()


def test_a_body_that_does_not_tell_its_length_is_refused_at_its_first_byte_too_many(
    server: LiveServer,
) -> None:
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    told = say(server, POST + b"Transfer-Encoding: chunked\r\n\r\n", chunk * 3)
    assert told.startswith(b"HTTP/1.1 413 ")


def test_a_body_of_the_size_allowed_is_read(client: httpx.Client) -> None:
    body = b'{"move": "confirm", "version": 1}'.ljust(SETTINGS.body_max_bytes)
    headers = {"Content-Type": "application/json"}
    answer = client.post("/api/cases/none/moves", content=body, headers=headers)
    assert answer.status_code == 404
    answer = client.post("/api/cases/none/moves", content=iter([body]), headers=headers)
    assert answer.status_code == 404


def test_what_is_sent_after_a_refusal_costs_no_memory_and_the_line_goes_on(
    client: httpx.Client,
) -> None:
    answer = client.post("/api/cases/none/moves", content=b" " * 2_000_000)
    assert answer.status_code == 413
    assert answer.json()["detail_zh"]
    assert client.get("/api/cases").status_code == 200


def test_too_many_headers_are_refused(client: httpx.Client) -> None:
    many = {f"x-{n}": "1" for n in range(120)}
    assert client.get("/api/cases", headers=many).status_code == 431


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
def test_too_long_headers_are_refused(server: LiveServer, end: bytes) -> None:
    told = say(server, b"GET /desk HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000 + end)
    assert told[:13] in (b"HTTP/1.1 431 ", b"HTTP/1.1 400 ")


def test_streams_are_counted(center: Center) -> None:
    center.settings = SETTINGS.model_copy(update={"streams_max": 2})
    with serving(center.make_app) as server, httpx.Client(base_url=server.url, timeout=20) as web:
        with web.stream("GET", "/api/stream") as one, web.stream("GET", "/api/stream") as two:
            open_streams = one.iter_lines(), two.iter_lines()
            assert all(next(lines) for lines in open_streams)
            refused = web.get("/api/stream")
            assert refused.status_code == 503
            assert refused.headers["retry-after"]
            assert web.get("/api/cases").status_code == 200
        streams = server.app.state.streams
        wait_until(lambda: not streams.full, "the streams to end")
        with web.stream("GET", "/api/stream") as again:
            assert next(again.iter_lines())
