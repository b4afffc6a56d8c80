"""`patrol models first-look`: what the first look misses and spares, and how it is trained."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from lab.commands.measured import open_as_measured
from lab.commands.models_sights import NegativesOption, sights
from lab.scores.first_look import FirstLookReport, score_first_look
from lab.training.first.run import FirstLookRecipe, train_first_look
from lab.training.recipe import read_recipe
from models.first_look import CARRIED, FirstLook
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonFileOption,
    console,
    progress,
    write_json,
)
from settings.loading import load

DETECTOR = CARRIED.with_name("patrol-n.onnx")


def first_look(
    burning: Annotated[
        list[str], typer.Argument(help="Pictures with fire or smoke, or clips; as --negatives.")
    ],
    negatives: NegativesOption = None,
    file: Annotated[
        Path, typer.Option(help="The first look; the carried one if nothing is said.")
    ] = CARRIED,
    config: ConfigOption = None,
    data: DataOption = None,
    json_file: JsonFileOption = None,
) -> None:
    """How much of what the detector suspects the first look passes on, and what it spares."""
    detector = open_as_measured(load(config, data_dir=data))
    opened = FirstLook.open(file)
    with progress() as bar:
        task = bar.add_task("looking", total=None)
        report = score_first_look(
            opened,
            detector,
            list(sights(burning)),
            list(sights(negatives or ())),
            lambda done, of: bar.update(task, completed=done, total=of),
        )
    if json_file is not None:
        write_json(json_file, report.model_dump(mode="json"))
    _print(report)


def train_first(
    recipe: Annotated[Path, typer.Argument(help="The detector's recipe, for its classes.")],
    prepared: Annotated[
        Path, typer.Option(help="What `patrol models train` prepared: DIR/data/train.")
    ],
    work: Annotated[Path, typer.Option(help="Checkpoints and the ONNX go here.")],
    detector: Annotated[
        Path, typer.Option(help="What it begins as: a detector that this recipe exported.")
    ] = DETECTOR,
    epochs: Annotated[int, typer.Option(help="Rounds over all pictures.", min=1)] = 3,
) -> None:
    """Train the first look (needs the extra named train); called again, it goes on."""
    with progress() as bar:
        task = bar.add_task("training", total=None)

        def tell(done: int, of: int, loss: float) -> None:
            bar.update(task, description=f"loss {loss:.3f}", completed=done, total=of)

        wanted = FirstLookRecipe(labels=read_recipe(recipe).labels, epochs=epochs)
        file = train_first_look(wanted, detector, prepared, work.resolve(), tell)
    console.print(str(file), soft_wrap=True)


def _print(report: FirstLookReport) -> None:
    names = {
        "fire": "疑似火焰 fire suspected",
        "smoke": "疑似烟 smoke suspected",
        "sure fire": "确信火焰 sure of fire",
        "sure smoke": "确信烟 sure of smoke",
    }
    titles = [f"{words} ({report.suspected[name]})" for name, words in names.items()]
    table = Table("阈值 limit", *titles, f"免看 spared ({report.negatives})")
    for row in report.rows:
        shares = (row.passed[name] for name in names)
        table.add_row(f"{row.limit:g}", *map(_share, shares), _share(row.spared))
    console.print(table)


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"
