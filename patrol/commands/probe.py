"""`patrol probe`: what a camera sends, before it is trusted."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from domain.errors import ConfigurationError
from evidence.snapshot import encode_jpeg
from patrol.commands.output import ConfigOption, JsonOption, complain, console, print_json
from patrol.config import Configuration
from patrol.loading import load
from streams.address import CameraAddress
from streams.probe import probe as probe_stream


def probe(
    camera: Annotated[str, typer.Argument(help="A camera's id (with --config), URL or file.")],
    config: ConfigOption = None,
    seconds: Annotated[float, typer.Option(help="How long to watch.", min=0.5)] = 6.0,
    save: Annotated[Path | None, typer.Option(help="Save the last picture as a JPEG.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Open a camera once and report what it sends."""
    configuration = load(config)
    address = _address_of(camera, configuration)
    report, frame = probe_stream(address, configuration.streams, seconds=seconds)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        table = Table("fact", "value", title=report.url)
        for name, value in report.model_dump(exclude={"url"}).items():
            table.add_row(name, "—" if value is None else str(value))
        console.print(table)
    if save is not None and frame is not None:
        save.write_bytes(encode_jpeg(frame.image()))
    if report.fault is not None:
        complain(f"{report.fault.words.en}: {report.detail}")
        raise typer.Exit(1)


def _address_of(camera: str, configuration: Configuration) -> CameraAddress:
    for known in configuration.cameras:
        if known.id == camera:
            return known.address
    if "://" not in camera and not Path(camera).exists():
        known_ids = ", ".join(each.id for each in configuration.cameras) or "none configured"
        raise ConfigurationError(
            f"expected a camera id ({known_ids}), a URL or a file, got {camera!r}"
        )
    try:
        return CameraAddress.parse(camera)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
