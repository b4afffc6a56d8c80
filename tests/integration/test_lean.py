"""What runs in a town imports nothing of the laboratory, and neither wing the other's libraries."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.footage.simulator import Simulator
from tests.block_detector import import_block_detector
from tests.integration.rig import block_clip, configure, wait_for
from tests.integration.test_up import STOP_TIMEOUT_S, patrol_up

LABORATORY = {"lab", "torch", "ultralytics", "onnx"}
OF_THE_CENTER = {"fastapi", "uvicorn", "sqlalchemy", "alembic", "jinja2"}
OF_THE_EDGE = {"edge", "onnxruntime", "lab.footage.simulator"}
TELL = """
import atexit, json, os, sys


def tell():
    with open(os.path.join({folder!r}, str(os.getpid())), "w") as file:
        json.dump([sys.argv, sorted(sys.modules)], file)


atexit.register(tell)
"""
"""As `sitecustomize`: each Python process below writes at its end which modules it had."""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file for each process, once it has ended."""
    folder, path = tmp_path / "told", tmp_path / "path"
    folder.mkdir()
    path.mkdir()
    (path / "sitecustomize.py").write_text(TELL.format(folder=str(folder)))
    monkeypatch.setenv("PYTHONPATH", str(path))
    return folder


def modules_of(folder: Path, word: str) -> set[str]:
    """The modules of the one process whose command line has the word."""
    told = [json.loads(file.read_text()) for file in folder.iterdir()]
    (modules,) = [modules for argv, modules in told if word in argv]
    return set(modules)


def test_a_town_needs_no_laboratory(tmp_path: Path, told: Path) -> None:
    import_block_detector(tmp_path / "data" / "models")
    with Simulator({"kerb": block_clip(tmp_path / "kerb.mp4", {})}) as cameras:
        config = configure(tmp_path, {"kerb": {"url": cameras.url("kerb"), "rules": {}}})
        with patrol_up("--data", tmp_path / "data", "--config", config) as (process, web):
            wait_for(lambda: web.get("/api/cameras").json()[0]["health"], "the camera's health")
            process.send_signal(signal.SIGINT)
            assert process.wait(STOP_TIMEOUT_S) == 0
    for word in ("up", "worker", "center"):
        assert not modules_of(told, word) & LABORATORY, word
    assert not modules_of(told, "worker") & OF_THE_CENTER
    assert not modules_of(told, "center") & OF_THE_EDGE


@pytest.mark.parametrize("words", [("check", "configs/demo.yaml"), ("models", "list"), ("--help",)])
def test_nor_do_those_who_prepare_it(words: tuple[str, ...], tmp_path: Path, told: Path) -> None:
    command = [sys.executable, "-m", "patrol", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not modules_of(told, words[0]) & LABORATORY


def test_the_list_of_commands_imports_none_of_them(told: Path) -> None:
    command = [sys.executable, "-m", "patrol", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert all(f" {word} " in done.stdout for word in ("up", "worker", "check", "eval", "bench"))
    had = modules_of(told, "--help")
    assert not [module for module in had if module.startswith(("patrol.commands.up", "numpy"))]
