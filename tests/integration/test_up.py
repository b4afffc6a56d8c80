"""`patrol up` as a user runs it: one command, real processes, Ctrl-C."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.footage.simulator import Simulator
from tests.block_detector import import_block_detector
from tests.integration.rig import block_clip, configure, wait_for
from tests.processes import alive, children_of, command_of

pytestmark = pytest.mark.timeout(180)
STOP_TIMEOUT_S = 20.0
"""Far above the 5 s that a stop may take: a test is no stop-watch."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def patrol_up(*arguments: object) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    port = free_port()
    command = [sys.executable, "-m", "patrol", "up", "--port", str(port), *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    web = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10)
    try:
        wait_for(lambda: answers(web), "the console")
        yield process, web
    finally:
        web.close()
        if process.poll() is None:
            process.kill()
        process.communicate()


def answers(web: httpx.Client) -> bool:
    try:
        return web.get("/api/health").status_code == 200
    except httpx.HTTPError:
        return False


def test_up_in_an_empty_folder_serves_a_desk(tmp_path: Path) -> None:
    with patrol_up("--data", tmp_path / "data") as (process, web):
        assert "调度台" in web.get("/desk").text
        assert web.get("/api/cases").json()["cases"] == []
        process.send_signal(signal.SIGINT)
        assert process.wait(STOP_TIMEOUT_S) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


def test_ctrl_c_while_a_clip_is_owed_leaves_nothing_half_written(tmp_path: Path) -> None:
    import_block_detector(tmp_path / "data" / "models")
    with Simulator({"kerb": block_clip(tmp_path / "kerb.mp4", {(4, 3): "car"})}) as cameras:
        rules = {"road_occupation": {"for_s": 3, "min_area": 0}}
        config = configure(
            tmp_path,
            {"kerb": {"url": cameras.url("kerb"), "rules": rules}},
            evidence={"pre_roll_s": 2, "post_roll_s": 18},
        )
        with patrol_up("--data", tmp_path / "data", "--config", config) as (process, web):
            wait_for(lambda: web.get("/api/cases").json()["cases"], "the case")
            children = children_of(process.pid)
            process.send_signal(signal.SIGINT)
            assert process.wait(STOP_TIMEOUT_S) == 0
            assert not [pid for pid in children if alive(pid)]
        evidence = tmp_path / "data" / "evidence"
        assert all(len(path.stem) == 64 for path in evidence.rglob("*") if path.is_file())
        with sqlite3.connect(tmp_path / "data" / "patrol.db") as database:
            assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        database.close()

        with patrol_up("--data", tmp_path / "data", "--config", config) as (_, web):
            (case,) = web.get("/api/cases").json()["cases"]

            def clips() -> list[dict[str, Any]]:
                listed = web.get(f"/api/cases/{case['no']}/evidence").json()
                return [each for each in listed if each["kind"] == "clip"]

            (clip,) = wait_for(clips, "the clip that was cut short")
            assert clip["status"] == "sealed"


def test_a_bus_that_is_killed_comes_back_and_nothing_is_lost(tmp_path: Path) -> None:
    import_block_detector(tmp_path / "data" / "models")
    with Simulator({"kerb": block_clip(tmp_path / "kerb.mp4", {(4, 3): "car"})}) as cameras:
        rules = {"road_occupation": {"for_s": 6, "min_area": 0}}
        config = configure(tmp_path, {"kerb": {"url": cameras.url("kerb"), "rules": rules}})
        with patrol_up("--data", tmp_path / "data", "--config", config) as (process, web):
            wait_for(lambda: web.get("/api/cameras").json()[0]["health"], "the camera's health")
            bus = [pid for pid in children_of(process.pid) if "valkey" in command_of(pid)[0]]
            assert len(bus) == 1
            os.kill(bus[0], signal.SIGKILL)
            wait_for(lambda: web.get("/api/cases").json()["cases"], "the case")
            process.send_signal(signal.SIGINT)
            assert process.wait(STOP_TIMEOUT_S) == 0
