"""`patrol scenarios`: draws clips whose truth is known exactly, for `patrol eval`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from lab.trials.scenarios.folder import chosen, write_scenarios
from patrol.commands.output import console, progress


def scenarios(
    folder: Annotated[
        Path | None, typer.Argument(help="Write clips, boxes and truth.yaml here.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only the scenario of this name; may be repeated.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="So many of each: other times, places, colours.", min=1)
    ] = 1,
    first_seed: Annotated[int, typer.Option(help="The first of these seeds.", min=0)] = 0,
) -> None:
    """Draw scenarios; without a folder, list them."""
    wanted = chosen(only or [])
    if folder is None:
        table = Table("名称 name", "情景 scenario", "由谁看 seen by")
        for one in wanted:
            seen_by = "绘制的框 drawn boxes" if one.drawn_boxes else "检测器 detector"
            table.add_row(one.name, str(one.words), seen_by)
        console.print(table)
        return
    with progress() as bar:
        task = bar.add_task("drawing", total=len(wanted))
        truth = write_scenarios(
            folder,
            wanted,
            seeds=range(first_seed, first_seed + seeds),
            on_scenario=lambda one: bar.update(task, description=one.name, advance=1),
        )
    console.print(f"patrol eval {folder} --truth {truth}")
