"""`scripts/setup` installs what is missing, and nothing else. The environment that it finds is a
stand-in that notes what pip is told."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
STAMPS = ".installed", ".installed-test"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup", tmp_path / "scripts" / "setup")
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("python", "patrol"):
        program = tmp_path / ".venv" / "bin" / name
        program.write_text('#!/bin/sh\necho "$@" >> .venv/told\n')
        program.chmod(0o755)
    return tmp_path


def told(checkout: Path, *extra: str) -> str:
    """What pip was told by one run of the script; empty if it was not called."""
    (checkout / ".venv" / "told").unlink(missing_ok=True)
    subprocess.run([checkout / "scripts" / "setup", *extra], check=True, capture_output=True)
    note = checkout / ".venv" / "told"
    return note.read_text() if note.exists() else ""


def test_an_extra_is_installed_once_also_where_the_tests_are(checkout: Path) -> None:
    assert "--require-hashes" in (said := told(checkout, "test"))
    assert "--requirement requirements/test.lock" in said
    assert told(checkout, "test") == ""
    assert told(checkout) == ""  # the tests need all that the program needs
    assert "--requirement requirements/train.lock" in told(checkout, "train")
    assert told(checkout, "train") == ""


def test_another_pyproject_is_installed_anew(checkout: Path) -> None:
    told(checkout, "test")
    with (checkout / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert told(checkout).endswith("--editable .\n")
    assert told(checkout) == ""
    stamps = {name: (checkout / ".venv" / name).read_text() for name in STAMPS}
    assert stamps[".installed"] != stamps[".installed-test"]


def test_another_lock_is_installed_anew(checkout: Path) -> None:
    told(checkout)
    with (checkout / "requirements" / "program.lock").open("a") as file:
        file.write("# changed\n")
    assert "--requirement requirements/program.lock" in told(checkout)
