"""`patrol models`: which detectors there are, bringing one in, and how well it sees."""

from pathlib import Path
from typing import Annotated

import typer

from models.catalogue.catalog import Catalog
from models.catalogue.entry import HeadKind
from models.catalogue.summary import entry_table, model_rows, models_table
from models.importing.pictures import some_pictures
from patrol.commands.choices import as_size
from patrol.commands.machine import say_abilities
from patrol.commands.models_pull import pull_model
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonOption,
    console,
    print_json,
)
from patrol.commands.tables import NamesOption, names_of, show
from patrol.laboratory import MODELS
from patrol.late import late_group
from settings.loading import load

app = typer.Typer(
    cls=late_group(MODELS),
    help="Detectors: list, pull, import, score, export, train.",
    no_args_is_help=True,
)


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


app.command("pull")(pull_model)
