"""The times of last looks: asked for seldom, kept while the board is away."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from console.looks import LookTimes
from domain.clock import VirtualClock
from events_bridge.embedded import EmbeddedBus
from events_bridge.look_board import LookBoard
from tests.builders import NOON

CAMERAS = ("gate-1", "gate-2")


@pytest.fixture
def board(bus_url: str) -> Iterator[LookBoard]:
    board = LookBoard(bus_url)
    yield board
    board.close()


def test_cameras_without_a_picture_are_left_out(board: LookBoard, clock: VirtualClock) -> None:
    board.put("gate-1", b"jpeg", NOON)
    assert LookTimes(board, clock, 1.0).times(CAMERAS) == {"gate-1": NOON}
    assert LookTimes(board, clock, 1.0).times(()) == {}


def test_an_answer_serves_everybody_for_a_while(board: LookBoard, clock: VirtualClock) -> None:
    looks = LookTimes(board, clock, 1.0)
    board.put("gate-1", b"jpeg", NOON)
    looks.times(CAMERAS)
    newer = NOON + timedelta(seconds=2)
    board.put("gate-1", b"jpeg", newer)
    clock.advance(0.9)
    assert looks.times(CAMERAS) == {"gate-1": NOON}
    clock.advance(0.1)
    assert looks.times(CAMERAS) == {"gate-1": newer}


def test_without_the_bus_what_is_known_grows_old(tmp_path: Path, clock: VirtualClock) -> None:
    with EmbeddedBus(tmp_path / "bus") as bus:
        board = LookBoard(bus.url)
        looks = LookTimes(board, clock, 1.0)
        board.put("gate-1", b"jpeg", NOON)
        assert looks.times(CAMERAS) == {"gate-1": NOON}
    clock.advance(60)
    assert looks.times(CAMERAS) == {"gate-1": NOON}
    board.close()
