"""The page about the configuration says what the settings say."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_reference_is_what_its_generator_writes() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "make_configuration_reference.py"))["text"]()
    page = ROOT / "docs" / "configuration-reference.md"
    again = "run scripts/make_configuration_reference.py docs/configuration-reference.md"
    assert made == page.read_text(encoding="utf-8"), again
