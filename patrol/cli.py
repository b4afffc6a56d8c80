"""`patrol`: the command line. Exit codes: 0 ok, 1 failed, 2 wrong use."""

from typing import Annotated, Any

import typer

from domain.errors import PatrolError
from patrol import laboratory
from patrol.commands.output import complain
from patrol.late import Late, late_group
from patrol.logs import set_up_logs, tell_of_crashes

COMMANDS = {
    "up": Late(
        "patrol.commands.up:up", "Run everything on this machine: bus, worker, center and console."
    ),
    "worker": Late(
        "patrol.commands.worker:worker",
        "Run an edge worker: read, look at, judge and record its cameras.",
    ),
    "center": Late("patrol.commands.center:center", "Run the center: cases and console."),
    "check": Late(
        "patrol.commands.check:check",
        "Check a configuration: every error with file, line, key and what was expected.",
    ),
    "tune": Late(
        "patrol.commands.tune:tune",
        "Measure which way to compute is fastest on this machine, and keep it.",
    ),
    "probe": Late(
        "patrol.commands.probe:probe",
        "Open a camera once, its second stream too if it has one, and report what it sends.",
    ),
    "cameras": Late("patrol.commands.cameras:app", "The cameras 摄像机 of the town."),
    "accept-view": Late(
        "patrol.commands.accept_view:accept_view",
        "Let the worker learn a camera's view anew. On the worker's machine; it may go on running.",
    ),
    "bus": Late("patrol.commands.bus:app", "What waits on the message bus."),
    "rules": Late(
        "patrol.commands.rules:app", "How far rules can be trusted, and what would help."
    ),
    "models": Late(
        "patrol.commands.models:app", "Detectors: list, pull, import, score, export, train."
    ),
    **laboratory.COMMANDS,
}
"""Every subcommand: those of the program, then those of the laboratory."""


app = typer.Typer(
    name="patrol",
    cls=late_group(COMMANDS),
    help="Sentinel Patrol: RTSP cameras in, one case per incident out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from patrol.version import version

        typer.echo(f"patrol {version()}")
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
