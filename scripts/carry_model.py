"""Carry a trained detector with the product: its file and its entry in the catalogue.

Usage: python scripts/carry_model.py FILE.onnx

Copies the file to models/weights/patrol-n.onnx and writes the entry of that name in
models/catalog.yaml: what the file says of itself, its size and its hash. Every other line of the
catalogue stays as it is, comments included. The model card models/weights/patrol-n.md is written
by people.
"""

import re
import sys
from pathlib import Path

import yaml

from models.catalogue.catalog import BUILTIN_FILE, CARRIED_FOLDER, Catalog
from models.catalogue.entry import ModelEntry
from models.catalogue.files import copy_hashed, draft_in, settle, sha256_of, write_whole
from models.importing.newcomer import Claims, check_source, described_entry

NAME = "patrol-n"
LICENCE = "AGPL-3.0"
ORIGIN = (
    "Trained for this project from Ultralytics YOLO11n; data, licences and measurements are in "
    "models/weights/patrol-n.md"
)
NOTE = "Carried with the product, and its default; fire, smoke, people, vehicles, stall cues."
LARGEST_BYTES = 12_000_000
"""What a clone may be asked to carry."""


def carry(file: Path, builtin: Path = BUILTIN_FILE) -> ModelEntry:
    """Carry `file` beside the catalogue `builtin`.

    Raises ModelError for a file that does not fit or does not describe itself; then nothing has
    changed. ValueError for a file that is too large.
    """
    entry = described(file)
    text = with_entry(builtin.read_text(encoding="utf-8"), entry)
    target = builtin.parent / CARRIED_FOLDER / entry.file
    with draft_in(target.parent, ".onnx") as draft:
        copy_hashed(file, draft)
        settle(draft, target)
    write_whole(builtin, text)
    Catalog(None, builtin=builtin).path(NAME)
    return entry


def described(file: Path) -> ModelEntry:
    """The entry of `file`, from its metadata and one blank run."""
    check_source(file)
    size_bytes = file.stat().st_size
    if size_bytes > LARGEST_BYTES:
        raise ValueError(f"{file}: expected at most {LARGEST_BYTES} bytes, got {size_bytes}")
    claims = Claims(licence=LICENCE, origin=ORIGIN, note=NOTE)
    entry = described_entry(file, file, NAME, sha256_of(file), claims)
    return entry


def with_entry(text: str, entry: ModelEntry) -> str:
    """The catalogue's text with this entry in place of the one of its name, or before all others.

    An entry reaches from its line `- name:` to the next line that begins at the margin.
    """
    block = _block(entry)
    old = rf"^- name: {re.escape(entry.name)}\n(?:[ \t].*\n)*"
    changed, count = re.subn(old, lambda _: block, text, flags=re.MULTILINE)
    if count == 0:
        changed, count = re.subn(r"^models:\n", lambda m: m[0] + block, text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"expected one place for {entry.name} in the catalogue, found {count}")
    return changed


def _block(entry: ModelEntry) -> str:
    row = entry.model_dump(mode="json")
    labels = row.pop("labels")
    head = yaml.safe_dump([row], allow_unicode=True, sort_keys=False, width=98)
    head = re.sub(r"input_wh:\n  - (\d+)\n  - (\d+)", r"input_wh: [\1, \2]", head)
    flow = yaml.safe_dump(labels, default_flow_style=True, allow_unicode=True, width=90).strip()
    return head + "  labels: " + flow.replace("\n  ", "\n    ") + "\n"


if __name__ == "__main__":
    carried = carry(Path(sys.argv[1]))
    sys.stdout.write(
        f"{CARRIED_FOLDER}/{carried.file}: {carried.size_bytes} bytes, sha256 {carried.sha256}, "
        f"head {carried.head}, {', '.join(carried.labels)}\n"
    )
