"""Strangers at the door: a real server, real half-open sockets, and people who go on working."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from console.door import Door, Limits
from domain.evidence import EvidenceKind
from tests.console.conftest import SETTINGS, Center
from tests.console.server import LiveServer, serving
from tests.waiting import wait_until

QUICK = SETTINGS.model_copy(
    update={
        "connections_max": 40,
        "request_head_s": 0.4,
        "request_body_s": 0.4,
        "answer_unread_s": 0.6,
    }
)
PATIENT = SETTINGS.model_copy(update={"connections_max": 40, "heartbeat_s": 0.5})
HALF = b"GET /desk HTTP/1.1\r\nHost: localhost\r\nX-"


@pytest.fixture
def quick(center: Center) -> Iterator[LiveServer]:
    center.settings = QUICK
    with serving(center.make_app) as server:
        yield server


@pytest.fixture
def patient(center: Center) -> Iterator[LiveServer]:
    center.settings = PATIENT
    with serving(center.make_app) as server:
        yield server


@contextmanager
def lines(server: LiveServer, count: int, said: bytes = b"") -> Iterator[list[socket.socket]]:
    """Connections of strangers who have `said` this and say no more."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 10))
            with_room = (BrokenPipeError, ConnectionResetError)
            try:
                line.sendall(said)
            except with_room:
                pass  # sent away already, to make room
            made.append(line)
        yield made


def is_ended(line: socket.socket) -> bool:
    """Whether the server has ended a connection; what it says before is thrown away."""
    line.settimeout(0.02)
    try:
        while line.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.parametrize("said", [b"", b"G", HALF])
def test_half_open_requests_leave_the_console_to_people(
    patient: LiveServer, center: Center, said: bytes
) -> None:
    """More of them than there may be connections, and none of them too old."""
    with lines(patient, 300, said), httpx.Client(base_url=patient.url, timeout=20) as web:
        assert web.get("/api/health").status_code == 200
        case = center.open_case()
        assert web.get(f"/api/cases/{case.no}").json()["no"] == case.no
        body = {"move": "confirm", "version": case.version}
        assert web.post(f"/api/cases/{case.no}/moves", json=body).status_code == 200


def test_who_has_asked_is_never_sent_away_for_who_has_not(patient: LiveServer) -> None:
    with (
        httpx.Client(base_url=patient.url, timeout=20) as web,
        web.stream("GET", "/api/stream") as stream,
    ):
        news = stream.iter_lines()
        assert next(news)
        with lines(patient, 300, HALF):
            assert web.get("/api/health").status_code == 200
        for _ in range(3):
            next(news)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        HALF,
        b"POST /api/cases/none/undo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n{",
        b"POST /api/cases/none/undo HTTP/1.1\r\nHost: localhost\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_who_does_not_go_on_is_hung_up_on(quick: LiveServer, said: bytes) -> None:
    with lines(quick, 3, said) as made:
        wait_until(lambda: all(map(is_ended, made)), "the connections to end")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /desk HTTP/1.1\r\nHost: localhost\r\nX: ",
        b"POST /api/cases/none/undo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n",
    ],
)
def test_a_byte_now_and_then_renews_nothing(quick: LiveServer, head: bytes) -> None:
    with lines(quick, 1, head) as (line,):

        def drip() -> bool:
            try:
                line.sendall(b"x")
            except OSError:
                return True
            return is_ended(line)

        wait_until(drip, "the connection to end")


def test_an_answer_that_nobody_reads_is_given_up(quick: LiveServer, center: Center) -> None:
    clip = center.seal(center.open_case(), EvidenceKind.CLIP, b"x" * 30_000_000)
    ask = f"GET /api/evidence/{clip.id}/file HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.connect(("127.0.0.1", quick.port))
        line.sendall(ask)
        wait_until(lambda: quick.connections == 1, "the request to come in")
        wait_until(lambda: quick.connections == 0, "the connection to end")


def test_a_large_answer_is_read_to_its_end_though_slowly(quick: LiveServer, center: Center) -> None:
    clip = center.seal(center.open_case(), EvidenceKind.CLIP, b"x" * 3_000_000)
    with httpx.Client(base_url=quick.url, timeout=20) as web:
        assert len(web.get(f"/api/evidence/{clip.id}/file").content) == 3_000_000


class Caller:
    """What a door sees of a connection."""

    def __init__(self, client: str, *, asked: bool = False) -> None:
        self.counted_as = client
        self.has_not_asked = not asked
        self.ended: list[str] = []

    class loop:
        @staticmethod
        def call_later(*_: object) -> None: ...

    def end(self, why: str) -> None:
        self.ended.append(why)


def test_one_address_gets_no_more_than_its_share() -> None:
    door = Door(Limits(connections=10, per_client=2))
    busy, idle, third = Caller("a", asked=True), Caller("a"), Caller("a", asked=True)
    assert door.enter(busy)  # type: ignore[arg-type]
    assert door.enter(idle)  # type: ignore[arg-type]
    assert door.enter(third)  # type: ignore[arg-type]
    assert idle.ended
    assert not busy.ended
    assert not door.enter(Caller("a"))  # type: ignore[arg-type]
    assert door.enter(Caller("b"))  # type: ignore[arg-type]
    door.leave(busy)  # type: ignore[arg-type]
    assert door.enter(Caller("a"))  # type: ignore[arg-type]
    assert len(door) == 3


def test_this_machine_is_not_one_client_for_its_proxy_speaks_for_everybody() -> None:
    door = Door(Limits(connections=10, per_client=2))
    for _ in range(10):
        assert door.enter(Caller("", asked=True))  # type: ignore[arg-type]
    assert not door.enter(Caller("", asked=True))  # type: ignore[arg-type]
