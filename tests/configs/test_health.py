"""The containers' health check, against a real bus and a real, if tiny, web server."""

import json
import runpy
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from domain.messages import LooksDone
from events_bridge.embedded import EmbeddedBus
from events_bridge.publisher import Publisher
from patrol.config import Configuration
from tests.books import make_book

Check = Callable[[Configuration], str | None]
HEALTH = runpy.run_path(str(Path(__file__).parents[2] / "docker" / "health.py"))
NOW = datetime.now(UTC)


@pytest.fixture
def bus_url(tmp_path: Path) -> Iterator[str]:
    with EmbeddedBus(tmp_path / "bus") as bus:
        yield bus.url


def configured(bus_url: str) -> Configuration:
    return Configuration.model_validate({"bus": {"url": bus_url}, "worker": {"id": "edge-7"}})


def say_looks(bus_url: str, tmp_path: Path, worker_id: str) -> None:
    looks = LooksDone(
        worker_id=worker_id, from_at=NOW - timedelta(seconds=5), to_at=NOW, cameras=()
    )
    with make_book(tmp_path / worker_id) as book:
        publisher = Publisher(bus_url, book.outbox, source=f"patrol/{worker_id}")
        publisher.publish(looks)
        publisher.close(timeout_s=10)


def test_a_worker_is_healthy_while_it_says_what_it_looks_at(bus_url: str, tmp_path: Path) -> None:
    worker: Check = HEALTH["worker"]
    say_looks(bus_url, tmp_path, "edge-1")
    assert worker(configured(bus_url)) == "patrol/edge-7: no looks yet"
    say_looks(bus_url, tmp_path, "edge-7")
    assert worker(configured(bus_url)) is None


def test_without_a_bus_a_worker_is_not_healthy() -> None:
    worker: Check = HEALTH["worker"]
    said = worker(configured("redis://:secret@127.0.0.1:1/0"))
    assert said is not None
    assert "bus redis://:***@127.0.0.1:1/0" in said


def page(*wrong: str) -> dict[str, Any]:
    """The health page of a center, with these parts wrong."""
    cases, bus = (
        [{"name": name, "ok": name not in wrong} for name in names]
        for names in (("cases", "workers"), ("bus",))
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
        faults: tuple[tuple[str, ...], ...] = ((), ("workers",), ("cases", "workers"), ("bus",))
        for wrong in faults:
            _Page.says = page(*wrong)
            said[wrong] = center(here)
        _Page.says = {"ok": False}
        odd = center(here)
        server.shutdown()
        serving.join()
    assert said[()] is said[("workers",)] is None
    assert str(said[("cases", "workers")]).endswith("503: Service Unavailable: cases, workers")
    assert str(said[("bus",)]).endswith("503: Service Unavailable: bus")
    for without_a_page in (odd, center(here)):
        assert without_a_page is not None
        assert "/api/health" in without_a_page
