"""`patrol worker`: one edge worker 小脑."""

from patrol.bus import open_bus
from patrol.commands.output import ConfigOption, DataOption
from patrol.loading import prepare
from patrol.stopping import stop_on_signals
from patrol.worker import Worker


def worker(config: ConfigOption = None, data: DataOption = None) -> None:
    """Run an edge worker: read, look at, judge and record its cameras."""
    configuration = prepare(config, data_dir=data, with_files=True)
    stopping = stop_on_signals()
    with open_bus(configuration) as bus_url:
        post = Worker(configuration, bus_url=bus_url)
        post.start(stopping)
        stopping.wait()
        post.stop()
