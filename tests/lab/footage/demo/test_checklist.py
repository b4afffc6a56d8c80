"""What `scripts/demo --check` waits for, from a console that answers what the test says."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from domain.incident import IncidentKind
from lab.footage.demo.checklist import ALWAYS_WANTED, FIRE_CAMERA, Checklist, wanted_kinds
from lab.footage.demo.recipes import RECIPES
from tests.media import make_clip

STARTED_AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
FIRE = IncidentKind.FIRE


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clip") / "c.mp4", seconds=2).read_bytes()


def case(no: str, kind: IncidentKind, camera_id: str) -> dict[str, Any]:
    opened_at = (STARTED_AT + timedelta(seconds=30)).isoformat()
    return {"no": no, "kind": kind.value, "camera_id": camera_id, "opened_at": opened_at}


@contextmanager
def console(cases: list[dict[str, Any]], clip: bytes, sealed_as: bytes) -> Iterator[str]:
    """A console whose cases all have a snapshot and a clip, with the hash of `sealed_as`."""
    sha256 = hashlib.sha256(sealed_as).hexdigest()
    sealed = [
        {"id": kind, "kind": kind, "status": "sealed", "sha256": sha256}
        for kind in ("snapshot", "clip")
    ]

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body = clip
            if path == "/api/cases":
                body = json.dumps({"cases": cases}).encode()
            elif path.endswith("/evidence"):
                body = json.dumps(sealed).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("labels", "kinds"),
    [
        (("person", "car"), ALWAYS_WANTED),
        (("person", "car", "fire hydrant"), ALWAYS_WANTED),
        (("person", "car", "fire", "smoke"), (*ALWAYS_WANTED, FIRE)),
        (("flame", "person"), (*ALWAYS_WANTED, FIRE)),
    ],
)
def test_fire_is_waited_for_with_a_model_that_knows_it(
    labels: tuple[str, ...], kinds: tuple[IncidentKind, ...]
) -> None:
    assert wanted_kinds(labels) == kinds


def test_the_camera_with_the_fire_is_one_of_the_demo() -> None:
    assert FIRE_CAMERA in [recipe.camera for recipe in RECIPES]


def test_a_verified_case_of_each_wanted_kind_is_enough(clip: bytes) -> None:
    cases = [
        case("1", IncidentKind.CROWDING, "square"),
        case("2", IncidentKind.ROAD_OCCUPATION, "kerb"),
        case("3", FIRE, FIRE_CAMERA),
    ]
    with console(cases, clip, sealed_as=clip) as url:
        checklist = Checklist(url, wanted=(*ALWAYS_WANTED, FIRE), started_at=STARTED_AT)
        checked = checklist.wait(60, threading.Event())
    assert [(one.kind, one.camera_id, one.files) for one in checked] == [
        ("crowding", "square", 2),
        ("road_occupation", "kerb", 2),
        ("fire", "fire", 2),
    ]
    assert all(one.opened_after_s == 30 and one.clip_s > 1 for one in checked)
    assert checklist.missing(checked) == []


@pytest.mark.parametrize(
    ("camera_id", "sealed_as"),
    [
        pytest.param("square", None, id="a fire case where nothing burns"),
        pytest.param(FIRE_CAMERA, b"other", id="evidence that is not what was sealed"),
    ],
)
def test_what_does_not_count_is_missing(
    clip: bytes, camera_id: str, sealed_as: bytes | None
) -> None:
    with console([case("1", FIRE, camera_id)], clip, sealed_as=sealed_as or clip) as url:
        checklist = Checklist(url, wanted=(FIRE,), started_at=STARTED_AT)
        checked = checklist.wait(1.5, threading.Event())
    assert checklist.missing(checked) == ["fire"]


def test_stopping_ends_the_wait() -> None:
    stopping = threading.Event()
    stopping.set()
    checklist = Checklist("http://127.0.0.1:9", wanted=(FIRE,), started_at=STARTED_AT)
    assert checklist.wait(600, stopping) == []
