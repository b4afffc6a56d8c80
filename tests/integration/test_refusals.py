"""What a command says when it cannot run: one line, exit code 1. And what it bears."""

import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import yaml

from cases.database import Database
from events_bridge.publisher import Publisher
from tests.books import SOURCE, make_book
from tests.builders import make_incident, opened
from tests.integration.test_up import answers, free_port
from tests.processes import children_of, command_of
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)


def patrol(*arguments: object, timeout_s: float = 60.0) -> tuple[int, str]:
    """Exit code and everything that was printed."""
    command = [sys.executable, "-m", "patrol", "--json-logs", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    return done.returncode, done.stdout + done.stderr


def refusal(*arguments: object) -> str:
    """The one line that is no log line."""
    code, said = patrol(*arguments)
    assert code == 1, said
    assert "Traceback" not in said
    lines = [line for line in said.splitlines() if line and not line.startswith("{")]
    return lines[-1] if lines else said


@contextmanager
def running(*arguments: object) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    port = free_port()
    command = [sys.executable, "-m", "patrol", *map(str, arguments), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as web:
        try:
            wait_until(lambda: process.poll() is not None or answers(web), "the console", 60)
            assert process.poll() is None
            yield process, web
        finally:
            process.kill()
            process.wait()


def configure(path: Path, **settings: object) -> Path:
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def newer(data: Path) -> str:
    data.mkdir()
    with closing(Database(f"sqlite:///{data / 'patrol.db'}")) as database:
        database.upgrade()
    with sqlite3.connect(data / "patrol.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    return "made by a newer version"


def no_database(data: Path) -> str:
    data.mkdir()
    (data / "patrol.db").write_bytes(b"no database" * 500)
    return "is no SQLite database"


@pytest.mark.parametrize("make", [newer, no_database])
def test_a_center_with_a_database_that_is_none(tmp_path: Path, make: object) -> None:
    assert callable(make)
    words = make(tmp_path / "data")
    assert words in refusal("center", "--data", tmp_path / "data", "--port", 0)


def test_up_ends_when_its_center_can_never_start(tmp_path: Path) -> None:
    newer(tmp_path / "data")
    code, said = patrol("up", "--data", tmp_path / "data", "--port", free_port())
    assert code == 1
    assert "made by a newer version" in said
    assert "Traceback" not in said
    assert not list((tmp_path / "data").rglob("*.sock"))


@pytest.mark.parametrize("command", ["up", "center"])
def test_a_port_in_use(tmp_path: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as line:
        port = line.getsockname()[1]
        said = refusal(command, "--data", tmp_path / "data", "--port", port)
    assert said.startswith(f"port {port} is in use by another program")


@pytest.mark.parametrize("port", [-1, 65_536, 99_999])
@pytest.mark.parametrize("command", ["up", "center"])
def test_a_port_that_there_is_none(tmp_path: Path, command: str, port: int) -> None:
    code, said = patrol(command, "--data", tmp_path / "data", "--port", port)
    assert code == 2
    assert "Traceback" not in said


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    config = configure(tmp_path / "town.yaml", console={"host": "192.0.2.1"})
    said = refusal("center", "--data", tmp_path / "data", "--config", config)
    assert "expected an address of this machine, got 192.0.2.1" in said


def test_a_second_of_a_kind_on_one_directory(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running("up", "--data", data) as (process, _):
        children = {
            words[3]: pid
            for pid in children_of(process.pid)
            if "valkey" not in (words := command_of(pid))[0]
        }
        wait_until(lambda: list(data.glob("worker/*/worker.lock")), "the worker")
        for command, what, pid in (
            ("up", "patrol up", process.pid),
            ("center", "a center", children["center"]),
            ("worker", "the worker edge-1", children["worker"]),
        ):
            said = refusal(command, "--data", data)
            assert said.startswith(f"{what} already runs on {data}"), said
            assert f"(process {pid})" in said


def test_after_a_kill_the_next_one_starts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running("up", "--data", data) as (first, _):
        first.send_signal(signal.SIGKILL)
        first.wait()
        with running("up", "--data", data) as (second, web):
            assert web.get("/api/health").status_code == 200
            second.send_signal(signal.SIGINT)
            assert second.wait(20) == 0


def test_a_copy_of_a_running_directory_runs_beside_it(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    with running("up", "--data", data) as (_, web):
        subprocess.run(["cp", "-a", data, copy], check=True)
        for path in copy.rglob("*"):
            if path.is_file() and not path.is_symlink():
                assert os.fsencode(data) not in path.read_bytes(), path
        with running("up", "--data", copy) as (_, other):
            assert other.get("/api/health").status_code == 200
        assert web.get("/api/health").status_code == 200


def test_two_centers_on_one_bus_from_two_directories(tmp_path: Path, bus_url: str) -> None:
    config = configure(tmp_path / "town.yaml", bus={"url": bus_url})
    same = "--config", config
    with running("center", "--data", tmp_path / "first", *same) as (first, _):
        said = refusal("center", "--data", tmp_path / "second", "--port", 0, *same)
        assert "another center takes the messages of this bus" in said
        assert f"process {first.pid}" in said
        first.send_signal(signal.SIGINT)
        assert first.wait(20) == 0
    with running("center", "--data", tmp_path / "second", *same) as (_, web):
        assert web.get("/api/health").status_code == 200


def test_two_centers_with_one_database_file_from_two_directories(tmp_path: Path) -> None:
    config = configure(tmp_path / "town.yaml", database={"url": f"sqlite:///{tmp_path}/town.db"})
    same = "--config", config
    with running("center", "--data", tmp_path / "first", *same) as (first, _):
        said = refusal("center", "--data", tmp_path / "second", "--port", 0, *same)
        assert f"a center with town.db already runs on {tmp_path} (process {first.pid})" in said


def test_intake_goes_on_while_strangers_hold_half_requests(tmp_path: Path, bus_url: str) -> None:
    """More of them than the process may have descriptors."""
    config = configure(tmp_path / "town.yaml", bus={"url": bus_url})
    few = 1_024
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    log = tmp_path / "log"
    port = free_port()
    command = [sys.executable, "-m", "patrol", "center", "--config", str(config)]
    command += ["--data", str(tmp_path / "data"), "--port", str(port)]
    with log.open("wb") as file, ExitStack() as strangers:
        center = subprocess.Popen(
            command,
            stderr=file,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (few, few)),
        )
        strangers.callback(center.wait)
        strangers.callback(center.kill)
        web = strangers.enter_context(
            httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20)
        )
        wait_until(lambda: answers(web), "the console", 60)
        assert limits[0] > 1_200, "the test itself needs so many descriptors"
        for _ in range(1_100):
            line = strangers.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            with suppress(OSError):
                line.sendall(b"GET /desk HTTP/1.1\r\nHost: localhost\r\nX-")
        book = strangers.enter_context(make_book(tmp_path / "book"))
        publisher = Publisher(bus_url, book.outbox, source=SOURCE)
        strangers.callback(publisher.close)
        publisher.publish(opened(make_incident("inc_1", at=datetime.now(UTC))))
        wait_until(lambda: web.get("/api/cases").json()["cases"], "the case")
        assert web.get("/desk").status_code == 200
        assert center.poll() is None
    lines = log.read_text().splitlines()
    assert len(lines) < 50
    assert any("connections ended" in line for line in lines)


@pytest.mark.parametrize("name", ["patrol.db", "evidence", "bus"])
def test_a_link_that_leads_to_itself_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(name)
    assert name in refusal("center", "--data", tmp_path, "--port", 0)
