"""`patrol cameras`: asks the worker of a camera, over the bus, from any machine that reaches it."""

import getpass
import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from domain.clock import SystemClock
from domain.commands import (
    WITHIN_MAX_S,
    WITHIN_S,
    AskedBy,
    AskerKind,
    CommandState,
    camera_of,
    command_of,
    kind_words,
)
from domain.errors import CommandUnclear, ConfigurationError
from events_bridge.command_road import CommandRoad, CommandView
from patrol.bus import running_bus
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonOption,
    complain,
    console,
    print_json,
    writable,
)
from settings.loading import load

app = typer.Typer(no_args_is_help=True, help="The cameras 摄像机 of the town.")


class Wanted(StrEnum):
    """What may be asked: the names of the kinds, and how they are written here."""

    LOOK_NOW = "look"
    PICTURE = "picture"
    PROBE = "probe"
    PAUSE = "pause"
    RESUME = "resume"
    ACCEPT_VIEW = "accept-view"
    CONFIGURATION = "configuration"


@app.callback()
def _cameras() -> None:
    """A group, though it has one command yet."""


@app.command()
def ask(
    camera: Annotated[str, typer.Argument(help="The camera's id.")],
    wanted: Annotated[Wanted, typer.Argument(help="What its worker is to do.")],
    config: ConfigOption = None,
    data: DataOption = None,
    reason: Annotated[str, typer.Option(help="Why; a pause needs it.")] = "",
    within: Annotated[
        float, typer.Option(help="The deadline, in seconds.", min=1, max=WITHIN_MAX_S)
    ] = WITHIN_S,
    save: Annotated[
        Path | None,
        typer.Option(help="Save the picture here, as a JPEG.", callback=writable, dir_okay=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look at a camera now, fetch a live picture, probe, pause or resume it, accept its view: its
    worker is asked, and answers or says by name why not (exit code 1)."""
    configuration = load(config, data_dir=data)
    known = [each.id for each in configuration.cameras]
    if camera not in known:
        names = ", ".join(known) or "none configured"
        raise ConfigurationError(f"expected a camera id ({names}), got {camera!r}")
    try:
        command = command_of(wanted.name.lower(), camera, reason)
    except CommandUnclear as error:
        raise typer.BadParameter(str(error), param_hint="--reason") from error
    url = running_bus(configuration)
    zone, bus = configuration.town.zone, configuration.bus
    with CommandRoad(url, SystemClock(), zone=zone, settings=bus) as road:
        worker_id = None if camera_of(command) else road.holder_of(camera)
        view = road.wait(road.ask(command, _who(), worker_id=worker_id, within_s=within))
        jpeg = road.picture(view.record.asked.id) if save is not None else None
    if save is not None and jpeg is not None:
        save.write_bytes(jpeg)
    _tell(view, as_json=as_json)
    if view.state is not CommandState.ANSWERED:
        raise typer.Exit(1)
    if save is not None and jpeg is None:
        complain(f"expected a picture for {save}, none came")
        raise typer.Exit(1)


def _who() -> AskedBy:
    """Whoever is logged in to this machine."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "unknown"
    return AskedBy(kind=AskerKind.PERSON, id=f"machine:{name}"[:80], name=name[:80], role="ops")


def _tell(view: CommandView, *, as_json: bool) -> None:
    asked, answered = view.record.asked, view.record.answered
    if as_json:
        told = json.loads(answered.model_dump_json()) if answered else None
        page = {"command": json.loads(asked.model_dump_json()), "state": view.state.value}
        print_json({**page, "words": view.words.model_dump(), "answered": told})
        return
    words = kind_words(asked.command)
    console.print(f"{asked.subject} {words.zh} {words.en}: {view.words.zh} · {view.words.en}")
