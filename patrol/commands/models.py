"""`patrol models`: which detectors there are, bringing one in, and how well it sees."""

from pathlib import Path
from typing import Annotated

import typer

from models.catalog import Catalog
from models.entry import HeadKind
from models.labelled import some_pictures
from models.summary import entry_table, model_rows, models_table
from models.training.recipe import read_recipe
from models.training.run import train
from patrol.commands.choices import as_size
from patrol.commands.machine import say_abilities
from patrol.commands.models_compose import compose
from patrol.commands.models_count import count
from patrol.commands.models_export import export_model
from patrol.commands.models_gallery import gallery
from patrol.commands.models_pull import pull_model
from patrol.commands.models_quantise import quantise_model
from patrol.commands.models_score import score
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonOption,
    console,
    print_json,
    progress,
)
from patrol.commands.tables import NamesOption, names_of, show
from patrol.loading import load

app = typer.Typer(help="Detectors: list, pull, import, score, export, train.", no_args_is_help=True)
app.command("compose")(compose)
app.command("score")(score)
app.command("count")(count)
app.command("gallery")(gallery)
app.command("pull")(pull_model)
app.command("export")(export_model)
app.command("quantise")(quantise_model)


@app.command("list")
def list_models(
    config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """The models that are known, and which of them are here."""
    rows = model_rows(Catalog(load(config, data_dir=data).models_dir))
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    show(models_table(rows))
    for row in rows:
        if row.state == "damaged":
            console.print(row.detail, style="red", markup=False)
    if not any(row.state == "ready" for row in rows):
        console.print("none is here yet; bring one in with: patrol models import FILE.onnx")
    say_abilities()


@app.command("import")
def import_model(
    file: Annotated[Path, typer.Argument(help="An ONNX file.")],
    config: ConfigOption = None,
    data: DataOption = None,
    name: Annotated[str | None, typer.Option(help="Its name; known files have one.")] = None,
    head: Annotated[HeadKind | None, typer.Option(help="How its output is read.")] = None,
    labels: NamesOption = None,
    input_size: Annotated[
        str | None, typer.Option(help="W,H in pixels, where the graph leaves it open.")
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Under which terms it may be used.")] = None,
    origin: Annotated[str | None, typer.Option(help="Where it comes from.")] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="A folder of pictures in which it should find something.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a detector in: copied, hashed, tried out in a process of its own, registered."""
    entry = Catalog(load(config, data_dir=data).models_dir).import_file(
        file,
        name=name,
        head=head,
        labels=names_of(labels),
        input_wh=as_size(input_size),
        licence=licence,
        origin=origin,
        pictures=some_pictures(pictures) if pictures else (),
    )
    if as_json:
        print_json(entry.model_dump(mode="json"))
    else:
        show(entry_table(entry), sideways=True)


@app.command("train")
def train_model(
    recipe: Annotated[Path, typer.Argument(help="A recipe, as models/training/*.yaml.")],
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
