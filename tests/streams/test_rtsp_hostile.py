"""Hostile cameras: pictures, or one true reason, within bounds."""

from pathlib import Path

import pytest

from domain.health import FaultKind
from lab.footage.simulator.hostile import HOSTILE
from lab.footage.simulator.odd_camera import odd_camera
from streams.address import CameraAddress
from streams.opening import opened
from streams.rtsp.known import KnownCameras
from tests.media import make_clip
from tests.streams.footage import BRISK
from tests.streams.test_rtsp_odd import outcome


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("hostile") / "a.mp4", seconds=1, fps=20, gop=5)


FAULTS_OF_THE_HOSTILE: dict[FaultKind, set[str]] = {
    FaultKind.STALLED: {
        *("says nothing", "drips", "noise for answers", "undeclared channel", "empty packets"),
        *("another RTP version", "an extension too long", "fragments without end"),
        *("a fragment that grows", "frames of 64 KB"),
    },
    FaultKind.REFUSED: {
        *("hangs up", "headers without end", "a header without end", "a body without end"),
        *("speaks HTTP", "a description of a megabyte"),
    },
    FaultKind.CORRUPT: {"audio alone", "channels beyond 255"},
    FaultKind.ENDED: {"resets after one picture", "resets before any picture"},
}
"""Those that give no pictures."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_camera_gives_pictures_or_a_named_fault(name: str, clip: Path) -> None:
    own = BRISK.model_copy(update={"rtsp": "own", "open_timeout_s": 0.5, "read_timeout_s": 0.5})
    with odd_camera(clip, HOSTILE[name]) as camera:
        address = CameraAddress.parse(camera.url)
        met = outcome(lambda: opened(address, own, known=KnownCameras()))
    assert met == next((fault for fault, of in FAULTS_OF_THE_HOSTILE.items() if name in of), None)
