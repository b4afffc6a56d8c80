"""`patrol probe`: what a camera sends, before it is trusted."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from domain.errors import ConfigurationError
from domain.health import FaultKind
from evidence.snapshot import encode_jpeg
from patrol.commands.output import (
    ConfigOption,
    JsonOption,
    complain,
    console,
    print_json,
    warn_of_secret,
)
from settings.config import Configuration
from settings.loading import load
from settings.variables import fill_in_variables
from streams.address import CameraAddress
from streams.door import same_account
from streams.probe import ProbeReport
from streams.probe import probe as probe_stream
from streams.stream_settings import StreamSettings

URL_VARIABLE = "PATROL_PROBE_URL"
SAME_SHAPE = 0.02
"""Rounding to whole blocks changes a picture's shape by less."""


def probe(
    camera: Annotated[
        str | None,
        typer.Argument(
            help="A camera's id (with --config), URL or file; - reads it from standard input. "
            f"Without one, ${URL_VARIABLE}: neither is seen in the list of processes."
        ),
    ] = None,
    config: ConfigOption = None,
    seconds: Annotated[float, typer.Option(help="How long to watch.", min=0.5)] = 6.0,
    save: Annotated[Path | None, typer.Option(help="Save the last picture as a JPEG.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Open a camera once, its second stream too if it has one, and report what it sends."""
    configuration = load(config)
    warn_of_secret(camera, f"give the URL as - on standard input, or as ${URL_VARIABLE}")
    camera = _asked_for(camera)
    address, detect_address = _addresses_of(camera, configuration)
    settings = _settings_of(camera, configuration)
    report, frame = probe_stream(address, settings, seconds=seconds)
    reports = [report]
    if detect_address is not None and _may_try(address, detect_address, report):
        reports.append(probe_stream(detect_address, settings, seconds=seconds)[0])
    if as_json:
        shown = report.model_dump(mode="json")
        if len(reports) == 2:
            shown["detect"] = reports[1].model_dump(mode="json")
        print_json(shown)
    else:
        _print(reports)
    if save is not None and frame is not None:
        save.write_bytes(encode_jpeg(frame.image()))
    faults = [each for each in reports if each.fault is not None]
    for each in faults:
        complain(f"{each.fault.words.en if each.fault else ''}: {each.detail}")
    if detect_address is not None and len(reports) == 1:
        complain(f"{detect_address.masked}: not tried, the login was just refused")
    if faults:
        raise typer.Exit(1)


def _asked_for(camera: str | None) -> str:
    """The camera of the command line, or the one that was told without being shown."""
    if camera == "-":
        camera = sys.stdin.readline().strip()
        if not camera:
            raise ConfigurationError("expected a URL on standard input, got nothing")
    camera = camera or os.environ.get(URL_VARIABLE, "").strip()
    if not camera:
        raise typer.BadParameter(
            f"expected a camera's id, URL or file, - for standard input, or ${URL_VARIABLE}"
        )
    return fill_in_variables(camera, os.environ)


def _print(reports: Sequence[ProbeReport]) -> None:
    """One table for each stream, the main one first."""
    for report in reports:
        table = Table("fact", "value", title=report.url)
        for name, value in report.model_dump(exclude={"url"}).items():
            table.add_row(name, "—" if value is None else str(value))
        console.print(table)
    shapes = [each.size_wh[0] / each.size_wh[1] for each in reports if each.size_wh is not None]
    if len(shapes) == 2 and abs(shapes[0] / shapes[1] - 1) > SAME_SHAPE:
        console.print(
            "两路画面宽高比不同: 若非同一视野的压缩, 框与分区会错位 · "
            "The two streams differ in shape: "
            "boxes and zones fit both only if both show the same view, squeezed and not cut",
            soft_wrap=True,
        )


def _may_try(address: CameraAddress, detect: CameraAddress, report: ProbeReport) -> bool:
    """Never two refused logins in a row at one account: it would be locked."""
    return report.fault is not FaultKind.UNAUTHORIZED or not same_account(address, detect)


def _settings_of(camera: str, configuration: Configuration) -> StreamSettings:
    known = next((each for each in configuration.cameras if each.id == camera), None)
    return known.streams if known else configuration.streams


def _addresses_of(
    camera: str, configuration: Configuration
) -> tuple[CameraAddress, CameraAddress | None]:
    """Where the camera is read from, and its second stream if it has one."""
    for known in configuration.cameras:
        if known.id == camera:
            return known.address, known.detect_address
    try:
        address = CameraAddress.parse(camera)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    if address.is_file and "://" not in camera and not address.path.exists():
        known_ids = ", ".join(each.id for each in configuration.cameras) or "none configured"
        raise ConfigurationError(
            f"expected a camera id ({known_ids}), a URL or a file, got {camera!r}"
        )
    return address, None
