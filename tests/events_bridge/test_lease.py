"""The lease: one at a time, whoever is killed, and nobody kept out of his own place."""

from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import BusUnavailable
from events_bridge.bus_settings import BusSettings
from events_bridge.connection import connect
from events_bridge.embedded import EmbeddedBus
from events_bridge.lease import Lease
from tests.waiting import wait_until


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    return first, second


def test_a_second_holder_is_told_who_is_first(bus_url: str, places: tuple[Path, Path]) -> None:
    with Lease(bus_url, "center", places[0]) as first, Lease(bus_url, "center", places[1]) as two:
        assert first.renew() is None
        assert first.renew() is None
        assert f"directory {places[0]}" in str(two.renew())
        first.close()
        assert two.renew() is None


def test_who_is_killed_makes_room_after_a_while(bus_url: str, places: tuple[Path, Path]) -> None:
    killed = Lease(bus_url, "center", places[0], lease_s=0.2)
    assert killed.renew() is None
    with closing(Lease(bus_url, "center", places[1])) as heir:
        assert heir.renew() is not None
        wait_until(lambda: heir.renew() is None, "the lease to run out")
        assert killed.renew() is not None
        killed.close()
        assert heir.renew() is None


def test_who_comes_back_to_his_own_place_waits_for_nobody(
    bus_url: str, places: tuple[Path, Path]
) -> None:
    killed = Lease(bus_url, "center", places[0])
    assert killed.renew() is None
    with Lease(bus_url, "center", places[0]) as heir:
        assert heir.renew() is None


def test_another_name_is_another_lease(bus_url: str, places: tuple[Path, Path]) -> None:
    with Lease(bus_url, "a", places[0]) as first, Lease(bus_url, "b", places[1]) as second:
        assert first.renew() is None
        assert second.renew() is None


def test_rubbish_in_its_place_is_somebody_unknown(
    bus_server: EmbeddedBus, bus_url: str, places: tuple[Path, Path]
) -> None:
    with closing(connect(bus_url, BusSettings())) as client:
        client.set("patrol:lease:center", b"\xff{", px=60_000)
    with Lease(bus_url, "center", places[0]) as lease:
        assert "unknown" in str(lease.renew())


def test_a_bus_that_is_away_says_nothing(own_bus: EmbeddedBus, places: tuple[Path, Path]) -> None:
    lease = Lease(own_bus.url, "center", places[0])
    own_bus.stop()
    with pytest.raises(BusUnavailable, match="ask who the only one is"):
        lease.renew()
    lease.close()
