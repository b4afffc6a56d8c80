"""`patrol eval`: replays clips with a known truth and says what was found, missed and false."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from models.catalog import Catalog
from models.detector import Detector
from patrol.commands.output import ConfigOption, DataOption, console, progress, write_json
from patrol.evaluate import load_truth, replay_clip
from patrol.loading import load
from patrol.scoring import ClipScore, Scores, score


def evaluate(
    media_dir: Annotated[Path, typer.Argument(help="Folder of clips.", exists=True)],
    truth_file: Annotated[Path, typer.Option("--truth", help="What the clips show.", exists=True)],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the scores here.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Model name; the configured one if none.")
    ] = None,
    look_every_s: Annotated[
        float | None, typer.Option("--look-every", help="Seconds between looks.", min=0.04)
    ] = None,
    second_looks: Annotated[
        bool, typer.Option("--second-look/--no-second-look", help="Take second looks.")
    ] = True,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Replay clips through decoder, detector, tracker and rules, faster than real time."""
    configuration = load(config, data_dir=data)
    settings = configuration.detector
    if model is not None:
        settings = settings.model_copy(update={"model": model})
    detector = Detector.open(Catalog(configuration.models_dir), settings)
    truth = load_truth(truth_file)
    started_s = time.monotonic()
    clips: list[ClipScore] = []
    with progress() as bar:
        task = bar.add_task("replaying", total=len(truth.clips))
        for clip in truth.clips:
            bar.update(task, description=clip.file)
            clips.append(
                replay_clip(
                    clip,
                    truth,
                    media_dir,
                    detector,
                    look_every_s=look_every_s or configuration.defaults.look_every_s,
                    timezone=configuration.town.zone,
                    second_looks=second_looks,
                )
            )
            bar.advance(task)
    scores = score(clips)
    if json_file is not None:
        write_json(json_file, scores.model_dump(mode="json"))
    _print(scores, time.monotonic() - started_s)


def _print(scores: Scores, took_s: float) -> None:
    table = Table("clip", "expected", "found", "missed", "false", "incidents")
    for clip in scores.clips:
        expected = ", ".join(f"{e.kind} {e.from_s:g}-{e.to_s:g} s" for e in clip.expected) or "—"
        seen = ", ".join(f"{i.kind} at {i.opened_at_s:.1f} s" for i in clip.incidents) or "—"
        counts = (str(clip.found), str(clip.missed), str(clip.false))
        table.add_row(clip.file, expected, *counts, seen)
    console.print(table)
    summary = scores.summary
    console.print(
        f"recall {_figure(summary.recall)} · "
        f"false per camera-hour {_figure(summary.false_per_camera_hour)} · "
        f"median latency {_figure(summary.median_latency_s)} s · "
        f"{summary.hours * 3600:.0f} s of video replayed in {took_s:.0f} s"
    )


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"
