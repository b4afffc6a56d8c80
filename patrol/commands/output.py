"""What commands print: tables for people, JSON for machines, complaints on standard error."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from domain.masking import mask_secrets
from models.files import draft_in

console = Console()
errors = Console(stderr=True)


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
    typer.Option("--config", "-c", help="Configuration file.", dir_okay=False, exists=True),
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", "-d", help="Data directory; everything the program writes is there."),
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


def complain(message: str) -> None:
    """Say on standard error what went wrong; passwords in URLs are masked whoever wrote it."""
    errors.print(mask_secrets(message), style="red", markup=False, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
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
