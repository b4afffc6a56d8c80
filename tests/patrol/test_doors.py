"""What a worker knows of its cameras' logins outlives it."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.errors import StreamUnauthorized
from edge.doors import DoorKeeper
from lab.footage.simulator import Fault, Simulator
from streams.address import CameraAddress
from streams.opening import opened
from streams.rtsp.known import KnownCameras
from tests.media import make_clip
from tests.streams.footage import BRISK

SECRET = "hunter2"


@pytest.mark.parametrize("allow_basic", [None, True])
def test_after_a_start_no_camera_is_told_the_password_that_took_a_digest(
    tmp_path: Path, allow_basic: bool | None
) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=1)
    file = tmp_path / "worker" / "doors.json"
    settings = BRISK.model_copy(update={"allow_basic": allow_basic})
    with Simulator({"gate": clip}, credentials=("u", SECRET)) as camera:
        address = CameraAddress.parse(camera.url("gate", with_credentials=True))
        before, after = KnownCameras(), KnownCameras()
        DoorKeeper(file, before).recall()
        opened(address, settings, known=before).close()

        camera.set_fault("gate", Fault("basic_only"))
        DoorKeeper(file, after).recall()
        if allow_basic:
            opened(address, settings, known=after).close()
            return
        with pytest.raises(StreamUnauthorized, match="although it took a digest before"):
            opened(address, settings, known=after)
        assert camera.stats.cameras["gate"].rejected == 0
    assert SECRET not in file.read_text()
    assert str(camera.port) in file.read_text()


def test_a_damaged_file_is_begun_anew_and_a_keeper_that_stopped_writes_no_more(
    tmp_path: Path,
) -> None:
    file, known = tmp_path / "doors.json", KnownCameras()
    file.write_text("{")
    keeper = DoorKeeper(file, known)
    keeper.recall()
    known.saw_digest(CameraAddress.parse("rtsp://127.0.0.1:9/a"))
    kept = file.read_text()
    assert "127.0.0.1" in kept
    keeper.stop()
    known.saw_digest(CameraAddress.parse("rtsp://127.0.0.1:10/a"))
    assert file.read_text() == kept


def test_a_disk_that_takes_nothing_stops_no_camera(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    known = KnownCameras()
    DoorKeeper(tmp_path / "file" / "doors.json", known).recall()
    with capture_logs() as logs:
        known.saw_digest(CameraAddress.parse("rtsp://127.0.0.1:9/a"))
    assert [log["event"] for log in logs] == ["which cameras take a digest is not kept"]
