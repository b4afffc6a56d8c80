"""`patrol bench center`: what a center does with a hundred thousand cases."""

from typing import Annotated, Any

import typer
from rich.table import Table

from lab.bench.center import CenterOrder, Tell, measure_center
from lab.bench.speed import this_machine
from models.tuning.machine import flags_here
from patrol.commands.output import JsonFileOption, complain, console, progress, write_json


def bench_center(
    cases: Annotated[
        int, typer.Option(help="Cases that the book is filled with.", min=1)
    ] = 100_000,
    database: Annotated[
        str | None,
        typer.Option(help="An empty PostgreSQL to fill; else one is started, if it is installed."),
    ] = None,
    out: JsonFileOption = None,
) -> None:
    """Fill a case book, and measure a real center on it: incidents a second from the bus, lists,
    searches, pages, decisions, and open streams; on SQLite and on PostgreSQL."""
    order = CenterOrder(cases=cases)
    with progress() as bar:
        task = bar.add_task("center", total=1.0)

        def tell(what: str, share: float) -> None:
            bar.update(task, description=what, completed=share)

        found = measure(order, database, tell)
    if out is not None:
        write_json(out, found)
    _print(found)
    if why := found["postgresql"].get("missing"):
        complain(f"postgresql was not measured: {why}")


def measure(order: CenterOrder, database_url: str | None, tell: Tell) -> dict[str, Any]:
    """The whole result, in the form of the JSON file. What is not of one database by name is of
    SQLite, the usual one."""
    sqlite = measure_center(order, None, lambda what, share: tell(f"sqlite: {what}", share))
    usual = {name: sqlite[name] for name in ("case_list_ms", "action_ms", "streams", "cases")}
    postgresql = _postgresql(order, database_url, tell)
    machine = this_machine().model_dump(mode="json") | {"flags": flags_here()}
    return {"sqlite": sqlite, "postgresql": postgresql, **usual, "machine": machine}


def _postgresql(order: CenterOrder, url: str | None, tell: Tell) -> dict[str, Any]:
    def told(what: str, share: float) -> None:
        tell(f"postgresql: {what}", share)

    if url is not None:
        return measure_center(order, url, told)
    try:
        from lab.bench.postgres import PostgresMissing, postgres_server
    except ModuleNotFoundError as error:
        return {"incidents_per_s": None, "missing": f"{error}; or name one with --database URL"}
    try:
        with postgres_server(durable=True) as server:
            return measure_center(order, server.create_database(), told)
    except PostgresMissing as missing:
        return {"incidents_per_s": None, "missing": f"{missing}; or name one with --database URL"}


_ROWS = {
    "incidents_per_s": "事件/秒 incidents a second",
    "case_list_ms": "列表 list, ms",
    "search_ms": "搜索 search, ms",
    "desk_ms": "调度台 desk, ms",
    "wall_ms": "画面墙 wall, ms",
    "action_ms": "处置 decision, ms",
    "streams": "推送 stream, s",
    "fill_s": "填充 filled in, s",
}


def _print(found: dict[str, Any]) -> None:
    databases = ("sqlite", "postgresql")
    table = Table("", *databases)
    for name, title in _ROWS.items():
        table.add_row(title, *(_cell(found[database].get(name)) for database in databases))
    console.print(table)
    machine = found["machine"]
    console.print(
        f"{found['cases']} cases; {machine['processor']}, {machine['cores']} cores, "
        f"load {machine['load']}, {' '.join(machine['flags'])}",
        soft_wrap=True,
    )


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return " / ".join(f"{name} {number}" for name, number in value.items())
    return "—" if value is None else str(value)
