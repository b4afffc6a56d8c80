"""`patrol`: the command line. Exit codes: 0 ok, 1 failed, 2 wrong use."""

from typing import Annotated

import typer

from domain.errors import PatrolError
from patrol import __version__
from patrol.commands import demo, evaluate, models, probe, run, simulate
from patrol.commands.check import check
from patrol.commands.output import complain
from patrol.logs import set_up_logs

app = typer.Typer(
    name="patrol",
    help="Sentinel Patrol: RTSP cameras in, one case per incident out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(run.up)
app.command()(run.worker)
app.command()(run.center)
app.command()(check)
app.command()(probe.probe)
app.command()(simulate.simulate)
app.command("eval")(evaluate.evaluate)
app.command()(demo.demo)
app.add_typer(models.app, name="models")


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
    """Run the command line; the product's own errors become one clear message and exit code 1."""
    try:
        app()
    except PatrolError as error:
        complain(str(error))
        raise SystemExit(1) from error
