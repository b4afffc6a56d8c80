"""`patrol models score`: how good a detector is on labelled pictures, box by box and by picture."""

from pathlib import Path
from typing import Annotated

import typer

from lab.commands.models_sights import NegativesOption, sights
from lab.scores.score import score_model
from lab.scores.score_words import picture_table, score_table
from models.catalogue.catalog import Catalog
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonFileOption,
    console,
    progress,
    write_json,
)
from patrol.commands.tables import NamesOption, names_of, show
from settings.loading import load

_NAMES_FROM = {"given": "--names", "data.yaml": "its data.yaml", "model": "the model's own labels"}


def score(
    folder: Annotated[Path, typer.Argument(help="YOLO-labelled pictures: images/ and labels/.")],
    model: Annotated[str | None, typer.Option(help="Its name; else the configured one.")] = None,
    names: NamesOption = None,
    threads: Annotated[int, typer.Option(help="Threads of one run.", min=1)] = 1,
    negatives: NegativesOption = None,
    curves: Annotated[
        Path | None, typer.Option(help="Write precision-recall curves here, as SVG.")
    ] = None,
    coco_dir: Annotated[
        Path | None, typer.Option(help="Write truth and boxes as COCO JSON for other programs.")
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    json_file: JsonFileOption = None,
) -> None:
    """Average precision of a detector, and how many pictures it finds at few false ones."""
    configuration = load(config, data_dir=data)
    nothing = sights(negatives or ())
    with progress() as bar:
        task = bar.add_task("looking", total=None)
        report = score_model(
            Catalog(configuration.models_dir),
            model or configuration.detector.model,
            folder,
            threads=threads,
            names=names_of(names),
            coco_dir=coco_dir,
            curves_dir=curves,
            negatives=nothing,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )
    if json_file is not None:
        write_json(json_file, report.model_dump(mode="json"))
    show(score_table(report))
    if report.picture_recalls:
        show(picture_table(report))
    console.print(
        f"{report.pictures} pictures of {report.folder} and {report.negatives} without anything, "
        f"looked at by {report.model.name}"
        if report.negatives
        else f"{report.pictures} pictures of {report.folder}, looked at by {report.model.name}"
    )
    console.print(f"class ids were read by {_NAMES_FROM[report.names_from]}")
