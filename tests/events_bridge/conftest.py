"""A bus that a test may kill, and settings under which nothing waits for long."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from events_bridge.bus_settings import BusSettings
from events_bridge.embedded import EmbeddedBus


@pytest.fixture
def quick() -> BusSettings:
    return BusSettings(
        backoff_first_s=0.02,
        backoff_max_s=0.1,
        block_s=0.05,
        retry_first_s=0.0,
        max_deliveries=3,
        claim_idle_s=0.2,
        housekeeping_every_s=0.05,
    )


@pytest.fixture
def own_bus(tmp_path: Path) -> Iterator[EmbeddedBus]:
    """A bus of the test's own, to be killed and stopped at will."""
    bus = EmbeddedBus(tmp_path / "bus")
    bus.start()
    yield bus
    bus.stop()
