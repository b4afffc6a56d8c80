"""`patrol center`: the center 中脑 with its console."""

from patrol.bus import open_bus
from patrol.center import Center
from patrol.commands.output import ConfigOption, DataOption, PortOption
from patrol.heartbeat import Pulse, refusing
from patrol.places import center_claim
from patrol.stopping import STOPS_WITHIN_S, stop_on_signals
from settings.loading import prepare


def center(config: ConfigOption = None, data: DataOption = None, port: PortOption = None) -> None:
    """Run the center: cases and console."""
    pulse = Pulse()
    with refusing(pulse):
        configuration = prepare(config, data_dir=data, port=port)
        stopping = stop_on_signals(STOPS_WITHIN_S)
        with center_claim(configuration.center), open_bus(configuration) as bus_url:
            Center(configuration.center, bus_url=bus_url, pulse=pulse).run(stopping)
