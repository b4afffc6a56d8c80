"""Nothing is left out in CI, and what takes long runs when it is asked for."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lacking import lacking

TESTS = Path(__file__).parents[1]
MAY_SKIP = frozenset(
    {
        "lacking.py",
        "shared_data.py",  # lies beside the checkout, if at all
        "small_disk.py",  # needs root
        "models/test_runtime.py",  # what there is to fall back from differs by machine
    }
)
"""Files of tests that may leave something out at their own word."""
BOTH = """
import pytest
from tests.steps import LONG, steps

@pytest.mark.long
def test_of_minutes(): assert LONG

@pytest.mark.steps(2, 20)
def test_again_and_again(): assert steps(2, 20) == (20 if LONG else 2)
"""


def test_at_home_what_is_missing_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no chromium"):
        lacking("no chromium")


def test_in_ci_what_is_missing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no chromium; with CI=true"):
        lacking("no chromium")


def test_no_test_skips_past_the_gate() -> None:
    """`pytest.skip` is called where it may be; a missing peer is told through `lacking`."""
    callers = {
        file.relative_to(TESTS).as_posix()
        for file in TESTS.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.skip"
    }
    assert callers <= MAY_SKIP


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("long", "workers", "ended", "told"),
    [
        ("", 0, "1 passed, 1 deselected", "2 steps; with scripts/test --long 20"),
        ("1", 1, "2 passed", "20 steps"),
    ],
)
def test_what_takes_minutes_runs_when_asked(
    tmp_path: Path, long: str, workers: int, ended: str, told: str
) -> None:
    (tmp_path / "test_both.py").write_text(BOTH)
    ours = ["-c", str(TESTS.parent / "pyproject.toml"), "--rootdir", str(tmp_path)]
    plugins = ["-p", "tests.conftest", "-p", "no:cacheprovider", "-n", str(workers)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *ours, *plugins, str(tmp_path)],
        cwd=TESTS.parent, env=os.environ | {"PATROL_LONG": long}, capture_output=True, text=True,
    )  # fmt: skip
    assert ended in done.stdout, done.stdout + done.stderr
    assert f"test_both.py::test_again_and_again: {told}\n" in done.stdout
