"""`patrol quiet`: false incidents per 100 camera-hours of footage in which nothing happens."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from domain.errors import ConfigurationError
from lab.commands.measured import first_look_of, open_as_measured
from lab.trials.evaluate import load_truth
from lab.trials.false_rate import upper_bound
from lab.trials.quiet import QuietRun, watch_quiet
from lab.trials.quiet_pictures import pictures_of
from lab.trials.variant import ViewVariant
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonFileOption,
    console,
    progress,
    write_json,
)
from settings.loading import load

PER_HOURS = 100.0


def quiet(
    media_dir: Annotated[Path, typer.Argument(help="Folder of clips.", exists=True)],
    truth_file: Annotated[Path, typer.Option("--truth", help="What the clips show.", exists=True)],
    hours: Annotated[float, typer.Option(help="Camera-hours in all.", min=0.01)] = 10.0,
    variants: Annotated[int, typer.Option(help="So many variants of each clip.", min=1)] = 4,
    seed: Annotated[int, typer.Option(help="Draws the variants.", min=0)] = 0,
    json_file: JsonFileOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Loop varied clips without incidents, and count what opens: all of it is false."""
    configuration = load(config, data_dir=data)
    truth = load_truth(truth_file)
    clips = [clip for clip in truth.clips if not clip.incidents and clip.boxes is None]
    if not clips:
        raise ConfigurationError(f"{truth_file}: expected clips without incidents, got none")
    detector, look_first = open_as_measured(configuration), first_look_of(configuration)
    each = hours / (len(clips) * variants)
    random = np.random.default_rng(seed)
    runs: list[QuietRun] = []
    with progress() as bar:
        task = bar.add_task("quiet", total=len(clips) * variants)
        for clip in clips:
            pictures = pictures_of(media_dir / clip.file, detector)
            for number in range(variants):
                bar.update(task, description=clip.file, advance=1)
                runs.append(
                    watch_quiet(
                        clip,
                        truth,
                        pictures,
                        ViewVariant.drawn(random, number),
                        detector,
                        hours=each,
                        look_every_s=configuration.defaults.look_every_s,
                        timezone=configuration.town.zone,
                        looking=configuration.looking,
                        look_first=look_first,
                    )
                )
    if json_file is not None:
        write_json(json_file, _report(runs))
    _print(runs)


def _report(runs: list[QuietRun]) -> dict[str, object]:
    hours = sum(run.hours for run in runs)
    false = _false(runs)
    return {
        "hours": hours,
        "false": false,
        "false_per_100_hours": false / hours * PER_HOURS,
        "at_most_per_100_hours": upper_bound(false) / hours * PER_HOURS,
        "runs": [
            {
                "file": run.file,
                "variant": vars(run.variant),
                "hours": run.hours,
                "opened": [one.incident.model_dump(mode="json") for one in run.opened],
            }
            for run in runs
        ],
    }


def _false(runs: list[QuietRun]) -> int:
    """One that opens again within its cool-down is one incident, as for people."""
    return len({one.incident.id for run in runs for one in run.opened})


def _print(runs: list[QuietRun]) -> None:
    table = Table("clip", "hours", "false", "kinds")
    for file in dict.fromkeys(run.file for run in runs):
        its = [run for run in runs if run.file == file]
        kinds = sorted({one.incident.kind.value for run in its for one in run.opened})
        hours = sum(run.hours for run in its)
        table.add_row(file, f"{hours:.1f}", str(_false(its)), ", ".join(kinds) or "—")
    console.print(table)
    hours, false = sum(run.hours for run in runs), _false(runs)
    rate, most = false / hours * PER_HOURS, upper_bound(false) / hours * PER_HOURS
    console.print(
        f"{false} false incidents in {hours:.1f} camera-hours: {rate:.2f} per 100 hours "
        f"(at most {most:.2f} with 95 % confidence, as far as these clips are like yours)"
    )
