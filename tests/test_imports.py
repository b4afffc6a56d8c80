"""Who may import whom: the arrows of the design, and the only importers of some libraries."""

import sys
from pathlib import Path

import pytest

from patrol import laboratory
from patrol.cli import COMMANDS
from patrol.late import Late, imported
from tests.house import ALLOWED, PAGE, ROOT, breaches, house_map, imports_of, map_on_page

DOMAIN_LIBRARIES = frozenset({"pydantic", "annotated_types", "typing_extensions"})
"""What `domain` may import besides the standard library."""


def test_imports_follow_the_arrows() -> None:
    found = breaches(ROOT)
    assert not found, "imports that the design forbids:\n" + "\n".join(found)


def test_domain_stands_on_the_standard_library_and_pydantic() -> None:
    allowed = sys.stdlib_module_names | DOMAIN_LIBRARIES | {"domain"}
    found = [
        f"{each.place}: domain may import the standard library and pydantic, not {each.imported}"
        for path in sorted((ROOT / "domain").rglob("*.py"))
        for each in imports_of(path, ROOT)
        if each.imported.split(".")[0] not in allowed
    ]
    assert not found, "\n".join(found)


def test_every_package_has_its_row() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/py.typed")}
    assert packages == set(ALLOWED), "expected a row in ALLOWED for each package"


@pytest.mark.parametrize(
    ("module", "source", "said"),
    [
        (
            "vision/rules/rule.py",
            "from streams.reader import CameraReader",
            "it imports streams.reader",
        ),
        ("vision/rules/rule.py", "from models import session", "it imports models.session"),
        ("models/a.py", "import streams", "models may import domain"),
        ("cases/a.py", "def f():\n    from vision import patrol", "cases/a.py:2"),
        ("streams/deep/a.py", "from ...console import app", "it imports console.app"),
        ("vision/a.py", "import av", "only streams, lab.footage.simulator may import av"),
        ("models/a.py", "import torch", "only lab.training may import torch"),
        ("models/a.py", "import onnxruntime", "only models.sessions"),
        ("edge/a.py", "from cases.book import CaseBook", "it imports cases.book"),
        ("edge/a.py", "from patrol.heartbeat import Pulse", "it imports patrol.heartbeat"),
        ("cases/a.py", "from settings.config import Configuration", "it imports settings.config"),
        ("console/a.py", "import settings", "it imports settings"),
        ("settings/a.py", "from cases import book", "it imports cases.book"),
        ("patrol/a.py", "def f():\n    import lab.bench.run", "it imports lab.bench.run"),
        ("patrol/a.py", "WHERE = 'lab.bench.run:go'", "it imports lab.bench.run"),
        ("docker/a.py", "from lab.bench import run", "it imports lab.bench"),
        ("scripts/a.py", "import av", "only streams, lab.footage.simulator may import av"),
        ("console/a.py", "import redis.asyncio", "only events_bridge may import redis"),
        ("domain/a.py", "from cases import book", "nothing of ours"),
    ],
)
def test_a_breach_is_found_and_named(tmp_path: Path, module: str, source: str, said: str) -> None:
    path = tmp_path / module
    path.parent.mkdir(parents=True)
    path.write_text(source)
    [complaint] = breaches(tmp_path)
    assert said in complaint


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("vision/a.py", "from streams.frame import Frame"),
        ("vision/a.py", "from models import detections"),
        ("lab/training/a.py", "import ultralytics"),
        ("lab/a.py", "from patrol.bus import running_bus"),
        ("scripts/a.py", "from lab.scores import score"),
        ("settings/a.py", "from cases.case_settings import CaseSettings"),
        ("patrol/laboratory.py", "WHERE = 'lab.bench.run:go'"),
        ("streams/deep/a.py", "from ..frame import Frame"),
        ("patrol/a.py", "from console.app import create_app"),
    ],
)
def test_what_the_design_allows_passes(tmp_path: Path, module: str, source: str) -> None:
    path = tmp_path / module
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert breaches(tmp_path) == []


def test_the_arrows_go_down_only() -> None:
    order = list(ALLOWED)
    for package, allowed in ALLOWED.items():
        below = order[: order.index(package)]
        assert {area.split(".")[0] for area in allowed} <= set(below), package


def test_the_page_shows_the_map() -> None:
    shown = map_on_page(PAGE.read_text(encoding="utf-8"))
    assert shown == house_map(), "run: python -m tests.house --write"


@pytest.mark.parametrize(
    ("name", "late"),
    [*COMMANDS.items(), *laboratory.MODELS.items(), *laboratory.RULES.items()],
)
def test_what_is_found_late_is_there_and_says_of_itself_what_the_list_says(
    name: str, late: Late
) -> None:
    said = " ".join(imported(name, late).help.split())
    assert said.startswith(late.summary)
