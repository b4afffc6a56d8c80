"""`patrol worker`: one edge worker 小脑."""

from edge.process import Worker
from patrol import __version__
from patrol.bus import open_bus
from patrol.commands.output import ConfigOption, DataOption
from patrol.heartbeat import Pulse, refusing
from patrol.only_worker import OnlyWorker
from patrol.places import worker_claim
from patrol.stopping import stop_on_signals
from settings.loading import prepare


def worker(config: ConfigOption = None, data: DataOption = None) -> None:
    """Run an edge worker: read, look at, judge and record its cameras."""
    pulse = Pulse()
    with refusing(pulse):
        configuration = prepare(config, data_dir=data, with_files=True)
        stopping = stop_on_signals()
        with worker_claim(configuration), open_bus(configuration) as bus_url:
            only = OnlyWorker(configuration, bus_url)
            only.check()
            post = Worker(configuration, bus_url=bus_url, program_version=__version__)
            post.beat_into(pulse)
            pulse.ends(stopping)
            post.start(stopping)
            only.watch(stopping)
            pulse.start()
            stopping.wait()
            post.stop()
            pulse.stop()
            only.stop()
