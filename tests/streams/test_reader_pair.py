"""Two readers at one camera: the second comes after the first, and a refused login stops both."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.errors import StreamUnauthorized
from domain.health import CameraStatus, FaultKind
from lab.footage.simulator import Fault, Simulator
from streams.address import CameraAddress
from streams.door import Door, same_account
from streams.reader import CameraReader, stop_all
from tests.media import make_clip
from tests.streams.footage import BRISK, moment, wait_until


@pytest.fixture
def clips(tmp_path: Path) -> dict[str, Path]:
    clip = make_clip(tmp_path / "a.mp4", gop=5)
    return {"gate": clip, "gate/sub": clip}


@contextmanager
def pair(main_url: str, detect_url: str) -> Iterator[tuple[CameraReader, CameraReader]]:
    main = CameraReader("gate", CameraAddress.parse(main_url), BRISK)
    detect = CameraReader("gate", CameraAddress.parse(detect_url), BRISK, after=main)
    detect.start()
    main.start()
    try:
        yield main, detect
    finally:
        stop_all([detect, main])


def is_(reader: CameraReader, what: CameraStatus | FaultKind) -> bool:
    said = reader.status(moment())
    return what in (said.status, said.fault)


def test_a_refused_login_is_tried_once_for_both_streams(clips: dict[str, Path]) -> None:
    with Simulator(clips, credentials=("viewer", "right")) as cameras:
        main_url, detect_url = (
            cameras.url(name, with_credentials=True).replace("right", "wrong") for name in clips
        )
        with pair(main_url, detect_url) as readers:
            wait_until(lambda: all(is_(reader, FaultKind.UNAUTHORIZED) for reader in readers))
            counts = cameras.stats.cameras
            assert (counts["gate"].rejected, counts["gate/sub"].rejected) == (1, 0)
            assert counts["gate/sub"].connects == 0
            said = readers[1].status(moment())
            assert "not tried" in said.detail
            assert "wrong" not in said.detail


def test_a_small_stream_without_its_main_one_is_opened_all_the_same(
    clips: dict[str, Path],
) -> None:
    with Simulator(clips, faults={"gate": Fault(kind="not_found")}) as cameras:
        with pair(cameras.url("gate"), cameras.url("gate/sub")) as (main, detect):
            wait_until(lambda: is_(detect, CameraStatus.SEEING))
            assert is_(main, FaultKind.NOT_FOUND)


def test_each_stream_has_its_own_pauses(clips: dict[str, Path]) -> None:
    with Simulator(clips, faults={"gate/sub": Fault(kind="refuse")}) as cameras:
        with pair(cameras.url("gate"), cameras.url("gate/sub")) as (main, detect):
            wait_until(lambda: cameras.stats.cameras["gate/sub"].connects >= 3)
            wait_until(lambda: is_(main, CameraStatus.SEEING))
            assert cameras.stats.cameras["gate"].connects == 1
            cameras.set_fault("gate/sub", None)
            wait_until(lambda: is_(detect, CameraStatus.SEEING))


def test_a_door_opens_again_after_its_pause() -> None:
    door, address = Door(pause_s=0.0), CameraAddress.parse("rtsp://u:p@gate/1")
    with pytest.raises(StreamUnauthorized, match="refused"), door.knock(address):
        raise StreamUnauthorized("refused")
    with door.knock(address):
        pass


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("rtsp://u:a@gate/1", "rtsp://u:b@gate/2", True),
        ("rtsp://u:a@gate/1", "rtsp://v:a@gate/2", False),
        ("rtsp://u:a@gate/1", "rtsp://u:a@yard/1", False),
        ("rtsp://u:a@gate:554/1", "rtsp://u:a@gate/2", True),
        ("rtsp://u:a@gate/1", "/clips/gate.mp4", False),
    ],
)
def test_an_account_is_a_user_of_a_device(one: str, other: str, same: bool) -> None:
    assert same_account(CameraAddress.parse(one), CameraAddress.parse(other)) is same
