"""What commands print: tables for people, JSON for machines, complaints on standard error."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, ConsoleDimensions
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from domain.masking import holds_secret, mask_secrets, mask_values
from models.catalogue.files import draft_in

CONFIG_VARIABLE, DATA_VARIABLE = "PATROL_CONFIG", "PATROL_DATA"
"""Where an environment, such as a container's, says both once for all commands."""
_UNWRAPPED = 10_000
"""Columns of what is no terminal: a file has no edge to wrap at."""


class PlainConsole(Console):
    """Prints no password, and wraps nothing unless people read it on a terminal: logs and scripts
    search for whole lines."""

    @property
    def size(self) -> ConsoleDimensions:
        shown = super().size
        return shown if self.file.isatty() else ConsoleDimensions(_UNWRAPPED, shown.height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size

    def print(self, *objects: Any, **how: Any) -> None:
        if not self.file.isatty():
            how.setdefault("soft_wrap", all(isinstance(each, str) for each in objects))
        super().print(
            *(mask_secrets(each) if isinstance(each, str) else each for each in objects), **how
        )


console = PlainConsole()
errors = PlainConsole(stderr=True)


def writable(path: Path | None) -> Path | None:
    """For a file that is written when all the work is done: its folder is made, and tried, before
    it. Raises BadParameter."""
    if path is not None:
        try:
            with draft_in(path.parent, path.suffix):
                pass
        except OSError as error:
            raise typer.BadParameter(f"{path}: cannot be written: {error.strerror}") from error
    return path


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="Configuration file.",
        dir_okay=False,
        exists=True,
        envvar=CONFIG_VARIABLE,
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        "-d",
        help="Data directory; everything the program writes is there.",
        envvar=DATA_VARIABLE,
    ),
]
PortOption = Annotated[
    int | None,
    typer.Option("--port", "-p", min=0, max=65535, help="The console's port, instead of its own."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
JsonFileOption = Annotated[
    Path | None,
    typer.Option(
        "--json", help="Write the result here, as JSON.", dir_okay=False, callback=writable
    ),
]


def warn_of_secret(words: str | None, instead: str) -> None:
    """Everybody on a machine reads the command lines of all: say so if a password stands in one."""
    if words and holds_secret(words):
        complain(f"a password in a command line is seen by all who list processes; {instead}")


def complain(message: str) -> None:
    """Say on standard error what went wrong: plain lines, without box and wrapping, on which no
    password stands, whoever wrote the message."""
    errors.print(message, style="red", markup=False, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    typer.echo(json.dumps(mask_values(value), ensure_ascii=False, indent=2, default=str))


def write_json(path: Path, value: Any) -> None:
    text = json.dumps(mask_values(value), ensure_ascii=False, indent=2, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def progress() -> Progress:
    """A progress bar with the time left, on standard error so that output can be piped."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
    )
