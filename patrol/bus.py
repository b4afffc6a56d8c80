"""Which bus a process talks to: the configured one, or the one embedded on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager

from events_bridge.embedded import EmbeddedBus
from patrol.config import Configuration

EMBEDDED = "embedded"


@contextmanager
def open_bus(configuration: Configuration) -> Iterator[str]:
    """The bus's URL, for as long as the block lasts. An embedded bus is started if none runs."""
    if configuration.bus.url != EMBEDDED:
        yield configuration.bus.url
        return
    with EmbeddedBus(configuration.bus_dir, settings=configuration.bus) as bus:
        yield bus.url
