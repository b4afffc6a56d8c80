"""`patrol eval`: replays clips with a known truth and says what was found, missed and false."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.table import Table

from lab.commands.measured import first_look_of, open_as_measured
from lab.trials.evaluate import load_truth, replay_clip
from lab.trials.events import ClipEvents, EvalReport, events_of
from lab.trials.events_page import wanted_rows, write_events
from lab.trials.figure_words import rate_words, share_words, standing
from lab.trials.recording import Recording
from lab.trials.scoring import Scores, score
from lab.trials.sweep import swept
from lab.trials.timeline_page import figure, write_timelines
from lab.trials.trace import Trace
from lab.trials.trust_card import trust_cards
from lab.trials.truth import Truth
from models.detector import Detector
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonFileOption,
    console,
    progress,
    write_json,
)
from settings.config import Configuration
from settings.loading import load
from vision.first_look import LookFirst
from vision.likelihood import carried
from vision.look_step import LookSettings


def evaluate(
    media_dir: Annotated[Path, typer.Argument(help="Folder of clips.", exists=True)],
    truth_file: Annotated[Path, typer.Option("--truth", help="What the clips show.", exists=True)],
    json_file: JsonFileOption = None,
    timelines: Annotated[
        Path | None, typer.Option(help="Write a picture of each clip's course into this folder.")
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(
            help="Write figures of events with curves, and a trust card for each kind of rule, "
            "into this folder: a page, JSON and Markdown."
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Model name; the configured one if none.")
    ] = None,
    look_every_s: Annotated[
        float | None, typer.Option("--look-every", help="Seconds between looks.", min=0.04)
    ] = None,
    second_looks: Annotated[
        bool, typer.Option("--second-look/--no-second-look", help="Take second looks.")
    ] = True,
    first_looks: Annotated[
        bool, typer.Option("--first-look/--no-first-look", help="Let the first look spare some.")
    ] = True,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Replay clips through decoder, picture diagnosis, detector, tracker and rules, faster than
    real time."""
    configuration = load(config, data_dir=data)
    started_s = time.monotonic()
    detector = _detector(configuration, model)
    replayed = _replayed(
        configuration,
        load_truth(truth_file),
        media_dir,
        detector,
        look_every_s or configuration.defaults.look_every_s,
        _looking(configuration, second_looks=second_looks),
        first_look_of(configuration) if first_looks else None,
    )
    events = [one.events for one in replayed]
    scores = score([one.clip for one in events])
    report = EvalReport(clips=scores.clips, summary=scores.summary, events=events_of(events))
    if json_file is not None:
        write_json(json_file, report.model_dump(mode="json"))
    if timelines is not None:
        write_timelines(timelines, [(one.events.clip, one.trace) for one in replayed])
    if card is not None:
        write_events(card, report.events, trust_cards(events, detector.ref, carried()))
    _print(report, time.monotonic() - started_s)


class _Replayed(NamedTuple):
    events: ClipEvents
    trace: Trace


def _detector(configuration: Configuration, model: str | None) -> Detector:
    settings = configuration.detector
    if model is not None:
        settings = settings.model_copy(update={"model": model})
    return open_as_measured(configuration, settings)


def _looking(configuration: Configuration, *, second_looks: bool) -> LookSettings:
    if second_looks:
        return configuration.looking
    none = configuration.second_look.model_copy(update={"enabled": False})
    return replace(configuration.looking, second_look=none)


def _replayed(
    configuration: Configuration,
    truth: Truth,
    media_dir: Path,
    detector: Detector,
    look_every_s: float,
    looking: LookSettings,
    look_first: LookFirst | None,
) -> list[_Replayed]:
    replayed: list[_Replayed] = []
    with progress() as bar:
        task = bar.add_task("replaying", total=len(truth.clips))
        for clip in truth.clips:
            bar.update(task, description=clip.file)
            trace, recording = Trace(), Recording()
            scored = replay_clip(
                clip,
                truth,
                media_dir,
                detector,
                look_every_s=look_every_s,
                timezone=configuration.town.zone,
                looking=looking,
                look_first=look_first,
                trace=trace,
                recording=recording,
            )
            zone = configuration.town.zone
            events = swept(clip, truth, recording, scored, timezone=zone, looking=looking)
            replayed.append(_Replayed(events, trace))
            bar.advance(task)
    return replayed


def _print(scores: EvalReport, took_s: float) -> None:
    table = Table("clip", "expected", "found", "missed", "false", "incidents")
    for clip in scores.clips:
        expected = ", ".join(f"{e.kind} {e.from_s:g}-{e.to_s:g} s" for e in clip.expected) or "—"
        seen = ", ".join(f"{i.kind} at {i.opened_at_s:.1f} s" for i in clip.incidents) or "—"
        counts = (str(clip.found), str(clip.missed), str(clip.false))
        table.add_row(clip.file, expected, *counts, seen)
    console.print(table)
    _print_rules(scores)
    _print_events(scores)
    summary, faults = scores.summary, scores.summary.faults
    console.print(
        f"recall {figure(summary.recall)} · "
        f"false per camera-hour {figure(summary.false_per_camera_hour)} "
        f"(camera-day {figure(summary.false_per_camera_day)}) · "
        f"median latency {figure(summary.median_latency_s)} s · "
        f"{summary.hours * 3600:.0f} s of video replayed in {took_s:.0f} s"
    )
    if faults.expected or faults.false:
        console.print(
            f"picture faults: expected {faults.expected}, found {faults.found}, "
            f"missed {faults.missed}, false {faults.false}"
        )


def _print_rules(scores: Scores) -> None:
    table = Table("rule", "expected", "found", "missed", "false", "latency s", "p95")
    for kind, row in scores.summary.by_rule.items():
        counts = (row.expected, row.found, row.missed, row.false)
        latencies = figure(row.latency_median_s), figure(row.latency_p95_s)
        table.add_row(kind, *map(str, counts), *latencies)
    console.print(table)


def _print_events(report: EvalReport) -> None:
    """Figures of events, with what may be said of them."""
    table = Table("rule", "n", "recall", "precision", "false", "s", "")
    for kind, events in report.events.items():
        set_ = events.as_set
        table.add_row(
            kind,
            f"{set_.recall.n} / {events.sources} 来源 sources",
            share_words(set_.recall),
            share_words(set_.precision),
            rate_words(set_.false_alarms),
            figure(set_.seconds_to_detect.median),
            standing(set_.recall),
        )
    console.print(table)
    wanted = Table("rule", "at recall", "shift", "reached", "false", "median s")
    for kind, events in report.events.items():
        for row in wanted_rows(events):
            wanted.add_row(kind, *row)
    console.print(wanted)
