"""`patrol models train`: a detector of our own."""

from pathlib import Path
from typing import Annotated

import typer

from lab.training.recipe import read_recipe
from lab.training.run import train
from patrol.commands.output import console, progress


def train_model(
    recipe: Annotated[Path, typer.Argument(help="A recipe, as lab/training/*.yaml.")],
    data_root: Annotated[Path, typer.Option(help="What the recipe's folders are below.")],
    work: Annotated[Path, typer.Option(help="Pictures, checkpoints and the ONNX go here.")],
    leave_out: Annotated[
        list[str] | None,
        typer.Option(help="A set of the recipe, by its folder, to measure on; repeatable."),
    ] = None,
    go_on_from: Annotated[
        Path | None, typer.Option(help="Start from this checkpoint of another run.")
    ] = None,
) -> None:
    """Train a detector (needs the extra named train); called again, it goes on where it stopped."""
    work.mkdir(parents=True, exist_ok=True)
    with progress() as bar:
        task = bar.add_task("preparing", total=None)
        file = train(
            read_recipe(recipe),
            data_root,
            work.resolve(),
            lambda name, done, of: bar.update(task, description=name, completed=done, total=of),
            leave_out=leave_out or (),
            go_on_from=go_on_from,
        )
    console.print(f"{file}; bring it in with: patrol models import {file}", soft_wrap=True)
