"""`patrol models pull`: a known model from where its makers publish it."""

from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column, Table

from models.catalogue.catalog import Catalog
from models.catalogue.downloads import Download, download_named, downloads
from models.catalogue.extras import has_extra
from models.catalogue.fetching import client
from models.catalogue.licences import meaning
from models.catalogue.pulling import pull
from patrol.commands.choices import as_size
from patrol.commands.output import ConfigOption, DataOption, JsonOption, console, errors, print_json
from patrol.commands.tables import names_of
from patrol.laboratory import converter
from settings.loading import load


def pull_model(
    model: Annotated[
        str | None, typer.Argument(help="Which; without one, shows what there is.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    input_size: Annotated[
        str | None, typer.Option(help="W,H in pixels, for a checkpoint; else 640,384.")
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="What an open-vocabulary model shall find, commas between.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Another name for it here.")] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a model: its licence said, resumable, its hash compared, tried out, registered."""
    if model is None:
        show_downloads(as_json=as_json)
        return
    download = download_named(model)
    models_dir = load(config, data_dir=data).models_dir
    say_terms(download)
    if not yes:
        typer.confirm("抓取? Fetch it?", abort=True, err=True)
    with _bar() as bar, client() as http:
        task = bar.add_task(download.file, total=download.size_bytes)
        pulled = pull(
            Catalog(models_dir),
            models_dir,
            download,
            http,
            name=name,
            input_wh=as_size(input_size),
            classes=names_of(classes) or (),
            progress=lambda done, of: bar.update(task, completed=done, total=of),
            convert=converter() if download.is_checkpoint else None,
        )
    if as_json:
        print_json(pulled.model_dump(mode="json"))
        return
    if pulled.was_here:
        console.print(f"{pulled.entry.name} is here already")
        return
    console.print(f"sha256 of {download.file}: {pulled.sha256}", soft_wrap=True)
    if not pulled.verified:
        console.print("no hash is known to compare it with; note this one", style="yellow")
    console.print(f"ready; use it with  detector: {{model: {pulled.entry.name}}}", soft_wrap=True)


def show_downloads(*, as_json: bool) -> None:
    """What can be pulled."""
    if as_json:
        print_json([download.model_dump(mode="json") for download in downloads()])
        return
    table = Table(Column("模型 Model", no_wrap=True), "大小 Size", "格式", "校验", "许可 Licence")
    for each in downloads():
        form = "checkpoint" if each.is_checkpoint else "ONNX"
        table.add_row(each.name, _size(each), form, each.checksum, each.licence)
    console.print(table)


def say_terms(download: Download) -> None:
    """On standard error, what is fetched from where, and what its licence means."""
    words = meaning(download.licence)
    lines = [
        f"{download.url} ({_size(download)})",
        f"许可 Licence {download.licence}: {words.zh} · {words.en}",
    ]
    if download.checksum == "unknown":
        lines.append("! no SHA-256 is known for this file: it can only be tried out")
    if download.is_checkpoint and not has_extra("train"):
        lines.append("! a checkpoint, which the extra [train] converts: it is not installed here")
    for line in lines:
        errors.print(line, soft_wrap=True, markup=False, highlight=False)


def _size(download: Download) -> str:
    return f"{download.size_bytes / 1e6:.1f} MB" if download.size_bytes else "size not known"


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
    )
