"""Every command that takes a path, given what it does not expect: one plain line, no traceback."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from patrol.cli import app
from tests.command_line import PatrolHere

LONG_RUNNING = {"up", "worker", "center", "simulate", "demo", "bench"}
"""They serve or measure until they are stopped; of them only the configuration is tried."""
WRITERS = {("scenarios",)}
"""Their folder is made."""
FILES = ("missing", "directory", "empty", "binary", "text")


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if hasattr(command, "list_commands"):
        for name in command.list_commands(None):
            yield from leaves(command.get_command(None, name), (*words, name))
    else:
        yield words, command


def paths_of(words: tuple[str, ...], command: Any) -> Iterator[Any]:
    """The parameters of a command that name a file to read."""
    if words in WRITERS:
        return
    for parameter in command.params:
        name = parameter.name
        is_path = "config" == name or name in ("file", "folder", "media_dir", "truth_file", "rules")
        if is_path and (words[0] not in LONG_RUNNING or name == "config"):
            yield parameter


def kinds_of(words: tuple[str, ...], name: str) -> tuple[str, ...]:
    if name == "config" or words == (
        "check",
    ):  # empty, it says the defaults; the rest is one door for all commands
        return ("missing", "directory", "binary")
    return FILES


CASES = [
    (words, command, parameter, what)
    for words, command in leaves(typer.main.get_command(app))
    for parameter in paths_of(words, command)
    for what in kinds_of(words, parameter.name)
]


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    (tmp_path / "directory").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "text").write_text("Guten Tag: [", encoding="utf-8")
    return tmp_path


def test_the_commands_were_found() -> None:
    names = {" ".join(words) for words, *_ in CASES}
    assert {"check", "probe", "eval", "quiet", "rules replay", "models import"} <= names


@pytest.mark.parametrize(
    ("words", "command", "parameter", "what"),
    CASES,
    ids=[f"{'-'.join(words)}:{parameter.name}-{what}" for words, _, parameter, what in CASES],
)
def test_a_hostile_path_is_one_line(  # type: ignore[no-untyped-def]
    hostile: Path, patrol_here: PatrolHere, words, command, parameter, what: str
) -> None:
    arguments: list[object] = [*words]
    for each in command.params:
        value: object
        if each is parameter:
            value = hostile / what
        elif each.required or (words, each.name) == (("models", "pull"), "model"):
            value = hostile / "directory" if "dir" in each.name or each.name == "folder" else "x"
        else:
            continue
        arguments += [value] if each.param_type_name == "argument" else [each.opts[0], value]
    if any(each.name == "data" for each in command.params):
        arguments += ["--data", hostile / "data"]
    code, _, said = patrol_here(*arguments)
    assert code in (1, 2), said
    assert "Traceback" not in said
    assert not set("╭│╰") & set(said)
    if words != ("check",):
        assert said.strip(), "an error that says nothing"
        assert len(said.strip().splitlines()) <= 3, said
