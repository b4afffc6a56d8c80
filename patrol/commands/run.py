"""`patrol up`, `patrol worker`, `patrol center`: the processes that run for years."""

from pathlib import Path

from domain.errors import ConfigurationError
from patrol.bus import open_bus
from patrol.center import Center
from patrol.commands.output import ConfigOption, DataOption, PortOption, console
from patrol.config import Configuration, load
from patrol.stopping import stop_on_signals
from patrol.supervisor import Child, Supervisor
from patrol.worker import Worker


def up(config: ConfigOption = None, data: DataOption = None, port: PortOption = None) -> None:
    """Run everything on this machine: bus, worker, center and console."""
    configuration = _prepare(config, data, port)
    stopping = stop_on_signals()
    with open_bus(configuration):
        console.print(f"调度台 · desk: [bold]{desk_url(configuration)}[/]   Ctrl-C 停止 · stops")
        Supervisor(children(configuration, config)).run(stopping)


def worker(config: ConfigOption = None, data: DataOption = None) -> None:
    """Run an edge worker: read, look at, judge and record its cameras."""
    configuration = _prepare(config, data)
    stopping = stop_on_signals()
    with open_bus(configuration) as bus_url:
        post = Worker(configuration, bus_url=bus_url)
        post.start(stopping)
        stopping.wait()
        post.stop()


def center(config: ConfigOption = None, data: DataOption = None, port: PortOption = None) -> None:
    """Run the center: cases and console."""
    configuration = _prepare(config, data, port)
    stopping = stop_on_signals()
    with open_bus(configuration) as bus_url:
        Center(configuration, bus_url=bus_url).run(stopping)


def children(configuration: Configuration, config: Path | None) -> list[Child]:
    """The processes of one box, as subcommands with the same configuration."""
    same = ["--data", str(configuration.data_dir)]
    if config is not None:
        same += ["--config", str(config)]
    port = ["--port", str(configuration.console.port)]
    return [Child("center", ["center", *same, *port]), Child("worker", ["worker", *same])]


def desk_url(configuration: Configuration) -> str:
    return f"http://{configuration.console.host}:{configuration.console.port}/desk"


def _prepare(config: Path | None, data: Path | None, port: int | None = None) -> Configuration:
    configuration = load(config, data_dir=data, port=port)
    try:
        configuration.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"data directory {configuration.data_dir}: {error.strerror}"
        raise ConfigurationError(message) from error
    return configuration
