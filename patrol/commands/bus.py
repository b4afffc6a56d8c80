"""`patrol bus`: what the center could not take in, looked at, put back on the bus, thrown away."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from domain.errors import ConfigurationError, LetterNotFound
from events_bridge.letter_view import LetterView
from events_bridge.letters import Box, LetterBox
from patrol.bus import GROUP, open_bus
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    JsonOption,
    complain,
    console,
    print_json,
)
from settings.config import Configuration
from settings.loading import load

app = typer.Typer(no_args_is_help=True, help="What waits on the message bus.")
dead = typer.Typer(no_args_is_help=True, help="Dead letters 死信, and parked messages 暂存消息.")
app.add_typer(dead, name="dead")

PAGE = 500
_DONE = {"replayed": "条已重放 replayed", "discarded": "条已弃置 discarded"}

ParkedOption = Annotated[
    bool, typer.Option("--parked", help="Those that wait for a newer program, instead.")
]
LimitOption = Annotated[int, typer.Option(help="The newest so many.", min=1, max=100_000)]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]
IdsArgument = Annotated[list[str], typer.Argument(metavar="ID…", help="As `list` shows them.")]
MaybeIdsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="ID…", help="As `list` shows them.")
]


@dead.command("list")
def list_letters(
    config: ConfigOption = None,
    data: DataOption = None,
    parked: ParkedOption = False,
    limit: LimitOption = 100,
    json: JsonOption = False,
) -> None:
    """What was set aside, newest first, and why."""
    box = _box_of(parked)
    with _opened(load(config, data_dir=data), box) as kept:
        views = [LetterView.of(letter, box) for letter in kept.letters(limit)]
        figures = kept.figures()
    if json:
        rows = [view.model_dump(mode="json") for view in views]
        print_json({"letters": figures.letters, "dropped": figures.dropped, box.value: rows})
        return
    if views:
        console.print(_table(views))
    typer.echo(f"{figures.letters} {box}, {figures.dropped} lost because there were too many")


@dead.command()
def show(
    letter_id: IdArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    parked: ParkedOption = False,
    json: JsonOption = False,
) -> None:
    """One message as it came, and why it was set aside."""
    box = _box_of(parked)
    with _opened(load(config, data_dir=data), box) as kept:
        view = LetterView.of(kept.letter(letter_id), box)
    if json:
        print_json(view.model_dump(mode="json"))
        return
    for name, value in view.model_dump(mode="json").items():
        typer.echo(f"{name}: {value}")


@dead.command()
def replay(
    letter_ids: MaybeIdsArgument = None,
    every: Annotated[bool, typer.Option("--all", help="Every one there is now.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
    parked: ParkedOption = False,
    json: JsonOption = False,
) -> None:
    """Put messages back on the bus, to be tried anew, once the cause is mended."""
    if every is bool(letter_ids):
        raise typer.BadParameter("expected the ids of messages, or --all")
    with _opened(load(config, data_dir=data), _box_of(parked)) as kept:
        ids = letter_ids or list(_all_ids(kept))
        _each(ids, kept.put_back, "replayed", json=json)


@dead.command()
def discard(
    letter_ids: IdsArgument,
    config: ConfigOption = None,
    data: DataOption = None,
    parked: ParkedOption = False,
    json: JsonOption = False,
) -> None:
    """Throw messages away for good."""
    with _opened(load(config, data_dir=data), _box_of(parked)) as kept:
        _each(letter_ids, lambda one: kept.discard(one).entry_id, "discarded", json=json)


@contextmanager
def _opened(configuration: Configuration, box: Box) -> Iterator[LetterBox]:
    if configuration.bus.is_embedded and not configuration.bus_dir.is_dir():
        raise ConfigurationError(
            f"expected the data of an embedded bus in {configuration.bus_dir}, there is none: "
            "name the data directory (--data), or the bus (bus.url)"
        )
    with (
        open_bus(configuration) as url,
        closing(LetterBox(url, GROUP, box, configuration.bus)) as kept,
    ):
        yield kept


def _box_of(parked: bool) -> Box:
    return Box.PARKED if parked else Box.DEAD


def _all_ids(kept: LetterBox) -> Iterator[str]:
    """Oldest first, up to the newest of now: what dies again meanwhile is not tried for ever."""
    newest = next(iter(kept.letters(1)), None)
    last, most = "0", newest and _order(newest.id)
    while most and (page := kept.after(last, PAGE)):
        for letter in page:
            if _order(letter.id) > most:
                return
            yield letter.id
        last = page[-1].id


def _order(letter_id: str) -> tuple[int, int]:
    milliseconds, _, number = letter_id.partition("-")
    return int(milliseconds), int(number)


def _each(ids: list[str], act: Callable[[str], str], done: str, *, json: bool) -> None:
    """Do it to each; LetterNotFound, after the rest, if there was one that is not there."""
    entries: dict[str, str] = {}
    missing: list[LetterNotFound] = []
    for one in dict.fromkeys(ids):
        try:
            entries[one] = act(one)
        except LetterNotFound as error:
            missing.append(error)
    if json:
        print_json({done: entries})
    else:
        typer.echo(f"{len(entries)} {_DONE[done]}")
    for other in missing[1:]:
        complain(str(other))
    if missing:
        raise missing[0]


def _table(views: list[LetterView]) -> Table:
    table = Table("编号 id", "时间 at", "消息 message", "出错 errors", "原因 reason")
    for view in views:
        what = (
            " ".join(filter(None, (view.type, view.subject, view.source))) or "无法读懂 unreadable"
        )
        at = view.at.isoformat(timespec="seconds")
        errors = f"{view.failures}/{view.deliveries}"
        table.add_row(view.id, at, escape(what), errors, escape(view.reason))
    return table
