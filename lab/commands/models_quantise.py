"""`patrol models quantise`: a model in 8 bits, and what that costs and gains."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from lab.scores.comparing import Comparison, compare
from lab.training.quantising import Activations, Method, QuantiseSettings, quantise
from models.catalogue.catalog import Catalog
from models.catalogue.entry import ModelEntry
from models.catalogue.files import sha256_of
from models.importing.newcomer import Claims, check_source, described_entry, model_name
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonFileOption,
    console,
    errors,
    progress,
    writable,
    write_json,
)
from patrol.commands.tables import NamesOption, names_of
from settings.loading import load

DEFAULTS = QuantiseSettings()


def quantise_model(
    model: Annotated[str, typer.Argument(help="A name of the catalogue, or an ONNX file.")],
    pictures: Annotated[
        Path, typer.Option(help="Pictures like those it will see.", exists=True, file_okay=False)
    ],
    out: Annotated[
        Path, typer.Option(help="The ONNX file to write.", dir_okay=False, callback=writable)
    ],
    score: Annotated[
        Path | None,
        typer.Option(help="Labelled pictures (images/, labels/): compare AP and speed on them."),
    ] = None,
    names: NamesOption = None,
    method: Annotated[
        Method, typer.Option(help="How ranges are taken from the pictures.")
    ] = DEFAULTS.method,
    activations: Annotated[
        Activations, typer.Option(help="uint8 for x86, int8 for ARM and graphics cards.")
    ] = DEFAULTS.activations,
    per_channel: Annotated[
        bool, typer.Option(help="A scale for each channel of the weights.")
    ] = DEFAULTS.per_channel,
    float_levels: Annotated[
        int, typer.Option(help="Convolutions before the outputs left as they are.", min=0)
    ] = DEFAULTS.float_levels,
    limit: Annotated[
        int, typer.Option(help="Pictures that are run at most.", min=1)
    ] = DEFAULTS.pictures,
    config: ConfigOption = None,
    data: DataOption = None,
    json_file: JsonFileOption = None,
) -> None:
    """Make a model count in 8 bits (extra named quantise); with --score, compare both."""
    entry, source = _found(Catalog(load(config, data_dir=data).models_dir), model)
    settings = QuantiseSettings(
        method=method,
        activations=activations,
        per_channel=per_channel,
        float_levels=float_levels,
        pictures=limit,
    )
    with progress() as bar:
        task = bar.add_task("calibrating", total=None)
        quantise(
            source, entry, pictures, out, settings,
            lambda done, of: bar.update(task, completed=done, total=of),
        )  # fmt: skip
        errors.print(f"{out}; bring it in with: patrol models import {out}", soft_wrap=True)
        if score is None:
            return
        task = bar.add_task("comparing", total=None)
        compared = compare(
            (source, out), entry, score, names=names_of(names),
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )  # fmt: skip
    if json_file is not None:
        write_json(json_file, compared.model_dump(mode="json"))
    console.print(comparison_table(compared))


def comparison_table(compared: Comparison) -> Table:
    """Before, after, and the difference."""
    before, after = compared.scores
    table = Table("", "原 before", "int8 after", "差 difference")
    for title, a, b in (
        ("AP50", before.ap50, after.ap50),
        ("AP50-95", before.ap50_95, after.ap50_95),
    ):
        table.add_row(title, f"{a:.3f}", f"{b:.3f}", f"{b - a:+.3f}")
    for title, unit, (a, b) in (
        ("一次运行 one run, ms CPU", 1.0, compared.run_cpu_ms),
        ("大小 size, MB", 1e6, compared.size_bytes),
    ):
        table.add_row(title, f"{a / unit:.1f}", f"{b / unit:.1f}", f"{b / a - 1:+.0%}")
    return table


def _found(catalog: Catalog, model: str) -> tuple[ModelEntry, Path]:
    """A model of the catalogue, or a file that is known there or describes itself."""
    path = Path(model)
    if path.suffix.lower() != ".onnx":
        return catalog.get(model), catalog.path(model)
    check_source(path)
    sha256 = sha256_of(path)
    known = [entry for entry in catalog.entries() if entry.sha256 == sha256]
    if known:
        return known[0], path
    claims = Claims()
    return described_entry(path, path, model_name(path, claims), sha256, claims), path
