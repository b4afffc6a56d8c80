"""`patrol`: the command line. Exit codes: 0 ok, 1 failed, 2 wrong use.

Each subcommand's module is imported when it is called and not before: a worker has no use for
the console's libraries, nor a check for the decoder's.
"""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from domain.errors import PatrolError
from patrol import __version__
from patrol.commands.output import complain
from patrol.logs import set_up_logs, tell_of_crashes

COMMANDS = {
    "up": "patrol.commands.up:up",
    "worker": "patrol.commands.worker:worker",
    "center": "patrol.commands.center:center",
    "check": "patrol.commands.check:check",
    "probe": "patrol.commands.probe:probe",
    "cameras": "patrol.commands.cameras:app",
    "accept-view": "patrol.commands.accept_view:accept_view",
    "simulate": "patrol.commands.simulate:simulate",
    "eval": "patrol.commands.evaluate:evaluate",
    "scenarios": "patrol.commands.scenarios:scenarios",
    "quiet": "patrol.commands.quiet:quiet",
    "bus": "patrol.commands.bus:app",
    "rules": "patrol.commands.rules:app",
    "bench": "patrol.commands.bench:app",
    "models": "patrol.commands.models:app",
    "demo": "patrol.commands.demo:demo",
}
"""Where each subcommand is defined: a function, or a group of them."""


class LateCommands(TyperGroup):
    """A group whose commands are imported when they are asked for.

    The types of contexts and commands are typer's own copies of click's and have no public name.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), attribute)
        command = typer.main.get_command(found if isinstance(found, typer.Typer) else _alone(found))
        command.name = cmd_name
        return command


def _alone(function: object) -> typer.Typer:
    single = typer.Typer(add_completion=False)
    single.command()(function)  # type: ignore[type-var]
    return single


app = typer.Typer(
    name="patrol",
    cls=LateCommands,
    help="Sentinel Patrol: RTSP cameras in, one case per incident out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"patrol {__version__}")
        raise typer.Exit


@app.callback()
def _everywhere(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log details.")] = False,
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Logs as JSON lines.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say it.")
    ] = False,
) -> None:
    set_up_logs(verbose=verbose, as_json=json_logs)


def main() -> None:
    """Run the command line; what goes wrong becomes one clear message: exit code 2 for wrong use,
    1 for the product's own errors and for files that cannot be read or written."""
    tell_of_crashes()
    raise SystemExit(_run())


def _run() -> int:
    try:
        code = app(standalone_mode=False)
        return code if isinstance(code, int) else 0
    except PatrolError as error:
        complain(str(error))
    except OSError as error:
        complain(_of_system(error))
    except typer.Abort:
        complain("given up")
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return _say_wrong_use(error)
    return 1


def _say_wrong_use(error: Any) -> int:
    """One plain line for typer's own complaints, which it would draw in a box. Their types are its
    copies of click's and have no public name; help that was asked for by silence is printed."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ != "NoArgsIsHelpError":
        of = context.command_path if context else "patrol"
        words = " ".join(str(error.format_message()).split())
        complain(f"{of}: {words} ({of} --help)")
    return int(error.exit_code)


def _of_system(error: OSError) -> str:
    words = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {words}" if error.filename is not None else words
