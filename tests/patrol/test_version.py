"""`patrol --version` tells the version with the commit, wherever it runs."""

import os
import re
import sys
import tomllib
from pathlib import Path
from shutil import copy
from subprocess import run

import pytest

from patrol import __version__
from patrol.version import BAKED, SHOWN, version
from tests.command_line import PatrolHere

ROOT = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PROJECT = '[project]\nname = "toy"\nversion = "1"\n[tool.setuptools]\npackages = ["patrol"]\n'
"""As little as setup.py can build."""


def git(root: Path, *words: str) -> str:
    person = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    done = run(["git", "-C", root, *person, *words], capture_output=True, check=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The package in a folder that is no checkout."""
    folder = tmp_path / "patrol"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    return folder


@pytest.fixture
def commit(package: Path) -> str:
    """The commit of a checkout that has just been made of it."""
    git(package.parent, "init", "-q")
    git(package.parent, "add", ".")
    git(package.parent, "commit", "-q", "-m", "one")
    return git(package.parent, "rev-parse", "HEAD")


def test_a_checkout_tells_its_commit(package: Path, commit: str) -> None:
    assert version(package) == f"{__version__} ({commit[:SHOWN]})"


def test_a_changed_checkout_says_so(package: Path, commit: str) -> None:
    (package / "__init__.py").write_text("changed = True\n")
    assert version(package) == f"{__version__} ({commit[:SHOWN]}+changes)"


def test_a_file_that_git_does_not_know_is_no_change(package: Path, commit: str) -> None:
    (package / "new.py").write_text("")
    assert version(package) == f"{__version__} ({commit[:SHOWN]})"


def test_without_a_repository_it_is_the_version_alone(package: Path) -> None:
    assert version(package) == __version__


def test_another_projects_checkout_around_it_is_not_asked(package: Path, commit: str) -> None:
    inner = package / "site-packages" / "patrol"
    inner.mkdir(parents=True)
    assert version(inner) == __version__


def test_without_git_it_is_the_version_alone(
    package: Path, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert version(package) == __version__


def test_a_built_package_knows_the_commit_it_was_built_from(package: Path) -> None:
    built = build(package.parent, PATROL_COMMIT=COMMIT)
    assert (built / BAKED).read_text() == f"{COMMIT}\n"
    assert version(built) == f"{__version__} ({COMMIT[:SHOWN]})"


def test_a_build_asks_git_when_it_is_not_told(package: Path) -> None:
    copy(ROOT / "setup.py", package.parent)
    git(package.parent, "init", "-q")
    git(package.parent, "add", ".")
    git(package.parent, "commit", "-q", "-m", "one")
    built = build(package.parent, PATROL_COMMIT="")
    assert (built / BAKED).read_text().strip() == git(package.parent, "rev-parse", "HEAD")


def test_a_build_without_either_bakes_nothing(package: Path) -> None:
    assert not (build(package.parent, PATROL_COMMIT="") / BAKED).exists()


def build(root: Path, **environment: str) -> Path:
    """The package as this project's setup.py builds it."""
    copy(ROOT / "setup.py", root)
    (root / "pyproject.toml").write_text(PROJECT)
    done = run(
        [sys.executable, "setup.py", "-q", "build_py", "--build-lib", "built"],
        cwd=root, env=os.environ | environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return root / "built" / "patrol"


def test_the_command_says_it(patrol_here: PatrolHere) -> None:
    code, said, _ = patrol_here("--version")
    assert code == 0
    assert said == f"patrol {version()}\n"


def test_the_package_and_the_project_are_of_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert next(name for name in headings if name != "Unreleased") == __version__
