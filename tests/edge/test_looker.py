"""What fails for one camera costs the others nothing."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.clock import Moment, VirtualClock
from domain.health import CameraLooks
from edge.attention import Attention
from edge.eyes import Eyes
from edge.looker import Looker
from edge.post import CameraPost
from edge.reporter import Reporter
from edge.roster import Roster
from models.catalogue.catalog import Catalog
from models.detections import Detections
from models.detector_settings import DetectorSettings
from settings.config import Configuration
from streams.budget import RingBudget
from tests.block_detector import NAME, import_block_detector
from tests.builders import NOON
from tests.media import make_clip
from tests.streams.footage import packets_of
from vision.second_look.taking import SecondLookSettings

IDS = ("bad", "good-1", "good-2")


class Bench:
    """A looker at three cameras of which the first one waits longest."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock(NOON)
        settings = {"data_dir": folder, "detector": {"model": NAME}, "cameras": _cameras()}
        configuration = Configuration.of(settings)
        share = configuration.share()
        import_block_detector(configuration.models_dir)
        self.configuration = configuration
        self.posts = [
            CameraPost(camera, share, clock=self.clock, on_gap=lambda _gap: None)
            for camera in share.cameras
        ]
        keyframe, *_ = packets_of(make_clip(folder / "clip.mp4", seconds=1), NOON)
        for post in self.posts:
            post.reader.main.ring.append(keyframe)
        self.eyes = Eyes(Catalog(configuration.models_dir), configuration.detector)
        self.looker = Looker(
            Roster(self.posts, attended=0),
            self.eyes,
            judging=Lock(),
            batch=8,
            attention=Attention(SecondLookSettings(), self.eyes),
            clock=self.clock,
            on_news=lambda _post, _frame, _news: None,
            on_picture=lambda _camera_id, _picture, _at: None,
        )

    def look(self, after_s: float = 1) -> dict[str, CameraLooks]:
        """One round; what it did."""
        self.looker._round(Moment.of(NOON + timedelta(seconds=after_s)))
        return {post.camera_id: post.book.close_page() for post in self.posts}


def _cameras() -> list[dict[str, Any]]:
    camera = {"site_id": "s", "url": "rtsp://h/1", "rules": {"fire": {}}}
    return [{"id": id_, "name": id_, **camera} for id_ in IDS]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def fail(*_: object, **__: object) -> Any:
    raise ValueError("a picture that nobody thought of")


@pytest.mark.parametrize("part", ["picture", "patrol"])
def test_one_camera_whose_look_fails_blinds_only_itself(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    bad = bench.posts[0]
    monkeypatch.setattr(getattr(bad, part), "look", fail)
    with capture_logs() as logs:
        pages = bench.look()
    assert [page.looks for page in pages.values()] == [0, 1, 1]
    assert pages["bad"].skipped == {"failed": 1}
    assert bad.book.due_s > NOON.timestamp(), "it is not owed most for ever"
    assert [line["camera"] for line in logs if line["event"] == "look failed"] == ["bad"]


def test_a_detector_that_fails_costs_the_looks_and_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = bench.eyes.detector(Moment.of(NOON))
    assert detector is not None

    def run_out(_images: Sequence[object]) -> list[Detections]:
        raise MemoryError

    monkeypatch.setattr(detector, "detect", run_out)
    assert [page.skipped for page in bench.look().values()] == [{"failed": 1}] * 3


def test_a_picture_that_cannot_be_taken_keeps_nobody_in_hand(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(bench.posts[0].reader, "take", fail)
        assert [page.looks for page in bench.look().values()] == [0, 1, 1]
    assert bench.look()["bad"].looks == 1


def test_one_camera_whose_tick_fails_stops_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.posts[0].patrol, "tick", fail)
    for post in bench.posts:
        monkeypatch.setattr(post.reader, "take", lambda **_: None)
    pages = bench.look(after_s=100)
    assert [len(page.skipped) for page in pages.values()] == [1, 1, 1]
    assert "no_picture" not in pages["good-2"].skipped


def test_one_camera_without_health_silences_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.posts[0], "health", fail)
    said: list[Any] = []
    reporter = Reporter(
        "w", bench.posts, clock=bench.clock, publish=said.append, budget=RingBudget(1_000)
    )
    reporter.report(Moment.of(NOON))
    assert [message.health.camera_id for message in said] == ["good-1", "good-2"]


def test_eyes_with_a_label_that_the_model_lacks_are_blind_and_say_so(bench: Bench) -> None:
    settings = DetectorSettings(model=NAME, labels=("fyre",))
    eyes = Eyes(Catalog(bench.configuration.models_dir), settings)
    with capture_logs() as logs:
        assert eyes.detector(Moment.of(NOON)) is None
    assert "fyre" in logs[0]["error"]


def test_each_picture_is_a_sign_of_life_and_not_a_whole_round_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []
    bench.looker.on_turn = lambda: turns.append(1)
    with monkeypatch.context() as broken:
        broken.setattr(bench.posts[0].reader, "take", fail)
        bench.look()
    assert len(turns) >= 2 + 1, "two were taken, and looked at"
