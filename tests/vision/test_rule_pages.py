"""The pages on rules show what the program takes."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from vision.picture.diagnosis import PictureSettings
from vision.rule_register import ZoneSettings, parse_rules, zone_problems

RULES = Path(__file__).parents[2] / "docs" / "rules"
PAGES = [
    RULES / f"{name}{language}.md"
    for name in ("parking", "stalls", "goods", "fire", "generic", "crowding")
    for language in ("", ".zh")
]
PICTURE = [RULES / "picture.md", RULES / "picture.zh.md"]
LANE = {"id": "lane", "polygon": [[0, 0], [1, 0], [1, 1]]}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_example_of_a_page_is_taken(page: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    data: dict[str, Any] = yaml.safe_load(example)
    zones = [ZoneSettings.model_validate(zone) for zone in [*data["zones"], LANE]]
    assert not zone_problems(parse_rules(data["rules"]), zones)


@pytest.mark.parametrize("page", PICTURE, ids=lambda page: page.name)
def test_the_settings_of_pictures_are_those_of_their_pages(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in PictureSettings.model_fields)


@pytest.mark.parametrize("page", [*PAGES, *PICTURE], ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (page.parent / target).exists(), target
        if target.endswith(".svg"):
            ElementTree.parse(page.parent / target)
