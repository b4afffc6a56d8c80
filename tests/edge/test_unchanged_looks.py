"""The looker asks the network once for pictures that show the same, and the rules go on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from domain.clock import Moment, VirtualClock
from domain.health import CameraLooks
from edge.attention import Attention
from edge.eyes import Eyes
from edge.looker import Looker, Taken
from edge.post import CameraPost
from edge.roster import Roster
from models.catalogue.catalog import Catalog
from models.detections import Detections
from settings.config import Configuration
from streams.frame import Frame, Image
from streams.packet import Packet
from tests.block_detector import NAME, blocks_picture, import_block_detector
from tests.builders import NOON
from tests.media import make_clip
from tests.streams.footage import packets_of
from tests.vision.paintings import grainy
from vision.incidents import IncidentMessage

SECONDS, FPS, LOOK_EVERY_S = 40, 2, 2.0
APPROVAL = {"legal_basis": "某法第一条", "approved_by": "某局", "approved_on": "2025-12-01"}
RULES: dict[str, Any] = {"fire": {}, "road_occupation": {"for_s": 20}}


def paint(number: int) -> Image:
    """A car that stands, in the noise of a sensor."""
    return grainy(blocks_picture({(5, 3): "car"}), number)


@dataclass
class Patrolled:
    """A real looker before one camera, by hand and on the time of a clip."""

    folder: Path
    enabled: bool = True
    rules: dict[str, Any] = field(default_factory=lambda: RULES)
    asked: int = 0
    """Pictures that the network saw."""
    messages: list[IncidentMessage] = field(default_factory=list)

    def __post_init__(self) -> None:
        camera = {"id": "gate", "name": "gate", "site_id": "s", "url": "rtsp://h/1"}
        configuration = Configuration.of(
            {
                "data_dir": self.folder,
                "detector": {"model": NAME, "confidence": 0.3},
                "unchanged_looks": {"enabled": self.enabled},
                "approvals": {"road_occupation": APPROVAL},
                "cameras": [{**camera, "look_every_s": LOOK_EVERY_S, "rules": self.rules}],
            }
        )
        share = configuration.share()
        import_block_detector(configuration.models_dir)
        self.clock = VirtualClock(NOON)
        self.post = CameraPost(share.cameras[0], share, clock=self.clock, on_gap=lambda _gap: None)
        self.eyes = Eyes(Catalog(share.models_dir), share.detector)
        self.looker = Looker(
            Roster([self.post], attended=0),
            self.eyes,
            judging=Lock(),
            batch=1,
            attention=Attention(configuration.second_look, self.eyes),
            clock=self.clock,
            on_news=lambda _post, _frame, news: self.messages.extend(news),
            on_picture=lambda _camera_id, _picture, _at: None,
        )
        self._count()

    def _count(self) -> None:
        detector = self.eyes.detector(Moment.of(NOON))
        assert detector is not None
        detect = detector.detect

        def counted(images: Sequence[Image]) -> list[Detections]:
            self.asked += len(images)
            return detect(images)

        detector.detect = counted  # type: ignore[method-assign]
        self.detector = detector

    def watch(self, clip: Path) -> CameraLooks:
        self._see(packets_of(clip, NOON))
        return self.post.book.close_page()

    def watch_up_to(self, clip: Path, seconds: float) -> Frame:
        """Watch the beginning of a clip; the next picture, which nobody has looked at."""
        *seen, last = [packet for packet in packets_of(clip, NOON) if packet.stream_s <= seconds]
        self._see(seen)
        self.post.book.close_page()
        self.post.reader.main.ring.append(last)
        frame = self.post.reader.take(follow=True)
        assert frame is not None
        return frame

    def _see(self, packets: Sequence[Packet]) -> None:
        for packet in packets:
            self.clock.move_to(packet.captured_at)
            self.post.reader.main.ring.append(packet)
            self.looker._round(Moment.of(packet.captured_at))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("clip") / "a.mp4"
    return make_clip(
        file, seconds=SECONDS, fps=FPS, gop=2 * FPS, size_wh=(320, 192), paint=paint
    )  # fmt: skip


def test_equal_pictures_are_seen_once_and_the_rules_go_on(clip: Path, tmp_path: Path) -> None:
    spared = Patrolled(tmp_path / "spared")
    full = Patrolled(tmp_path / "full", enabled=False)
    page, every = spared.watch(clip), full.watch(clip)
    assert (every.looks, every.unchanged) == (full.asked, 0)
    assert page.looks == every.looks
    assert page.unchanged == page.looks - spared.asked > page.looks / 4
    assert (page.counts, page.skipped) == (every.counts, {}) == ({"car": 1}, {})
    assert page.intervals_s == every.intervals_s
    opened = [one.incident.opened_at for one in spared.messages if one.incident.revision == 1]
    assert opened == [one.incident.opened_at for one in full.messages if one.incident.revision == 1]
    assert len(opened) == 1


@pytest.mark.parametrize("why", ["nobody", "somebody asked", "packets grew"])
def test_whoever_wants_the_picture_seen_has_it_seen(clip: Path, tmp_path: Path, why: str) -> None:
    camera = Patrolled(tmp_path)
    frame = camera.watch_up_to(clip, 8)
    heard: list[object] = []
    if why == "somebody asked":
        camera.post.asked.ask(heard.append)
    asked = camera.asked
    camera.looker._look([Taken(camera.post, frame, why == "packets grew")], camera.detector)
    assert camera.asked - asked == (why != "nobody")
    assert len(heard) == (why == "somebody asked")


def test_a_change_is_seen_at_once(tmp_path: Path) -> None:
    def fire_at_last(number: int) -> Image:
        lit = {(2, 2): "fire"} if number >= 7 * FPS * 2 else {}
        return grainy(blocks_picture({(5, 3): "car"} | lit), number)

    clip = make_clip(
        tmp_path / "a.mp4", seconds=15, fps=FPS, gop=2 * FPS, size_wh=(320, 192), paint=fire_at_last
    )
    camera = Patrolled(tmp_path / "w")
    page = camera.watch(clip)
    assert page.counts == {"car": 1, "fire": 1}
    assert page.unchanged > 0


def test_without_a_detector_nothing_is_recalled(clip: Path, tmp_path: Path) -> None:
    camera = Patrolled(tmp_path)
    frame = camera.watch_up_to(clip, 8)
    camera.looker._look([Taken(camera.post, frame)], None)
    assert camera.post.book.close_page().skipped == {"no_detector": 1}
