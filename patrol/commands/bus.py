"""`patrol bus`: the messages that were set aside, and putting them back."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from events_bridge.letter_view import LetterView
from events_bridge.letters import Box, LetterBox
from patrol.bus import GROUP, running_bus
from patrol.commands.output import ConfigOption, DataOption, JsonOption, console, print_json
from patrol.loading import load

ALL_AT_ONCE = 10_000
"""Letters that `replay --all` puts back at most in one call; more than a box holds by default."""

app = typer.Typer(help="The message bus: what was set aside.", no_args_is_help=True)
dead = typer.Typer(
    help="Dead letters: messages that could not be handled, or not read.", no_args_is_help=True
)
app.add_typer(dead, name="dead")

LetterArgument = Annotated[str, typer.Argument(help="A letter's id, as `list` shows it.")]
ParkedOption = Annotated[
    bool, typer.Option("--parked", help="Those that wait for a newer program, instead.")
]


@dead.command("list")
def list_letters(
    config: ConfigOption = None,
    data: DataOption = None,
    parked: ParkedOption = False,
    limit: Annotated[int, typer.Option(help="So many, newest first.", min=1, max=10_000)] = 100,
    as_json: JsonOption = False,
) -> None:
    """The newest, with their reasons, and how many there are and were lost."""
    with _opened(config, data, parked) as (kept, box):
        figures = kept.figures()
        views = [LetterView.of(letter, box) for letter in kept.letters(limit)]
    if as_json:
        rows = [view.model_dump(mode="json") for view in views]
        print_json({"letters": figures.letters, "dropped": figures.dropped, box.value: rows})
        return
    if views:
        console.print(_table(views))
    console.print(f"{figures.letters} {box}, {figures.dropped} lost because there were too many")


@dead.command("show")
def show_letter(
    letter_id: LetterArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    parked: ParkedOption = False,
    as_json: JsonOption = False,
) -> None:
    """One letter with its envelope."""
    with _opened(config, data, parked) as (kept, box):
        view = LetterView.of(kept.letter(letter_id), box)
    if as_json:
        print_json(view.model_dump(mode="json"))
        return
    table = Table("", "", show_header=False)
    for name, value in view.model_dump(mode="json").items():
        table.add_row(name, escape(str(value)))
    console.print(table)


@dead.command("replay")
def replay_letters(
    letter_id: Annotated[str | None, typer.Argument(help="A letter's id, as in `list`.")] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    parked: ParkedOption = False,
    everything: Annotated[bool, typer.Option("--all", help="All there are, oldest first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put messages back on their stream, to be tried anew; one that fails again comes back here."""
    if (letter_id is None) is not everything:
        raise typer.BadParameter("expected a letter's id, or --all")
    with _opened(config, data, parked) as (kept, _):
        ids = [one.id for one in kept.after("0", ALL_AT_ONCE)] if letter_id is None else [letter_id]
        entries = {each: kept.put_back(each) for each in ids}
    if as_json:
        print_json({"replayed": entries})
        return
    for each, entry in entries.items():
        console.print(f"{each}: put back as {entry}")
    console.print(f"{len(entries)} put back")


@contextmanager
def _opened(
    config: Path | None, data: Path | None, parked: bool
) -> Iterator[tuple[LetterBox, Box]]:
    configuration = load(config, data_dir=data)
    box = Box.PARKED if parked else Box.DEAD
    kept = LetterBox(running_bus(configuration), GROUP, box, configuration.bus)
    with closing(kept):
        yield kept, box


def _table(views: list[LetterView]) -> Table:
    table = Table("编号 id", "时间 at", "类型 type", "对象 subject", "出错 failures", "原因 reason")
    for view in views:
        at = view.at.isoformat(timespec="seconds")
        row = (view.id, at, view.type, view.subject, str(view.failures), view.reason)
        table.add_row(*(escape(each) for each in row))
    return table
