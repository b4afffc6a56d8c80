"""Commands that are imported when they are called and not before: a worker has no use for the
console's libraries, a check none for the decoder's, and a town none for the laboratory."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Late(NamedTuple):
    """A command, known by name only."""

    where: str
    """`module:attribute`, a function or a `typer.Typer` of several."""
    summary: str
    """What the list of commands says of it; its own help says more."""


def late_group(late: Mapping[str, Late]) -> type[TyperGroup]:
    """The class of a group that has, behind the commands of its own, those of `late`.

    The types of contexts and commands are typer's own copies of click's and have no public name.
    """

    class LateGroup(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return [*super().list_commands(ctx), *late]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name not in late:
                return super().get_command(ctx, cmd_name)
            return imported(cmd_name, late[cmd_name])

        def format_help(self, ctx: Any, formatter: Any) -> None:
            """Lists every command without importing any of `late`."""
            listed = {name: TyperCommand(name, help=one.summary) for name, one in late.items()}
            outline = TyperGroup(
                name=self.name,
                commands={**self.commands, **listed},
                params=self.params,
                help=self.help,
                rich_markup_mode=self.rich_markup_mode,
            )
            outline.format_help(ctx, formatter)

    return LateGroup


def imported(name: str, late: Late) -> Any:
    """The command itself. Raises ImportError or AttributeError where there is none."""
    module, _, attribute = late.where.partition(":")
    found = getattr(import_module(module), attribute)
    command = typer.main.get_command(found if isinstance(found, typer.Typer) else _alone(found))
    command.name = name
    return command


def _alone(function: object) -> typer.Typer:
    single = typer.Typer(add_completion=False)
    single.command()(function)  # type: ignore[type-var]
    return single
