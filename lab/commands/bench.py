"""`patrol bench`: what things cost on this machine."""

import os
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.table import Table

from domain.base import Text
from domain.errors import ConfigurationError
from lab.bench.media import CROWD, FIRE, PARKED
from lab.bench.plants import with_usual
from lab.bench.run import BenchOrder
from lab.bench.speed import LookCost, Machine, Spread, measure_look, this_machine
from lab.bench.weather import ALL, WEATHERS
from lab.commands.bench_cameras import bench_cameras, settings_of
from lab.commands.bench_center import bench_center
from lab.commands.measured import as_measured
from models.catalogue.catalog import Catalog
from models.letterbox import Image
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonFileOption,
    JsonOption,
    console,
    print_json,
    progress,
    warn_of_secret,
    writable,
)
from settings.loading import load

app = typer.Typer(help="Measure what things cost on this machine.")
SOURCE_VARIABLE = "PATROL_BENCH_SOURCE"
CACHE = Path(".sentinel-patrol")
"""Where the bench's clips are kept, below the working directory."""


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    cameras: Annotated[int, typer.Option("--cameras", "-n", help="How many.", min=1)] = 10,
    seconds: Annotated[float, typer.Option(help="How long to measure.", min=1)] = 120.0,
    sweep: Annotated[
        str | None, typer.Option(help="Several numbers of cameras, commas between.")
    ] = None,
    fires: Annotated[
        int | None,
        typer.Option(help="Cameras in which a fire breaks out; else 3, or what fits.", min=0),
    ] = None,
    crowds: Annotated[
        int | None,
        typer.Option(
            help="Cameras in which a crowd gathers; else 2 if they fit, with --media none.", min=0
        ),
    ] = None,
    parked: Annotated[
        int | None,
        typer.Option(
            help="Cameras in which a van parks; else 2 if they fit, with --media none.", min=0
        ),
    ] = None,
    night: Annotated[
        int,
        typer.Option(
            help="So many of the cameras show a quiet night; they have a worker of their own, and "
            "what they cost is told apart.",
            min=0,
        ),
    ] = 0,
    weather: Annotated[
        str,
        typer.Option(
            help="Cameras that misbehave beside the others: all, or names such as stall,flood (an "
            "unknown one lists them)."
        ),
    ] = "",
    look_every: Annotated[
        float | None,
        typer.Option(help="The promise, in seconds; else 4, with substreams 2.", min=0.1),
    ] = None,
    substreams: Annotated[
        bool, typer.Option("--substreams", help="Look at small second streams (704×576).")
    ] = False,
    source: Annotated[
        str | None,
        typer.Option(
            help="Cameras of another server: an address with {} for their numbers from 0 on, or "
            "{1} from 1 on.",
            envvar=SOURCE_VARIABLE,
        ),
    ] = None,
    media: Annotated[
        Path | None,
        typer.Option(help="A video to make the cameras of.", exists=True, dir_okay=False),
    ] = None,
    out: JsonFileOption = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            help="Draw a sweep here (SVG); else beside --json.", dir_okay=False, callback=writable
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Watch N simulated 1080p25 cameras with the real worker and center; in some of them fires,
    crowds and parked vans are planted."""
    if context.invoked_subcommand is not None:
        return
    if source and SOURCE_VARIABLE not in os.environ:
        warn_of_secret(source, f"give --source as ${SOURCE_VARIABLE}")
    if substreams and source:
        raise typer.BadParameter("--substreams: expected the simulator's cameras, got --source")
    bad = _weather(weather)
    if bad and source:
        raise typer.BadParameter("--weather: expected the simulator's cameras, got --source")
    if night and source:
        raise typer.BadParameter("--night: expected the simulator's cameras, got --source")
    asked = {FIRE: fires, CROWD: crowds, PARKED: parked}
    usual = {FIRE: 3, CROWD: 0 if media else 2, PARKED: 0 if media else 2}
    settings = settings_of(config)
    orders = [
        BenchOrder(
            cameras=number,
            seconds=seconds,
            plant={} if source else with_usual(asked, usual, number - night, seconds),
            night=night,
            weather=bad,
            look_every_s=look_every or (2.0 if substreams else 4.0),
            substreams=substreams,
            source=source,
            settings=settings,
        )
        for number in (_numbers(sweep, "--sweep") if sweep else [cameras])
    ]
    for order in orders:
        _check_cast(order)
    bench_cameras(orders, clip=media, cache=CACHE, out=out, picture=picture)


def _check_cast(order: BenchOrder) -> None:
    """Raises BadParameter where something does not fit: before the first run, not after it."""
    try:
        order.cast  # noqa: B018
    except ConfigurationError as error:
        raise typer.BadParameter(f"-n {order.cameras}: {error}") from error


app.command("center")(bench_center)


@app.command("model")
def bench_model(
    model: Annotated[str | None, typer.Option(help="Its name; else the configured one.")] = None,
    threads: Annotated[str, typer.Option(help="Threads of one run, commas between.")] = "1",
    batch: Annotated[str, typer.Option(help="Pictures at once, commas between.")] = "1",
    rounds: Annotated[int, typer.Option(help="How often each is measured.", min=1)] = 50,
    picture: Annotated[
        Path | None,
        typer.Option(help="Look at this picture, not at a made one.", exists=True, dir_okay=False),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """What one look costs (letterbox, run, decode), beside onnxruntime alone."""
    configuration = load(config, data_dir=data)
    catalog = Catalog(configuration.models_dir)
    asked = configuration.detector
    if model is not None:
        asked = asked.model_copy(update={"model": model})
    best = as_measured(catalog, configuration, asked)
    image = None if picture is None else _read(picture)
    cases = [(t, b) for t in _numbers(threads, "--threads") for b in _numbers(batch, "--batch")]
    machine, costs = this_machine(), []
    with progress() as bar:
        for of_threads, of_batch in bar.track(cases, description="looking"):
            settings = best.model_copy(update={"threads": of_threads})
            costs.append(
                measure_look(catalog, settings, batch=of_batch, picture=image, rounds=rounds)
            )
    if as_json:
        looks = [cost.model_dump(mode="json") for cost in costs]
        print_json({"machine": machine.model_dump(mode="json"), "looks": looks})
        return
    _print(machine, costs)


STAGES = {
    "letterbox": Text.of("缩放填充", "letterbox"),
    "run": Text.of("运行", "run"),
    "decode": Text.of("解码", "decode"),
    "look": Text.of("一次巡看", "look"),
    "look_cpu": Text.of("其处理器时间", "its CPU time"),
    "graph": Text.of("仅 onnxruntime", "onnxruntime alone"),
}
"""The measured parts of a look, in the order in which they are shown."""


def _print(machine: Machine, costs: list[LookCost]) -> None:
    table = Table("", *(f"{c.threads} 线程 threads\n{c.batch} 幅 at once" for c in costs))
    for stage, title in STAGES.items():
        spreads: list[Spread] = [getattr(cost, stage) for cost in costs]
        table.add_row(f"{title.zh} {title.en}", *(_words(spread) for spread in spreads))
    console.print(table)
    console.print("每幅毫秒: 中位数 / 95% 分位 · ms for each picture: median / 95th percentile")
    model, boxes = costs[0].model, costs[0].boxes
    console.print(f"{model.name} ({model.sha256[:12]}), {boxes} boxes, {costs[0].rounds} rounds")
    console.print(costs[0].runs_on, markup=False)
    console.print(
        f"{machine.processor}, {machine.cores} cores, load {machine.load}, "
        f"onnxruntime {machine.onnxruntime}, Python {machine.python}, {machine.system}",
        soft_wrap=True,
    )


def _words(spread: Spread) -> str:
    return f"{spread.median_ms:.1f} / {spread.p95_ms:.1f}"


def _numbers(text: str, option: str) -> list[int]:
    """`1,2,4` as its numbers, each at least 1. Raises BadParameter."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1:
        raise typer.BadParameter(f"{option}: expected numbers such as 1,2,4, got {text!r}")
    return numbers


def _weather(text: str) -> list[str]:
    """`stall,flood` as its words. Raises BadParameter."""
    if text.strip() == ALL:
        return list(WEATHERS)
    words = list(dict.fromkeys(filter(None, (word.strip() for word in text.split(",")))))
    if unknown := [word for word in words if word not in WEATHERS]:
        raise typer.BadParameter(
            f"--weather: expected {ALL}, or some of {', '.join(WEATHERS)}, got {unknown[0]!r}"
        )
    return words


def _read(path: Path) -> Image:
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise typer.BadParameter(f"{path}: expected a picture, got something else")
    return np.asarray(image, np.uint8)
