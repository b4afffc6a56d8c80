"""`patrol models count`: how well a detector counts people, and what that means for a limit."""

from pathlib import Path
from typing import Annotated

import typer

from domain.labels import PERSON
from lab.footage.counted import counted_of
from lab.scores.count_bands import DEFAULT_BANDS, LEAST_PICTURES, band_table
from lab.scores.count_drawing import count_drawing
from lab.scores.counting import CountingSettings, CountReport, count_in_folder
from models.catalogue.catalog import Catalog
from models.catalogue.files import write_whole
from models.detector import Detector
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonOption,
    console,
    print_json,
    progress,
    writable,
)
from patrol.commands.tables import NamesOption, names_of, show
from settings.loading import load
from vision.rules.crowding import CrowdingRuleSettings

_RULE = CrowdingRuleSettings()


def count(
    folder: Annotated[
        Path, typer.Argument(help="Pictures in images/, and labels/ or a counts.json.")
    ],
    limit: Annotated[int, typer.Option(help="People from which on it is a crowd.", min=1)] = 15,
    bands: Annotated[
        str, typer.Option(help="Last number of each band but the last, commas between.")
    ] = ",".join(map(str, DEFAULT_BANDS)),
    tiles: Annotated[
        int, typer.Option(help="Look at each picture in so many parts.", min=1, max=16)
    ] = 1,
    confidence: Annotated[
        float, typer.Option(help="Least score of a person.", min=0, max=1)
    ] = _RULE.confidence,
    model: Annotated[str | None, typer.Option(help="Its name; else the configured one.")] = None,
    names: NamesOption = None,
    threads: Annotated[int, typer.Option(help="Threads of one run.", min=1)] = 1,
    drawing: Annotated[
        Path | None,
        typer.Option(
            help="Draw counted over true here, as SVG.", dir_okay=False, callback=writable
        ),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Error of a count by size of the crowd, and how often a limit is decided wrongly."""
    configuration = load(config, data_dir=data)
    chosen = {"model": model or configuration.detector.model, "threads": threads}
    settings = configuration.detector.model_copy(update=chosen)
    detector = Detector.open(Catalog(configuration.models_dir), settings)
    counting = CountingSettings(
        label=PERSON,
        confidence=confidence,
        min_height=_RULE.min_height,
        tiles=tiles,
        limit=limit,
        bands=_bands(bands),
    )
    pictures = counted_of(folder, PERSON, names_of(names) or detector.labels)
    with progress() as bar:
        task = bar.add_task("counting", total=None)
        found = count_in_folder(
            detector,
            folder.name,
            pictures,
            counting,
            lambda done, of: bar.update(task, completed=done, total=of),
        )
    if drawing is not None:
        write_whole(drawing, count_drawing(found))
    if as_json:
        print_json({**found.model_dump(mode="json"), "wrong": found.wrong})
    else:
        _show(found)


def _show(found: CountReport) -> None:
    show(band_table(found.bands))
    console.print(
        f"in brackets: 95 % by bootstrap; not established below {LEAST_PICTURES} pictures"
    )
    console.print(
        f"limit {found.settings.limit}: wrong in {found.wrong} of {found.pictures} pictures: "
        f"{found.missed} of {found.over_limit} crowds missed, {found.false} false"
    )
    console.print(
        f"a limit of {found.counted_limit} counted would have been wrong in {found.wrong_then}"
    )
    console.print(
        f"counted by {found.model} in {found.settings.tiles} tiles, people from "
        f"{found.settings.confidence:g} on; mean absolute error {found.mean_abs_error:.1f}"
    )


def _bands(text: str) -> tuple[int, ...]:
    try:
        bands = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"expected numbers such as 5,15,30, got {text!r}") from error
    if list(bands) != sorted({*bands}) or bands[0] < 1:
        raise typer.BadParameter(f"expected rising numbers from 1 on such as 5,15,30, got {text!r}")
    return bands
