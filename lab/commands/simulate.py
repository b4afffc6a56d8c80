"""`patrol simulate`: cameras made of clips, served over RTSP."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from domain.errors import ConfigurationError
from lab.footage.simulator import parse_camera_fault, serve_folder
from patrol.commands.output import complain, console, progress
from patrol.stopping import stop_on_signals

CACHE = ".sentinel-patrol"
"""Folder inside the media folder for clips that had to be converted."""


def simulate(
    media_dir: Annotated[Path, typer.Argument(help="Folder of clips.", exists=True)],
    cameras: Annotated[int, typer.Option("--cameras", "-n", min=1, help="How many.")] = 8,
    port: Annotated[int, typer.Option("--port", "-p", help="0 takes a free one.")] = 8554,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    codec: Annotated[
        Literal["h264", "hevc"] | None, typer.Option(help="Convert all clips to this codec.")
    ] = None,
    auth: Annotated[
        str | None,
        typer.Option(help="USER:PASSWORD that clients must know.", envvar="PATROL_SIMULATE_AUTH"),
    ] = None,
    scheme: Annotated[Literal["digest", "basic"], typer.Option(help="How they prove it.")] = (
        "digest"
    ),
    substreams: Annotated[
        bool, typer.Option("--substreams", help="A small second stream for each: cam0/sub …")
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="CAMERA=FAULT, e.g. cam3=drop:every=20s or cam1=stall:after=5s,for=1m."),
    ] = None,
) -> None:
    """Serve N cameras from a folder of clips, looped, until Ctrl-C."""
    if auth is not None and "PATROL_SIMULATE_AUTH" not in os.environ:
        complain("--auth is seen by all who list processes; $PATROL_SIMULATE_AUTH is not")
    stopping = stop_on_signals()
    with progress() as bar:
        task = bar.add_task("converting clips", total=100)
        simulator = serve_folder(
            media_dir,
            cameras=cameras,
            host=host,
            port=port,
            codec=codec,
            credentials=_credentials(auth),
            auth=scheme,
            faults=dict(parse_camera_fault(text) for text in fault or ()),
            transcode_dir=media_dir / CACHE,
            progress=lambda clip, done: bar.update(
                task, description=clip.name, completed=done * 100
            ),
            substreams=substreams,
        )
    with simulator:
        table = Table("camera", "address")
        for name in simulator.names:
            table.add_row(name, simulator.url(name))
        console.print(table)
        console.print("Ctrl-C stops.")
        stopping.wait()


def _credentials(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    user, colon, password = text.partition(":")
    if not (user and colon):
        raise ConfigurationError("expected --auth USER:PASSWORD")
    return user, password
