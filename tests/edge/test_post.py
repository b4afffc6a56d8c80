"""What a camera is called: seeing only while its pictures are decoded and decided on."""

from pathlib import Path
from typing import cast

import pytest

from domain.clock import Moment, VirtualClock
from domain.health import CameraStatus, FaultKind, MissCause
from edge.post import LOOKED_WITHIN_S, CameraPost
from edge.worth import Suspicion
from settings.config import Configuration
from streams.frame import Frame
from streams.packet import StreamInfo
from tests.builders import NOON
from tests.edge.shedding import FLAME, Picture
from tests.streams.footage import made_up
from tests.vision.looks import look, patrol

STREAM = StreamInfo("h264", (320, 180))


class Camera:
    """A post whose packets the test hands over, as its reader's thread would."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = VirtualClock(NOON)
        gate = {"id": "gate", "name": "门", "site_id": "s", "url": "rtsp://h/1"}
        share = Configuration.of({"data_dir": data_dir, "cameras": [gate]}).share()
        (camera,) = share.cameras
        self.post = CameraPost(camera, share, clock=self.clock, on_gap=lambda _gap: None)
        self.main = self.post.reader.main
        self.main._record.connected(self.now)
        self._second = 0

    @property
    def now(self) -> Moment:
        return self.clock.moment()

    def send(self, seconds: int, *, take: bool = False) -> None:
        """A keyframe each second, which is no picture at all; taken by the looker or not."""
        for _ in range(seconds):
            self.clock.advance(1)
            self._second += 1
            packet = made_up(self._second, keyframe=True, stream=STREAM)
            self.main.ring.append(packet)
            self.main._record.arrived(packet, self.now)
            if take:
                assert self.post.reader.take() is None
            self.post.miss_if_late(self.now)

    def missed(self) -> set[str]:
        return set(self.post.book.close_page().skipped)


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    return Camera(tmp_path)


def test_packets_alone_are_not_seeing(camera: Camera) -> None:
    camera.send(2)
    assert camera.post.health(camera.now).status is CameraStatus.CONNECTING

    camera.post.book.done(camera.now, {})
    assert camera.post.health(camera.now).status is CameraStatus.SEEING


def test_pictures_that_do_not_decode_are_a_fault_and_the_cause_of_misses(camera: Camera) -> None:
    camera.send(10, take=True)

    health = camera.post.health(camera.now)
    assert (health.status, health.fault) == (CameraStatus.IMPAIRED, FaultKind.CORRUPT)
    assert camera.missed() == {FaultKind.CORRUPT}


def test_pictures_that_nobody_looks_at_are_told_with_the_true_cause(camera: Camera) -> None:
    camera.post.book.skip(camera.now, MissCause.NO_DETECTOR.value)
    camera.send(round(LOOKED_WITHIN_S) + 2)

    health = camera.post.health(camera.now)
    assert (health.status, health.fault) == (CameraStatus.IMPAIRED, FaultKind.NOT_LOOKED_AT)
    assert "no detector" in health.detail
    assert camera.missed() == {MissCause.NO_DETECTOR}


def test_a_picture_that_waits_is_missed_by_overload(camera: Camera) -> None:
    camera.send(8)

    assert camera.missed() == {MissCause.OVERLOAD}


@pytest.mark.parametrize("set_by_s", [7200, -7200])
def test_a_clock_that_is_set_changes_nothing_of_it(camera: Camera, set_by_s: float) -> None:
    camera.send(3)
    camera.post.book.done(camera.now, {})
    camera.missed()
    camera.clock.set_by(set_by_s)

    assert camera.post.health(camera.now).status is CameraStatus.SEEING
    camera.post.miss_if_late(camera.now)
    assert camera.missed() == set()


ZONED = {"crowding": {"zones": ["square"]}}
SQUARE = {"id": "square", "kind": "detect", "polygon": [[0, 0], [1, 0], [1, 1]]}


@pytest.mark.parametrize(
    ("rules", "moved", "missed"),
    [
        (ZONED, False, {}),
        (ZONED, True, {"moved": 1}),
        ({**ZONED, "fire": {}}, True, {}),  # a fire is one wherever the camera looks
        ({}, True, {}),
    ],
    ids=["its view", "moved", "moved, fire", "no rules"],
)
def test_a_look_that_shows_no_rule_its_place_keeps_no_promise(
    tmp_path: Path, rules: dict[str, object], moved: bool, missed: dict[str, int]
) -> None:
    gate = {"id": "gate", "name": "门", "site_id": "s", "url": "rtsp://h/1", "zones": [SQUARE]}
    file = {"data_dir": tmp_path, "cameras": [{**gate, "rules": rules}]}
    share, clock = Configuration.of(file).share(), VirtualClock(NOON)
    post = CameraPost(share.cameras[0], share, clock=clock, on_gap=lambda _gap: None)
    post.patrol.note_view(doubted=False, moved=moved)
    frame = cast(Frame, Picture(clock.moment()))
    post.looked(look(0, []), frame, "cpu", early=False)
    page = post.book.close_page()
    assert (page.looks, page.skipped) == (1, missed)


def test_looks_are_as_far_apart_as_keyframes_let_them(camera: Camera) -> None:
    promised_s = camera.post.book.promised_s
    assert camera.post.looked_every_s(camera.now) == promised_s
    camera.send(3)
    assert camera.post.looked_every_s(camera.now) == promised_s
    camera.post.book.promise(2.6)
    assert camera.post.looked_every_s(camera.now) == 2.0


def test_what_is_suspected_is_told_by_its_kind(camera: Camera) -> None:
    assert not camera.post.suspicion
    flame = patrol({"fire": {}})
    flame.look(look(0, [FLAME]))
    camera.post.patrol = flame
    assert camera.post.suspicion == Suspicion.FIRE
