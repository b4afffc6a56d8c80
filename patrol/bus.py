"""Which bus a process talks to: the configured one, or the one embedded on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager

from events_bridge.embedded import EmbeddedBus, url_of
from settings.config import Configuration

EMBEDDED = "embedded"
GROUP = "center"
"""The consumer group of the center, and of its dead letters."""


@contextmanager
def open_bus(configuration: Configuration) -> Iterator[str]:
    """The bus's URL, for as long as the block lasts. An embedded bus is started if none runs."""
    if configuration.bus.url != EMBEDDED:
        yield configuration.bus.url
        return
    with EmbeddedBus(configuration.bus_dir, settings=configuration.bus) as bus:
        yield bus.url


def running_bus(configuration: Configuration) -> str:
    """The bus's URL as it is: an embedded one is not started, and need not answer.

    Raises:
        BusUnavailable: there was never one.
    """
    if configuration.bus.url != EMBEDDED:
        return configuration.bus.url
    return url_of(configuration.bus_dir)
