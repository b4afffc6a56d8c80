"""`patrol worker`: one edge worker 小脑."""

from patrol import __version__
from patrol.bus import open_bus
from patrol.commands.output import ConfigOption, DataOption
from patrol.heartbeat import Pulse, refusing
from patrol.loading import prepare
from patrol.places import worker_claim
from patrol.stopping import stop_on_signals
from patrol.worker import Worker


def worker(config: ConfigOption = None, data: DataOption = None) -> None:
    """Run an edge worker: read, look at, judge and record its cameras."""
    pulse = Pulse()
    with refusing(pulse):
        configuration = prepare(config, data_dir=data, with_files=True)
        stopping = stop_on_signals()
        with worker_claim(configuration), open_bus(configuration) as bus_url:
            post = Worker(configuration, bus_url=bus_url, program_version=__version__)
            post.beat_into(pulse)
            pulse.ends(stopping)
            post.start(stopping)
            pulse.start()
            stopping.wait()
            post.stop()
            pulse.stop()
