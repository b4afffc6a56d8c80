"""`patrol rules`: how far rules can be trusted, by what people said of their cases."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from cases.database import Database, file_of
from cases.judged import JudgedCase, judged_cases
from domain.errors import ConfigurationError
from edge.state.shadow import shadow_incidents
from patrol.commands.output import ConfigOption, DataOption, JsonOption, console, print_json
from patrol.commands.rules_held_back import held_back
from patrol.laboratory import RULES
from patrol.late import late_group
from patrol.rule_precision import LEAST_CASES, Precision, precisions
from patrol.rule_suggestions import Suggestion, suggestions
from settings.config import Configuration
from settings.loading import load

app = typer.Typer(
    cls=late_group(RULES),
    no_args_is_help=True,
    help="How far rules can be trusted, and what would help.",
)

app.command("held-back")(held_back)

DaysOption = Annotated[int, typer.Option(help="Cases of so many days back.", min=1)]


@app.command()
def precision(
    config: ConfigOption = None,
    data: DataOption = None,
    days: DaysOption = 90,
    least: Annotated[int, typer.Option(help="Say nothing below so many.", min=1)] = LEAST_CASES,
    json: JsonOption = False,
) -> None:
    """How often each rule on each camera was right, with a 95 % interval."""
    found = precisions(_judged(load(config, data_dir=data), days), least)
    if json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    table = Table(
        "摄像机 camera", "规则 rule", "结论 verdicts", "误报原因 why false", "准确率 precision"
    )
    for one in found:
        counts = _counts(one.verdicts), _counts(one.false_reasons)
        table.add_row(one.camera_id, one.rule_id, *counts, _share(one))
    console.print(table)


@app.command()
def suggest(
    config: ConfigOption = None,
    data: DataOption = None,
    days: DaysOption = 90,
    json: JsonOption = False,
) -> None:
    """Ignore zones that past false cases ask for, as YAML to paste. Nothing is changed."""
    found = suggestions(_judged(load(config, data_dir=data), days))
    if json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    if not found:
        typer.echo("# 没有可建议的屏蔽区 nothing to suggest")
    for one in found:
        typer.echo(_as_yaml(one))


@app.command()
def shadow(
    config: ConfigOption = None,
    data: DataOption = None,
    days: Annotated[int, typer.Option(help="The last so many days.", min=1)] = 7,
    json: JsonOption = False,
) -> None:
    """What rules with `shadow: true` would have opened, as kept on this worker's machine."""
    workers_dir = load(config, data_dir=data).workers_dir
    found = shadow_incidents(workers_dir, datetime.now(UTC) - timedelta(days=days))
    if json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    table = Table("摄像机 camera", "规则 rule", "试运行会立案 would have opened", "最近一次 last")
    for key, count in sorted(Counter((one.camera_id, one.rule_id) for one in found).items()):
        last = max((i for i in found if (i.camera_id, i.rule_id) == key), key=lambda i: i.opened_at)
        at = last.opened_at.isoformat(timespec="seconds")
        table.add_row(*key, str(count), f"{at} · {last.score:.2f} · {last.explanation}")
    console.print(table)


def _judged(configuration: Configuration, days: int) -> tuple[JudgedCase, ...]:
    kept = file_of(configuration.database_url)
    if kept is not None and not kept.exists():
        raise ConfigurationError(f"expected cases in {kept}, there is no such file")
    database = Database(configuration.database_url)
    try:
        return judged_cases(database, datetime.now(UTC) - timedelta(days=days))
    finally:
        database.close()


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "—"


def _share(one: Precision) -> str:
    if one.precision is None or one.low is None or one.high is None:
        return f"样本不足 not enough ({one.judged})"
    return f"{one.precision:.2f} ({one.low:.2f}–{one.high:.2f}), n = {one.judged}"


def _as_yaml(one: Suggestion) -> str:
    corners = ", ".join(f"[{x:g}, {y:g}]" for x, y in one.polygon)
    effect = f"would have dropped {one.dropped_false} of {one.false} false"
    return (
        f"# {one.camera_id}, rule {one.rule_id}: {effect}, {one.dropped_real} of {one.real} real\n"
        f"# below zones: of the camera; it hides the place from every rule\n"
        f"- {{id: {one.zone_id}, kind: ignore, polygon: [{corners}]}}"
    )
