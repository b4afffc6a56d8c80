"""Templates of the laboratory: strict, and part of what is installed."""

import tomllib
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from lab.drawing import drawn

ROOT = Path(__file__).parents[2]
TEMPLATES = {path for path in (ROOT / "lab").rglob("*") if path.suffix in {".svg", ".html"}}


def test_a_value_that_nobody_gave_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="width"):
        drawn("lab.bench", "growth.svg")


def test_an_installed_package_has_every_template() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    assert {path.name for path in TEMPLATES} >= {"growth.svg", "curves.svg", "timeline.svg"}
    for path in TEMPLATES:
        assert any(path.match(pattern) for pattern in patterns), path
        assert (path.parent / "__init__.py").is_file(), path
