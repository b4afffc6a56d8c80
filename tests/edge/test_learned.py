"""What rules learned over weeks survives the worker."""

from datetime import UTC, datetime
from pathlib import Path

from domain.clock import VirtualClock
from edge.post import CameraPost
from edge.state.learned import LessonKeeper, load_lessons, save_lessons
from settings.config import Configuration
from vision.rules.baseline import BaselineMemory

SHARE = Configuration.of(
    {
        "cameras": [
            {
                "id": "square",
                "name": "广场",
                "site_id": "s",
                "url": "rtsp://192.0.2.1/",
                "rules": {"crowding": {"baseline": {}}, "fire": {}},
            }
        ]
    }
).share()


def post() -> CameraPost:
    clock = VirtualClock(datetime(2026, 3, 2, tzinfo=UTC))
    (camera,) = SHARE.cameras
    return CameraPost(camera, SHARE, clock=clock, on_gap=lambda _gap: None)


def test_what_was_learned_is_recalled(tmp_path: Path) -> None:
    path, first = tmp_path / "edge-1" / "learned.json", post()
    (key,) = first.patrol.learned
    assert key == "crowding/frame"
    of = first.patrol.learned[key].of
    first.patrol.recall({key: BaselineMemory(of=of, hours={32: ((105000, 12.0),)})})
    keeper = LessonKeeper(path, [first])
    keeper.start()
    keeper.stop(5)
    assert load_lessons(path)["square"][key].hours == {32: ((105000, 12.0),)}

    second = post()
    LessonKeeper(path, [second]).recall()
    assert second.patrol.learned == first.patrol.learned


def test_no_lessons_and_broken_ones_are_none(tmp_path: Path) -> None:
    assert load_lessons(tmp_path / "none.json") == {}
    (tmp_path / "half.json").write_text('{"cameras": {"sq')
    assert load_lessons(tmp_path / "half.json") == {}
    keeper = LessonKeeper(tmp_path / "half.json", [post()])
    keeper.recall()
    keeper.stop(1)
    assert (tmp_path / "half.json").read_text().endswith("sq"), "nothing new is not written"


def test_what_a_camera_or_rule_learned_is_kept_while_it_is_off(tmp_path: Path) -> None:
    path, weeks = tmp_path / "learned.json", BaselineMemory(of="x", hours={32: ((105000, 12.0),)})
    lessons = {"market": {"crowding/frame": weeks}, "square": {"crowding/gate": weeks}}
    save_lessons(path, lessons)
    keeper, only = LessonKeeper(path, [square := post()]), square.patrol.learned
    keeper.recall()
    (key,) = only
    square.patrol.recall({key: BaselineMemory(of=only[key].of, hours=weeks.hours)})
    keeper.stop(1)
    kept = load_lessons(path)
    assert kept["market"] == lessons["market"]
    assert kept["square"] == {"crowding/gate": weeks, **square.patrol.learned}
