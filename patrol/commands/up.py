"""`patrol up`: everything on one machine, nothing to install."""

from pathlib import Path

from patrol.bus import open_bus
from patrol.child import Child
from patrol.commands.output import ConfigOption, DataOption, PortOption, console
from patrol.listening import check_free
from patrol.places import up_claim
from patrol.standing import FILE as STANDING_FILE
from patrol.stopping import stop_on_signals
from patrol.supervisor import Supervisor
from settings.config import Configuration
from settings.loading import prepare, require_files

NO_CAMERAS = (
    "还没有摄像机 · no cameras yet: name them in a file (docs/configuration.md), "
    "then patrol check FILE and patrol up --config FILE"
)


def up(config: ConfigOption = None, data: DataOption = None, port: PortOption = None) -> None:
    """Run everything on this machine: bus, worker, center and console."""
    configuration = prepare(config, data_dir=data, port=port)
    require_files(config, configuration, configuration.enabled_cameras)
    stopping = stop_on_signals()
    with up_claim(configuration), open_bus(configuration):
        check_free(configuration.console.host, configuration.console.port)
        console.print(f"调度台 · desk: [bold]{desk_url(configuration)}[/]   Ctrl-C 停止 · stops")
        if not configuration.cameras:
            console.print(NO_CAMERAS)
        if configuration.shares:
            console.print(_shared_out(configuration))
        supervise(configuration, config).run(stopping)


def supervise(configuration: Configuration, config: Path | None) -> Supervisor:
    """Who keeps the processes of one box running."""
    standing_path = configuration.data_dir / STANDING_FILE
    return Supervisor(children(configuration, config), standing_path=standing_path)


def children(configuration: Configuration, config: Path | None) -> list[Child]:
    """The processes of one box, as subcommands with the same configuration: a center, and the
    worker of all cameras, or each that the file names."""
    same = ["--data", str(configuration.data_dir)]
    if config is not None:
        same += ["--config", str(config)]
    port = ["--port", str(configuration.console.port)]
    name = "worker-{}" if configuration.shares else "worker"
    return [
        Child("center", ["center", *same, *port], beats=True),
        *(
            Child(name.format(id_), ["worker", *same, "--id", id_], beats=True)
            for id_ in configuration.worker_ids
        ),
    ]


def _shared_out(configuration: Configuration) -> str:
    cameras = {id_: len(configuration.share(id_).cameras) for id_ in configuration.worker_ids}
    each = ", ".join(f"{worker_id} {count}" for worker_id, count in cameras.items())
    return f"小脑各一进程, 各巡其摄像机 · a process for each worker, with its cameras: {each}"


def desk_url(configuration: Configuration) -> str:
    return f"http://{configuration.console.host}:{configuration.console.port}/desk"
