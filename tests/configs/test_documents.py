"""The documents' links lead somewhere, and their examples are accepted by the program."""

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from cases.case_settings import PreDispatch
from domain.incident import IncidentKind
from patrol.cli import app
from settings.townfile import TownFile

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob(".github/**/*.md"), *ROOT.glob("docs/**/*.md")])
WITH_WHOLE_EXAMPLES = sorted([*ROOT.glob("README*.md"), *ROOT.glob("docs/*.md")])
EXAMPLES = [
    pytest.param(text, id=f"{page.name}-{number}")
    for page in WITH_WHOLE_EXAMPLES
    for number, text in enumerate(
        re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    )
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_are_accepted(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAM_USER", "user")
    monkeypatch.setenv("CAM_PASSWORD", "password")
    assert TownFile.model_validate(yaml.safe_load(text)).model_fields_set


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/rules/*.md")), ids=lambda page: page.name)
def test_settings_of_cases_that_a_rules_page_names_are_accepted(page: Path) -> None:
    for text in re.findall(r"`(cases: \{.*?\})`", page.read_text(encoding="utf-8")):
        assert TownFile.model_validate(yaml.safe_load(text)).model_fields_set


@pytest.mark.parametrize("name", ["fire.md", "fire.zh.md"])
def test_the_page_on_fire_tells_who_may_dispatch_it_ahead(name: str) -> None:
    text = (ROOT / "docs" / "rules" / name).read_text(encoding="utf-8")
    by_default = TownFile().cases.kinds[IncidentKind.FIRE].pre_dispatch
    assert by_default is PreDispatch.BY_PERSON
    assert "`D`" in text
    assert f"pre_dispatch: {PreDispatch.AUTOMATIC}" in text


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_every_command_of_the_table_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for command in set(re.findall(r"^\| `patrol ([\w-]+)", text, re.MULTILINE)):
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0, command
