"""Static files: vendored ones are those released, ours name only what exists."""

import hashlib
import json
import re
from pathlib import Path

import httpx
import pytest

from console.rendering import STATIC, TEMPLATES, assets_version

VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
VENDOR_MAX_BYTES = 2_700_000


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"])
def test_vendored_files_are_those_of_the_manifest(entry: dict[str, str]) -> None:
    data = (VENDOR / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    assert entry["version"]
    assert entry["licence"] in {"MIT", "0BSD", "Apache-2.0"}


def test_nothing_else_is_vendored() -> None:
    files = {path.name for path in VENDOR.iterdir()}
    listed = {entry["file"] for entry in MANIFEST}
    assert {name for name in files - listed if not name.endswith(".LICENSE.txt")} == {
        "manifest.json"
    }
    assert sum(path.stat().st_size for path in VENDOR.iterdir()) < VENDOR_MAX_BYTES


def test_every_icon_is_in_the_sprite() -> None:
    symbols = set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "tabler-icons.svg").read_text()))
    pages = "\n".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    used = set(re.findall(r'icon\(\s*"([a-z-]+)"', pages))
    used |= set(re.findall(r'chip\([^()]*(?:\([^()]*\)[^()]*)*"([a-z-]+)"\)', pages))
    code = "\n".join(
        p.read_text() for p in (STATIC.parent / "signs.py", STATIC.parent / "case_view.py")
    )
    dashed = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', code))
    assert used <= symbols
    assert dashed <= symbols


def test_assets_may_be_kept_for_ever_because_their_address_changes(
    client: httpx.Client, tmp_path: Path
) -> None:
    page = client.get("/desk").text
    address = re.search(r'href="(/static/[0-9a-f]{12}/tokens\.css)"', page)
    assert address
    answer = client.get(address.group(1))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    (tmp_path / "a.css").write_text("a")
    before = assets_version(tmp_path)
    (tmp_path / "a.css").write_text("b")
    assert assets_version(tmp_path) != before


def test_large_assets_come_compressed(client: httpx.Client) -> None:
    page = client.get("/desk").text
    address = re.search(r'href="(/static/[^"]+/tabler\.min\.css)"', page)
    assert address
    assert client.get(address.group(1)).headers["content-encoding"] == "gzip"
