"""`patrol up`: everything on one machine, nothing to install."""

from pathlib import Path

from patrol.bus import open_bus
from patrol.commands.output import ConfigOption, DataOption, PortOption, console
from patrol.config import Configuration
from patrol.loading import prepare
from patrol.stopping import stop_on_signals
from patrol.supervisor import Child, Supervisor

NO_CAMERAS = (
    "还没有摄像机 · no cameras yet: name them in a file (docs/configuration.md), "
    "then patrol check FILE and patrol up --config FILE"
)


def up(config: ConfigOption = None, data: DataOption = None, port: PortOption = None) -> None:
    """Run everything on this machine: bus, worker, center and console."""
    configuration = prepare(config, data_dir=data, port=port, with_files=True)
    stopping = stop_on_signals()
    with open_bus(configuration):
        console.print(f"调度台 · desk: [bold]{desk_url(configuration)}[/]   Ctrl-C 停止 · stops")
        if not configuration.cameras:
            console.print(NO_CAMERAS)
        Supervisor(children(configuration, config)).run(stopping)


def children(configuration: Configuration, config: Path | None) -> list[Child]:
    """The processes of one box, as subcommands with the same configuration."""
    same = ["--data", str(configuration.data_dir)]
    if config is not None:
        same += ["--config", str(config)]
    port = ["--port", str(configuration.console.port)]
    return [Child("center", ["center", *same, *port]), Child("worker", ["worker", *same])]


def desk_url(configuration: Configuration) -> str:
    return f"http://{configuration.console.host}:{configuration.console.port}/desk"
