"""The containers' health check, against a real bus and a real, if tiny, web server."""

import json
import runpy
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from console.status import Health, Part, PartStatus, SystemStatus
from domain.messages import LooksDone
from domain.trouble import Trouble
from events_bridge.embedded import EmbeddedBus
from events_bridge.envelope import worker_source
from events_bridge.publisher import Publisher
from patrol.config import Configuration
from patrol.loading import load

Check = Callable[[Configuration], str | None]
SCRIPT = Path(__file__).parents[2] / "docker" / "health.py"
HEALTH = runpy.run_path(str(SCRIPT))
SOURCE = worker_source("edge-7")
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
    spool = tmp_path / f"spool-{worker_id}"
    publisher = Publisher(bus_url, spool, source=worker_source(worker_id))
    publisher.publish(looks)
    publisher.close(timeout_s=10)


def test_a_worker_is_healthy_while_it_says_what_it_looks_at(bus_url: str, tmp_path: Path) -> None:
    worker: Check = HEALTH["worker"]
    say_looks(bus_url, tmp_path, "edge-1")
    assert worker(configured(bus_url)) == f"{SOURCE}: no looks yet"
    say_looks(bus_url, tmp_path, "edge-7")
    assert worker(configured(bus_url)) is None


def health(part: str, configuration: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """What Docker is answered."""
    monkeypatch.setenv("PATROL_CONFIG", str(configuration))
    command = [sys.executable, str(SCRIPT), part]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("bus: {url: 'redis://:secret@127.0.0.1:1/0'}", "bus=redis://:***@127.0.0.1:1/0"),
        ("data_dir: DATA", "expected the directory of an embedded bus at"),
        ("bus: [", "not valid YAML"),
    ],
)
def test_what_keeps_a_check_from_its_answer_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, said: str
) -> None:
    file = tmp_path / "town.yaml"
    file.write_text(written.replace("DATA", str(tmp_path / "data")))
    code, out = health("worker", file, monkeypatch)
    assert (code, out.count("\n")) == (1, 1)
    assert said in out
    assert "secret" not in out


def test_a_worker_beside_its_embedded_bus_is_asked_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "town.yaml"
    file.write_text(f"data_dir: {tmp_path / 'data'}\nworker: {{id: edge-7}}\n")
    bus_dir = load(file).bus_dir
    with EmbeddedBus(bus_dir) as bus:
        assert health("worker", file, monkeypatch) == (1, f"{SOURCE}: no looks yet\n")
        say_looks(bus.url, tmp_path, "edge-7")
        assert health("worker", file, monkeypatch) == (0, "ok\n")
    code, out = health("worker", file, monkeypatch)  # stopped: nothing is started for a check
    assert (code, out.count("\n")) == (1, 1)
    assert "could not" in out


def page(*wrong: str) -> str:
    """The health page of a center, with these parts wrong, as a center writes it."""

    def made(part: Part) -> PartStatus:
        ill = part in wrong
        return PartStatus.ill(part, Trouble.DISK_FULL, "") if ill else PartStatus.well(part)

    own = (made(Part.CASES), made(Part.WORKERS))
    others = tuple(made(part) for part in Part if part not in (Part.CASES, Part.WORKERS))
    program = SystemStatus(at=NOW, version="0", started_at=NOW, parts=others)
    return Health.of(NOW, {}, own, program).model_dump_json()


class _Page(BaseHTTPRequestHandler):
    says: ClassVar[str] = page()

    def do_GET(self) -> None:
        well = 200 if json.loads(self.says)["ok"] else 503
        self.send_response(well if self.path == "/api/health" else 404)
        self.end_headers()
        self.wfile.write(self.says.encode())

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


def test_a_center_is_healthy_while_its_page_answers() -> None:
    center: Check = HEALTH["center"]
    with HTTPServer(("127.0.0.1", 0), _Page) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        here = Configuration.model_validate({"console": {"port": server.server_port}})
        said: dict[tuple[str, ...], str | None] = {}
        asks = ("workers", "dead_letters", "parked")
        faults: tuple[tuple[str, ...], ...] = ((), asks, ("cases", "workers"), ("bus",))
        for wrong in faults:
            _Page.says = page(*wrong)
            said[wrong] = center(here)
        _Page.says = '{"ok": false}'
        odd = center(here)
        server.shutdown()
        serving.join()
    assert said[()] is said[asks] is None
    assert str(said[("cases", "workers")]).endswith("503: Service Unavailable: cases, workers")
    assert str(said[("bus",)]).endswith("503: Service Unavailable: bus")
    for without_a_page in (odd, center(here)):
        assert without_a_page is not None
        assert "/api/health" in without_a_page
