"""The containers' health check, against a real bus and a real, if tiny, web server."""

import json
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from console.status import NOT_OF_THE_CENTER, Health, Part, PartStatus, SystemStatus
from domain.errors import ConfigurationError
from domain.trouble import Trouble
from edge.process import Worker
from events_bridge.embedded import EmbeddedBus
from events_bridge.envelope import worker_source
from patrol.commands.output import CONFIG_VARIABLE, DATA_VARIABLE
from settings.config import WORKER_VARIABLE, Configuration
from tests.integration.test_up import free_port
from tests.waiting import wait_until

Check = Callable[[Configuration], str | None]
SCRIPT = Path(__file__).parents[2] / "docker" / "health.py"
HEALTH = runpy.run_path(str(SCRIPT))
CHECKS: dict[str, Check] = HEALTH["CHECKS"]


@pytest.fixture
def bus_url(tmp_path: Path) -> Iterator[str]:
    with EmbeddedBus(tmp_path / "bus") as bus:
        yield bus.url


def configured(bus_url: str, tmp_path: Path, worker_id: str = "edge-7") -> Configuration:
    return Configuration.of(
        {"bus": {"url": bus_url}, "worker": {"id": worker_id}, "data_dir": str(tmp_path)}
    )


def work(configuration: Configuration, bus_url: str, until: Callable[[], bool]) -> None:
    """Run the real worker, which tells of its looks as it always does, until something holds."""
    worker = Worker(configuration.share(), bus_url=bus_url)
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


def test_of_several_workers_the_one_is_asked_for_that_the_machine_is(
    bus_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers: dict[str, dict[str, object]] = {"east": {}, "west": {}}
    town = Configuration.of({"bus": {"url": bus_url}, "workers": workers}, data_dir=tmp_path)
    monkeypatch.setenv(WORKER_VARIABLE, "west")
    assert str(HEALTH["worker"](town)).startswith(worker_source("west"))
    monkeypatch.delenv(WORKER_VARIABLE)
    with pytest.raises(ConfigurationError, match=r"\(east, west\)"):
        HEALTH["worker"](town)


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


def asked(part: str, env: dict[str, str]) -> tuple[int, str]:
    """The check's exit code and its one line, as Docker gets them."""
    command = [sys.executable, str(SCRIPT), part]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    return done.returncode, done.stdout.strip()


@contextmanager
def running_box(env: dict[str, str]) -> Iterator[None]:
    """`patrol up`, ended as a container's engine ends it."""
    process = subprocess.Popen([sys.executable, "-m", "patrol", "up"], env=env)
    try:
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("bus: {url: 'redis://:secret@127.0.0.1:1/0'}", "bus=redis://:***@127.0.0.1:1/0"),
        ("data_dir: DATA", "expected the directory of an embedded bus at"),
        ("bus: [", "not valid YAML"),
    ],
)
def test_what_keeps_a_check_from_its_answer_is_one_line(
    tmp_path: Path, written: str, said: str
) -> None:
    file = tmp_path / "town.yaml"
    file.write_text(written.replace("DATA", str(tmp_path / "data")))
    code, out = asked("worker", {**os.environ, CONFIG_VARIABLE: str(file)})
    assert code == 1
    assert said in out
    assert "secret" not in out


@pytest.mark.slow
def test_inside_a_box_that_is_up_each_part_answers(tmp_path: Path) -> None:
    """As the image runs it: where things are is said once, by the environment."""
    port, file, data = free_port(), tmp_path / "town.yaml", tmp_path / "data"
    file.write_text(f"console: {{port: {port}}}\nworker: {{id: edge-7}}\n")
    box = {**os.environ, CONFIG_VARIABLE: str(file), DATA_VARIABLE: str(data)}

    def said() -> dict[str, str | None]:
        return {part: HEALTH["check"](part, file, data) for part in CHECKS}

    before = said()
    with running_box(box):
        wait_until(lambda: said() == dict.fromkeys(CHECKS), "the box to be healthy", 60)
        within = {part: asked(part, box) for part in CHECKS}
        untold = asked("worker", {**box, CONFIG_VARIABLE: ""})
    after = said()
    assert within == dict.fromkeys(CHECKS, (0, "ok"))
    assert untold == (1, f"{worker_source('edge-1')}: no looks within 600 s ({HEALTH['NOT_TOLD']})")
    for gone in (before, after):
        assert str(gone["center"]).startswith(f"http://127.0.0.1:{port}/api/health: ")
        assert gone["up"] == gone["center"]
    assert str(before["worker"]).startswith("expected the directory of an embedded bus at")
    assert "could not read the looks" in str(after["worker"])


def page(*wrong: str) -> str:
    """The health page of a center, with these parts wrong, as a center writes it."""

    def made(part: Part) -> PartStatus:
        ill = part in wrong
        return PartStatus.ill(part, Trouble.DISK_FULL, "") if ill else PartStatus.well(part)

    now = datetime.now(UTC)
    own = (made(Part.CASES), made(Part.WORKERS))
    others = tuple(made(part) for part in Part if part not in (Part.CASES, Part.WORKERS))
    program = SystemStatus(at=now, version="0", started_at=now, parts=others)
    return Health.of(now, {}, own, program).model_dump_json()


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
        here = Configuration.of({"console": {"port": server.server_port}})
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
        _Page.says = '{"ok": false}'
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
