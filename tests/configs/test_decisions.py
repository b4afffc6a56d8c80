"""Decisions are numbered without a gap, dated, and all in the index."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))


def test_they_are_numbered_without_a_gap() -> None:
    assert [page.name[:4] for page in PAGES] == [f"{n:04}" for n in range(1, len(PAGES) + 1)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_has_a_title_and_a_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    number = int(page.name[:4])
    assert re.match(rf"# {number}\. \S.*\n\n\d{{4}}-\d{{2}}-\d{{2}}\n\n\S", text), text[:120]


def test_the_index_names_them_all_in_their_order() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", index) == [page.name for page in PAGES]
