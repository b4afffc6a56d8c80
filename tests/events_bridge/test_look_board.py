"""The last look's picture of each camera."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from domain.errors import BusUnavailable
from events_bridge import look_board
from events_bridge.bus_settings import BusSettings
from events_bridge.embedded import EmbeddedBus
from events_bridge.look_board import LastLook, LookBoard
from tests.builders import NOON
from tests.waiting import wait_until

PICTURE = b"\xff\xd8\x00picture\xff\xd9"


@pytest.fixture
def board(bus_url: str) -> Iterator[LookBoard]:
    board = LookBoard(bus_url)
    yield board
    board.close()


def test_the_newest_picture_of_each_camera(board: LookBoard) -> None:
    later = NOON + timedelta(seconds=2.5)
    board.put("gate-1", PICTURE, NOON)
    board.put("gate-2", PICTURE, NOON)
    board.put("gate-1", PICTURE + b"2", later)
    assert board.get("gate-1") == LastLook(PICTURE + b"2", later)
    assert board.get("gate-2") == LastLook(PICTURE, NOON)
    assert board.get("gate-3") is None


def test_times_without_the_pictures(board: LookBoard) -> None:
    later = NOON + timedelta(seconds=2.5)
    board.put("gate-1", PICTURE, NOON)
    board.put("gate-2", PICTURE, later)
    times = board.times(["gate-1", "gate-2", "gate-3"])
    assert times == {"gate-1": NOON, "gate-2": later}
    assert board.times([]) == {}


def test_pictures_expire(bus_url: str) -> None:
    board = LookBoard(bus_url, settings=BusSettings(look_keep_s=0.05))
    board.put("gate-1", PICTURE, NOON)
    wait_until(lambda: board.get("gate-1") is None, "the picture to leave")
    board.close()


def test_a_bus_that_is_away_is_no_trouble_for_a_look(own_bus: EmbeddedBus) -> None:
    board = LookBoard(own_bus.url)
    own_bus.stop()
    with capture_logs() as logs:
        for _ in range(100):
            board.put("gate-1", PICTURE, NOON)
    assert [entry["event"] for entry in logs] == ["bus away, the wall stands still"]
    with pytest.raises(BusUnavailable, match="last look of camera=gate-1"):
        board.get("gate-1")
    own_bus.start()
    assert board.get("gate-1") is None
    wait_until(lambda: put_and_get(board), "pictures after the return")
    board.close()


def test_a_bus_that_hangs_takes_little_of_the_time_of_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(look_board, "QUIET_S", 0.0)
    settings = BusSettings(answer_timeout_s=0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections, no more
        board = LookBoard(f"redis://127.0.0.1:{silent.getsockname()[1]}", settings=settings)
        waited_s = []
        for _ in range(50):
            began_s = time.monotonic()
            board.put("gate-1", PICTURE, NOON)
            waited_s.append(time.monotonic() - began_s)
            time.sleep(0.01)
        board.close()
    assert waited_s[0] >= 0.1
    assert max(waited_s[1:]) < 0.1


def put_and_get(board: LookBoard) -> LastLook | None:
    board.put("gate-1", PICTURE, NOON)
    return board.get("gate-1")
