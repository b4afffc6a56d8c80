"""`patrol worker`: one edge worker 小脑, with its share of the town's cameras."""

from typing import Annotated

import structlog
import typer

from edge.process import Worker
from patrol import __version__
from patrol.bus import open_bus
from patrol.commands.output import ConfigOption, DataOption
from patrol.heartbeat import Pulse, refusing
from patrol.only_worker import OnlyWorker
from patrol.places import worker_claim
from patrol.stopping import STOPS_WITHIN_S, stop_on_signals
from settings.config import WORKER_VARIABLE
from settings.loading import prepare, require_files

IdOption = Annotated[
    str | None,
    typer.Option(
        "--id",
        envvar=WORKER_VARIABLE,
        help="Which of the file's workers this is; it takes that one's cameras. Need not be said "
        "where there is one.",
    ),
]

log = structlog.get_logger(__name__)


def worker(
    config: ConfigOption = None, data: DataOption = None, worker_id: IdOption = None
) -> None:
    """Run an edge worker: read, look at, judge and record its cameras."""
    pulse = Pulse()
    with refusing(pulse):
        configuration = prepare(config, data_dir=data)
        share = configuration.share(worker_id or None)
        require_files(config, configuration, share.cameras)
        if configuration.cameras and not share.cameras:
            log.warning("no camera is this worker's", worker=share.id)
        stopping = stop_on_signals(STOPS_WITHIN_S)
        with worker_claim(share), open_bus(configuration) as bus_url:
            only = OnlyWorker(share, bus_url)
            only.check()
            post = Worker(share, bus_url=bus_url, program_version=__version__)
            post.beat_into(pulse)
            pulse.ends(stopping)
            post.start(stopping)
            only.watch(stopping)
            pulse.start()
            stopping.wait()
            post.stop()
            pulse.stop()
            only.stop()
