"""The files that CONTRIBUTING.md sends people to are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = sorted(
    {
        path
        for path in re.findall(
            r"`([\w./-]+/[\w./-]*)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8")
        )
        if "NAME" not in path and not path.startswith(".")
    }
)


@pytest.mark.parametrize("path", NAMED)
def test_what_it_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()
