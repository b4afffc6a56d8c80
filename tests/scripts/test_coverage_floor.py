"""Too little of a package ran: the run fails."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "coverage_floor.py"
PROGRAM = """
def tried(): return 1

def left():
    a = 1
    b = 2
    return a + b
"""


def measured(folder: Path, tried: str) -> Path:
    """What coverage itself reports of a run of `tried` in packages named like ours."""
    for package in ("domain", "vision", "cases"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text(PROGRAM)
    (folder / "run.py").write_text(f"import domain, vision, cases\n{tried}")
    command = [sys.executable, "-m", "coverage"]
    source = "--source=domain,vision,cases"
    subprocess.run([*command, "run", "--branch", source, "run.py"], cwd=folder, check=True)
    subprocess.run([*command, "json", "-q", "-o", "report.json"], cwd=folder, check=True)
    return folder / "report.json"


def floor(*words: object) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, SCRIPT, *map(str, words)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_all_that_ran_is_enough(tmp_path: Path) -> None:
    all_three = "for p in (domain, vision, cases):\n    p.tried()\n    p.left()\n"
    code, said, wrong = floor(measured(tmp_path, all_three))
    assert (code, wrong) == (0, "")
    assert "vision           100.0 %   floor 95 %" in said


def test_a_package_below_its_floor_is_named(tmp_path: Path) -> None:
    but_one = "for p in (domain, vision, cases):\n    p.tried()\ndomain.left()\ncases.left()\n"
    code, _, wrong = floor(measured(tmp_path, but_one))
    assert code == 1
    named = re.findall(r"below its floor: (\w+): [0-9.]+ % ran, expected (\d+) %", wrong)
    assert named == [("vision", "95"), ("all", "90")]


def test_a_package_that_was_not_measured_is_below(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text('{"files": {}}')
    code, _, wrong = floor(report)
    assert code == 1
    assert "cases: 0.0 % ran, expected 95 %" in wrong


def test_tests_do_not_count(tmp_path: Path) -> None:
    """Tests run nearly whole, and there are as many of them as of the program."""
    report = tmp_path / "report.json"
    some = {"num_statements": 10, "covered_lines": 8, "num_branches": 0, "covered_branches": 0}
    many = {**some, "num_statements": 10_000, "covered_lines": 10_000}
    files = {"vision/a.py": {"summary": some}, "tests/b.py": {"summary": many}}
    report.write_text(json.dumps({"files": files}))
    assert "all: 80.0 % ran, expected 90 %" in floor(report)[2]


def test_wrong_use_says_how() -> None:
    code, _, said = floor()
    assert code == 2
    assert "usage:" in said


@pytest.mark.parametrize("text", ["[]", '{"files": 3}'])
def test_what_is_no_report_is_an_error(tmp_path: Path, text: str) -> None:
    report = tmp_path / "report.json"
    report.write_text(text)
    assert floor(report)[0] == 1
