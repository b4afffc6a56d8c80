"""`patrol demo`: eight cameras, the whole program before them, and a page to look at."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from domain.incident import IncidentKind
from lab.footage.demo.checklist import Checked, Checklist, wanted_kinds
from lab.footage.demo.fresh import set_aside
from lab.footage.demo.stage import announce, demo_cameras
from models.catalogue.catalog import Catalog
from patrol.bus import open_bus
from patrol.commands.output import PortOption, complain, console
from patrol.commands.up import desk_url, supervise
from patrol.places import up_claim
from patrol.stopping import stop_on_signals
from patrol.supervisor import ChildRefused, Supervisor
from settings.checking import check_file
from settings.config import Configuration
from settings.loading import load
from settings.yamlfile import refusal

DEMO_CONFIG = Path(str(files("configs") / "demo.yaml"))


def demo(
    data: Annotated[Path, typer.Option(help="Data directory.")] = Path(".demo/data"),
    media: Annotated[Path, typer.Option(help="The cameras' clips.")] = Path(".demo/media"),
    check: Annotated[
        bool, typer.Option("--check", help="No browser: wait for cases, verify, exit 0 or 1.")
    ] = False,
    seconds: Annotated[float, typer.Option(help="How long --check waits.", min=1)] = 180.0,
    port: PortOption = None,
) -> None:
    """Serve the demo's eight cameras over RTSP and run the whole program on them."""
    stopping = stop_on_signals()
    if check and (earlier := set_aside(data)):
        console.print(f"an earlier run was set aside in {earlier}")
    with demo_cameras(media) as cameras:
        announce(cameras)
        configuration = _configuration(data, port)
        with (
            up_claim(configuration),
            open_bus(configuration),
            _running(configuration, stopping) as supervisor,
        ):
            if check:
                raise typer.Exit(_check(configuration, supervisor, seconds, stopping))
            console.print(f"调度台 · desk: [bold]{desk_url(configuration)}[/]")
            console.print("Ctrl-C 停止 · stops")
            stopping.wait()


def _configuration(data: Path, port: int | None) -> Configuration:
    """The demo's configuration, refused here, before anything starts, if it cannot work."""
    report = check_file(DEMO_CONFIG, data_dir=data)
    if report.errors:
        raise refusal(report.errors)
    return load(DEMO_CONFIG, data_dir=data, port=port)


@contextmanager
def _running(configuration: Configuration, stopping: threading.Event) -> Iterator[Supervisor]:
    """The program's processes, kept running beside this thread while the block lasts."""
    supervisor = supervise(configuration, DEMO_CONFIG)
    ending = threading.Event()

    def keep() -> None:
        try:
            supervisor.run(ending)
        except ChildRefused as error:
            complain(str(error))
            stopping.set()

    keeping = threading.Thread(target=keep, name="supervisor")
    keeping.start()
    try:
        yield supervisor
    finally:
        ending.set()
        keeping.join()


def _check(
    configuration: Configuration,
    supervisor: Supervisor,
    seconds: float,
    stopping: threading.Event,
) -> int:
    host, port = configuration.console.host, configuration.console.port
    started_s = time.monotonic()
    checklist = Checklist(
        f"http://{host}:{port}", wanted=_wanted(configuration), started_at=datetime.now(UTC)
    )
    checked = checklist.wait(seconds, stopping)
    _print(checked)
    cpu = supervisor.cpu_cores()
    shares = ", ".join(f"{name} {cores:.2f}" for name, cores in sorted(cpu.items()))
    console.print(f"CPU cores over {time.monotonic() - started_s:.0f} s: {shares}")
    if lacking := checklist.missing(checked):
        complain(f"no verified case of: {', '.join(lacking)} within {seconds:g} s")
        return 1
    return 0


def _wanted(configuration: Configuration) -> tuple[IncidentKind, ...]:
    """The kinds of cases to wait for; says so when fire is not among them, and why."""
    model = Catalog(configuration.models_dir).get(configuration.detector.model)
    wanted = wanted_kinds(model.labels)
    words = ", ".join(kind.value for kind in wanted)
    console.print(f"waiting for verified cases of: {words} (model {model.name})")
    if IncidentKind.FIRE not in wanted:
        console.print(f"fire is left out: the model {model.name} has no class for flames")
    return wanted


def _print(checked: list[Checked]) -> None:
    table = Table("kind", "case", "camera", "opened", "clip", "files")
    for one in checked:
        after, clip = f"{one.opened_after_s:.0f} s", f"{one.clip_s:.1f} s"
        table.add_row(one.kind, one.no, one.camera_id, after, clip, str(one.files))
    console.print(table)
