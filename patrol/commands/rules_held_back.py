"""`patrol rules held-back`: what rules filtered out, and why, as the center keeps it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from cases.book import CaseBook
from cases.database import Database, file_of
from domain.clock import SystemClock
from domain.errors import ConfigurationError
from domain.held_back import HeldBack
from patrol.commands.output import ConfigOption, DataOption, JsonOption, console, print_json
from settings.loading import load


def held_back(
    config: ConfigOption = None,
    data: DataOption = None,
    camera: Annotated[str | None, typer.Option(help="Only this camera.")] = None,
    days: Annotated[float, typer.Option(help="The last so many days.", min=0.01)] = 1.0,
    json: JsonOption = False,
) -> None:
    """What would have been found but was filtered out: spans with their reason, for audits."""
    configuration = load(config, data_dir=data)
    kept = file_of(configuration.database_url)
    if kept is not None and not kept.exists():
        raise ConfigurationError(f"expected cases in {kept}, there is no such file")
    database = Database(configuration.database_url)
    try:
        book = CaseBook(database, configuration.cases, SystemClock())
        found = book.held_back(datetime.now(UTC) - timedelta(days=days), camera)
    finally:
        database.close()
    if json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    console.print(_table(found))


def _table(found: tuple[HeldBack, ...]) -> Table:
    table = Table(
        "摄像机 camera",
        "规则 rule",
        "区域 zone",
        "原因 reason",
        "次数 spans",
        "巡看 looks",
        "最近 last",
    )  # fmt: skip
    keys = sorted({(one.camera_id, one.rule_id, one.zone_id, one.reason) for one in found})
    for key in keys:
        spans = [one for one in found if _key(one) == key]
        last = max(one.to_at for one in spans).isoformat(timespec="seconds")
        looks = sum(one.looks for one in spans)
        table.add_row(*key[:3], str(key[3].words), str(len(spans)), str(looks), last)
    return table


def _key(one: HeldBack) -> tuple[str, str, str, str]:
    return one.camera_id, one.rule_id, one.zone_id, one.reason
