"""The containers' health check, against a real bus and a real, if tiny, web server."""

import json
import runpy
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from console.status import NOT_OF_THE_CENTER, Part
from events_bridge.embedded import EmbeddedBus
from events_bridge.envelope import worker_source
from patrol.config import Configuration
from patrol.worker import Worker
from tests.waiting import wait_until

Check = Callable[[Configuration], str | None]
HEALTH = runpy.run_path(str(Path(__file__).parents[2] / "docker" / "health.py"))


@pytest.fixture
def bus_url(tmp_path: Path) -> Iterator[str]:
    with EmbeddedBus(tmp_path / "bus") as bus:
        yield bus.url


def configured(bus_url: str, tmp_path: Path, worker_id: str = "edge-7") -> Configuration:
    return Configuration.model_validate(
        {"bus": {"url": bus_url}, "worker": {"id": worker_id}, "data_dir": str(tmp_path)}
    )


def work(configuration: Configuration, bus_url: str, until: Callable[[], bool]) -> None:
    """Run the real worker, which tells of its looks as it always does, until something holds."""
    worker = Worker(configuration, bus_url=bus_url)
    worker.start(threading.Event())
    try:
        wait_until(until, "the check", 20)
    finally:
        worker.stop()


def test_a_worker_is_healthy_while_it_says_what_it_looks_at(bus_url: str, tmp_path: Path) -> None:
    check: Check = HEALTH["worker"]
    here, other = configured(bus_url, tmp_path), configured(bus_url, tmp_path, "edge-1")
    assert check(other) == f"{worker_source('edge-1')}: no looks within 600 s"
    work(here, bus_url, lambda: check(here) is None)
    assert str(check(other)).endswith("no looks within 600 s")  # it was not that one


def test_a_worker_on_an_embedded_bus_is_asked_there(tmp_path: Path) -> None:
    check: Check = HEALTH["worker"]
    here = configured("embedded", tmp_path)
    assert check(here) is not None  # none was ever started: words, not a traceback
    with EmbeddedBus(here.bus_dir, settings=here.bus):
        assert str(check(here)).endswith("no looks within 600 s")


def test_without_a_bus_a_worker_is_not_healthy(tmp_path: Path) -> None:
    worker: Check = HEALTH["worker"]
    said = worker(configured("redis://:secret@127.0.0.1:1/0", tmp_path))
    assert said is not None
    assert "redis://:***@127.0.0.1:1/0" in said


def page(*wrong: str) -> dict[str, Any]:
    """The health page of a center, with these parts wrong."""
    cases, bus = (
        [{"name": name, "ok": name not in wrong} for name in names]
        for names in ((Part.CASES, Part.WORKERS), (Part.BUS, Part.DEAD_LETTERS, Part.PARKED))
    )
    return {"ok": not wrong, "parts": cases, "program": {"parts": bus}}


class _Page(BaseHTTPRequestHandler):
    says: ClassVar[dict[str, Any]] = page()

    def do_GET(self) -> None:
        well = 200 if self.says["ok"] else 503
        self.send_response(well if self.path == "/api/health" else 404)
        self.end_headers()
        self.wfile.write(json.dumps(self.says).encode())

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


def test_a_center_is_healthy_while_its_page_answers() -> None:
    center: Check = HEALTH["center"]
    with HTTPServer(("127.0.0.1", 0), _Page) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        here = Configuration.model_validate({"console": {"port": server.server_port}})
        said: dict[tuple[str, ...], str | None] = {}
        others = tuple(sorted(NOT_OF_THE_CENTER))
        faults: tuple[tuple[str, ...], ...] = (
            (),
            others,
            (Part.CASES, Part.WORKERS),
            (Part.BUS,),
        )
        for wrong in faults:
            _Page.says = page(*wrong)
            said[wrong] = center(here)
        _Page.says = {"ok": False}
        odd = center(here)
        server.shutdown()
        serving.join()
    assert said[()] is said[others] is None
    own = str(said[(Part.CASES, Part.WORKERS)])
    assert own.endswith("503: Service Unavailable: cases, workers")
    assert str(said[(Part.BUS,)]).endswith("503: Service Unavailable: bus")
    for without_a_page in (odd, center(here)):
        assert without_a_page is not None
        assert "/api/health" in without_a_page
