"""`patrol label`: pictures of judged cases become a set to learn from, on a page or without it."""

import asyncio
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from console.console_settings import ConsoleSettings
from console.door import served
from domain.clock import SystemClock
from domain.documents import real_path
from domain.errors import ConfigurationError
from evidence.sealed import SealedFiles
from lab.labelling.label_set import LabelSet
from lab.labelling.making import Filled, class_names, fill, pictures_of, present, reading
from lab.labelling.room import LabelRoom, label_app, who_labels
from lab.labelling.set_files import Manifest, read_manifest
from patrol.claims import Claim
from patrol.commands.output import ConfigOption, DataOption, console, print_json
from patrol.commands.tables import NamesOption, names_of
from patrol.listening import listen
from patrol.stopping import STOPS_WITHIN_S, stop_on_signals
from settings.config import Configuration
from settings.loading import load

SET_FOLDER = "label-set"
"""Below the data directory, where no other folder is named."""
LOOPBACK = "127.0.0.1"
_POLL_S = 0.1


def label(
    folder: Annotated[
        Path | None,
        typer.Option("--set", help="The set that the page makes; else label-set of the data."),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(help="No page: write a set here, of labels, verdicts and detector's boxes."),
    ] = None,
    only_labelled: Annotated[
        bool, typer.Option(help="With --export: leave out what nobody looked at.")
    ] = False,
    names: NamesOption = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="A kind, a rule, or a kind of rule: stalls, road_occupation; repeatable."
        ),
    ] = None,
    days: Annotated[int, typer.Option(help="Cases of so many days back.", min=1)] = 365,
    hold_out: Annotated[
        list[str] | None,
        typer.Option(help="A camera whose pictures are only measured by; repeatable."),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who labels; else the account's name.")] = None,
    port: Annotated[
        int, typer.Option("--port", "-p", help="The page's; 0: a free one.", min=0, max=65535)
    ] = 8790,
    json: Annotated[bool, typer.Option("--json", help="With --export: print JSON.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make a set to learn from of judged cases: boxes are drawn on a local page, or taken over by
    --export. Evidence and cases are only read, and nothing leaves this machine."""
    configuration = load(config, data_dir=data)
    working = (folder or configuration.data_dir / SET_FOLDER).absolute()
    target = working if export is None else export.absolute()
    _check_outside(target, configuration.evidence_dir)
    labelled = read_manifest(working)
    since = datetime.now(UTC) - timedelta(days=days)
    with reading(configuration.database_url) as database:
        pictures = pictures_of(database, since, only or ())
    sealed = SealedFiles(configuration.evidence_dir)
    known = read_manifest(target) or labelled
    chosen = class_names(pictures, names_of(names) or (), known)
    candidates = present(pictures, chosen, sealed, configuration.town.zone)
    with Claim(target.with_name(f"{target.name}.lock"), "patrol label"):
        label_set = LabelSet(target, chosen, configuration.town.zone, hold_out or ())
        if export is None:
            room = LabelRoom(label_set, candidates, sealed, SystemClock(), who_labels(by))
            _serve(room, configuration, port, target, len(candidates))
            label_set.close()
            return
        filled = fill(
            label_set,
            candidates,
            labelled,
            sealed,
            by=who_labels(by),
            at=datetime.now(UTC),
            only_labelled=only_labelled,
        )
    _tell(filled, target, read_manifest(target), as_json=json)


def _check_outside(target: Path, evidence_dir: Path) -> None:
    """Nothing but evidence lies in the evidence room. Raises ConfigurationError."""
    if real_path(target).is_relative_to(real_path(evidence_dir)):
        raise ConfigurationError(
            f"expected a folder outside of the evidence room {evidence_dir}, got {target}"
        )


def _serve(
    room: LabelRoom, configuration: Configuration, port: int, folder: Path, count: int
) -> None:
    """Serve the page until Ctrl-C, to this machine alone."""
    stopping = stop_on_signals(STOPS_WITHIN_S)
    settings = ConsoleSettings(timezone=configuration.town.timezone, port=port)
    sockets = listen(LOOPBACK, port)
    server = uvicorn.Server(served(label_app(room, settings), settings))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    at = sockets[0].getsockname()[1]
    console.print(f"标注 label: http://{LOOPBACK}:{at}/ · {count} 张图片 pictures → {folder}")
    console.print("图片里有人, 只留在本机 pictures show people and stay here; Ctrl-C 结束 ends")
    asyncio.run(_run(server, sockets, stopping))


async def _run(
    server: uvicorn.Server, sockets: list[socket.socket], stopping: threading.Event
) -> None:
    serving = asyncio.create_task(server.serve(sockets))
    while not serving.done():
        server.should_exit = server.should_exit or stopping.is_set()
        await asyncio.sleep(_POLL_S)
    await serving


def _tell(filled: Filled, folder: Path, made: Manifest | None, *, as_json: bool) -> None:
    if as_json:
        print_json({**filled.model_dump(), "folder": str(folder)})
        return
    console.print(
        f"已标 labelled {filled.kept} · 检测框未核对 unchecked boxes {filled.shown} · "
        f"负样本未核对 unchecked negatives {filled.nothing} · 需要人画 to be drawn "
        f"{filled.unclear} · 缺图 lost {filled.lost}"
    )
    names = ",".join(made.names) if made else ""
    console.print(f"{folder}: patrol models score {folder} --names {names}")
    console.print("图片里有人, 按证据管理 pictures show people: keep them like evidence")
