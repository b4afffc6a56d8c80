"""`patrol rules replay`: what changed rules would have opened, by kept looks or by clips."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from domain.errors import ConfigurationError
from edge.state.kept_looks import kept_looks
from lab.commands.measured import first_look_of, open_as_measured
from lab.trials.rule_replay import RuleDifference, RuleSet, compare_clip, compare_looks, read_change
from lab.trials.scoring import ReplayedIncident
from patrol.commands.output import ConfigOption, DataOption, JsonOption, console, print_json
from settings.config import Configuration
from settings.loading import load
from vision.rule_register import zone_problems

CameraOption = Annotated[str, typer.Option(help="Whose rules and zones are changed.")]
RulesOption = Annotated[
    Path,
    typer.Option(
        "--rules", help="YAML with the changed `rules:` and `zones:`.", exists=True, dir_okay=False
    ),
]


def replay(
    camera: CameraOption,
    rules: RulesOption,
    from_: Annotated[
        str | None, typer.Option("--from", help="ISO time, of the town unless it says its zone.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="The same; now if none.")] = None,
    clips: Annotated[
        list[Path] | None,
        typer.Option("--clip", help="Judge this clip instead of kept looks.", exists=True),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Judge kept looks, or clips, by the rules as they are and as they would be. Nothing is
    changed and nobody is called. Kept looks hold no pictures: they know the second looks that
    were taken then and no others, and stalls and goods that no class names are not seen; clips
    have both."""
    configuration = load(config, data_dir=data)
    watched = configuration.camera(camera)
    before = RuleSet.of(watched)
    after = before.changed(read_change(rules))
    if problems := zone_problems(after.rules, after.zones):
        words = "\n".join(f"{rules}: {'.'.join(map(str, at))}: {what}" for at, what in problems)
        raise ConfigurationError(words)
    if clips:
        detector, look_first = open_as_measured(configuration), first_look_of(configuration)
        every_s, zone = watched.promise.usual_s, configuration.town.zone
        found = [
            compare_clip(
                clip,
                before,
                after,
                detector,
                look_every_s=every_s,
                timezone=zone,
                looking=configuration.looking,
                look_first=look_first,
            )
            for clip in clips
        ]
    else:
        found = [_by_kept_looks(configuration, camera, before, after, from_, to)]
    if json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    for one in found:
        _print(one, configuration.town.zone, of_clip=bool(clips))


def _by_kept_looks(
    configuration: Configuration,
    camera_id: str,
    before: RuleSet,
    after: RuleSet,
    from_: str | None,
    to: str | None,
) -> RuleDifference:
    zone, now = configuration.town.zone, datetime.now(UTC)
    to_at = now if to is None else _moment("--to", to, zone)
    from_at = now - timedelta(days=1) if from_ is None else _moment("--from", from_, zone)
    if from_at >= to_at:
        raise ConfigurationError(f"expected --from before --to, got {from_at} and {to_at}")
    workers_dir = configuration.workers_dir
    kept = kept_looks(workers_dir, camera_id, from_at, to_at)
    if not kept.looks:
        raise ConfigurationError(
            f"expected looks of {camera_id} between {from_at.isoformat()} and {to_at.isoformat()} "
            f"below {workers_dir}, there are none (they lie on the worker's machine)"
        )
    return compare_looks(
        kept,
        before,
        after,
        camera_id=camera_id,
        timezone=zone,
        looking=configuration.looking,
    )


def _moment(option: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{option}: expected a time such as 2026-11-24T08:00, got {text!r}"
        raise ConfigurationError(message) from error
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _print(found: RuleDifference, zone: ZoneInfo, *, of_clip: bool) -> None:
    console.print(
        f"{found.source}: {found.seconds:.0f} s · 现行 before {found.before} · "
        f"更改后 after {found.after} · 相同 both {len(found.both)}",
        highlight=False,
        soft_wrap=True,
    )
    table = Table("变化 change", "规则 rule", "立案 opened", "结束 closed", "置信度 score")
    rows = [("− 不再立案 no longer", one) for one in found.only_before]
    rows += [("+ 新增 new", one) for one in found.only_after]
    for words, one in sorted(rows, key=lambda row: row[1].opened_at_s):
        table.add_row(words, one.rule_id, *_times(found, one, zone, of_clip), f"{one.score:.2f}")
    if rows:
        console.print(table)
    if found.unanswered:
        console.print(
            f"{found.unanswered} 次细看未保存, 按单次巡看判定 second looks were not taken then; "
            "there, single looks decided",
            soft_wrap=True,
        )


def _times(
    found: RuleDifference, one: ReplayedIncident, zone: ZoneInfo, of_clip: bool
) -> tuple[str, str]:
    def told(after_s: float | None) -> str:
        if after_s is None:
            return "—"
        if of_clip:
            return f"{after_s:.1f} s"
        at = found.start_at + timedelta(seconds=after_s)
        return at.astimezone(zone).strftime("%m-%d %H:%M:%S")

    return told(one.opened_at_s), told(one.closed_at_s)
