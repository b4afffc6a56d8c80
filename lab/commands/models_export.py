"""`patrol models export`: a checkpoint of ultralytics becomes a model of the catalogue."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from lab.training.export import LICENCE
from lab.training.foreign import convert
from models.catalogue.catalog import Catalog
from models.catalogue.extras import has_extra
from models.catalogue.pulling import CONVERTED_WH, no_converter
from models.catalogue.summary import entry_table
from patrol.commands.choices import as_size
from patrol.commands.output import ConfigOption, DataOption, JsonOption, errors, print_json
from patrol.commands.tables import names_of, show
from settings.loading import load


def export_model(
    file: Annotated[Path, typer.Argument(help="A checkpoint, *.pt.", exists=True, dir_okay=False)],
    input_size: Annotated[
        str | None, typer.Option(help="W,H in pixels, multiples of 32; else 640,384.")
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="What a YOLOE model shall find, commas between.")
    ] = None,
    full_weights: Annotated[
        bool, typer.Option("--full-weights", help="Keep 32 bits: twice the size.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Only write this ONNX file, for another machine.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Its name in the catalogue.")] = None,
    licence: Annotated[str, typer.Option(help="Under which terms it may be used.")] = LICENCE,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Convert a checkpoint to ONNX, compared with torch, and import it (extra named train).

    A checkpoint is a program: convert only what you would also run.
    """
    if not has_extra("train"):
        raise no_converter(file)
    words, size = names_of(classes) or [], as_size(input_size) or CONVERTED_WH
    with tempfile.TemporaryDirectory() as folder:
        target = out or Path(folder) / f"{file.stem}.onnx"
        errors.print(f"converting {file.name} …", markup=False)
        convert(file, target, size, words, half=not full_weights, licence=licence)
        if out is not None:
            named = f" --name {name}" if name else ""
            hint = f"{out}; bring it in with: patrol models import {out}{named}"
            errors.print(hint, soft_wrap=True)
            return
        entry = Catalog(load(config, data_dir=data).models_dir).import_file(target, name=name)
    if as_json:
        print_json(entry.model_dump(mode="json"))
    else:
        show(entry_table(entry), sideways=True)
