"""Clips replayed through the real pipeline: hours, written boxes, picture diagnosis, the trace."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from domain.errors import StreamNotFound
from domain.health import FaultKind
from lab.trials.boxes import Moment, write_boxes
from lab.trials.evaluate import STARTS_AT, replay_clip, starts_at
from lab.trials.scoring import ClipScore
from lab.trials.trace import Trace
from lab.trials.truth import Truth
from models.catalogue.catalog import Catalog
from models.detector import Detector
from models.detector_settings import DetectorSettings
from streams.frame import Image
from tests.block_detector import NAME, blocks_picture, import_block_detector
from tests.media import make_clip
from tests.vision.paintings import grainy, street, turned
from vision.look_step import LookSettings
from vision.picture.diagnosis import PictureSettings

SHANGHAI = ZoneInfo("Asia/Shanghai")
KERB = {"parking": {"zone": [[0, 0], [1, 0], [1, 1], [0, 1]], "for_s": 10}}
PARKED = {"kind": "road_occupation", "from_s": 8, "to_s": 16}
CAR = ("car", 0.7, 0.4, 0.5, 0.6, 0.8)


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    models_dir = tmp_path_factory.mktemp("models")
    import_block_detector(models_dir)
    return Detector.open(Catalog(models_dir), DetectorSettings(model=NAME, confidence=0.3))


def replayed(
    detector: Detector, folder: Path, clip: dict[str, Any], **more: Any
) -> tuple[ClipScore, Trace]:
    truth, trace = Truth.model_validate({"clips": [{"incidents": [], **clip}]}), Trace()
    options = {"look_every_s": 2.0, "timezone": SHANGHAI, **more}
    scored = replay_clip(truth.clips[0], truth, folder, detector, trace=trace, **options)
    return scored, trace


def paint_street(number: int) -> Image:
    return grainy(street(), number)


def test_a_clip_begins_at_noon_or_when_it_says() -> None:
    noon, morning = Truth.model_validate(
        {
            "clips": [
                {"file": "a", "incidents": []},
                {"file": "a", "incidents": [], "starts_at": 580},
            ]
        }
    ).clips
    assert starts_at(noon, SHANGHAI) == STARTS_AT
    assert starts_at(morning, SHANGHAI) == datetime(2026, 1, 1, 9, 40, tzinfo=SHANGHAI)


def test_what_the_detector_sees_is_judged_and_traced(detector: Detector, tmp_path: Path) -> None:
    def paint(number: int) -> Image:
        return grainy(blocks_picture({(5, 3): "car"}), number)

    make_clip(tmp_path / "a.mp4", seconds=20, fps=2, gop=4, size_wh=(320, 192), paint=paint)
    scored, trace = replayed(
        detector, tmp_path, {"file": "a.mp4", "rules": KERB, "incidents": [PARKED]}
    )
    assert (scored.found, scored.missed, scored.false) == (1, 0, 0)
    assert scored.by_rule["parking"].found == 1
    assert [mark.at_s for mark in trace.looks[:3]] == [0, 2, 4]
    assert [mark.open for mark in trace.looks] == [mark.at_s >= 10 for mark in trace.looks]


def test_written_boxes_are_seen_instead(detector: Detector, tmp_path: Path) -> None:
    make_clip(tmp_path / "a.mp4", seconds=20, fps=2, gop=4, paint=paint_street)
    clip = {"file": "a.mp4", "rules": KERB, "incidents": [PARKED]}
    assert replayed(detector, tmp_path, clip)[0].found == 0
    write_boxes(tmp_path / "a.json", [Moment(at_s=0, seen=(CAR,))])
    assert replayed(detector, tmp_path, {**clip, "boxes": "a.json"})[0].found == 1


@pytest.mark.parametrize(("begins", "found"), [("09:59", 1), ("08:00", 0), (None, 1)])
def test_hours_are_those_of_the_clip(
    detector: Detector, tmp_path: Path, begins: str | None, found: int
) -> None:
    make_clip(tmp_path / "a.mp4", seconds=20, fps=2, gop=4, paint=paint_street)
    write_boxes(tmp_path / "a.json", [Moment(at_s=0, seen=(CAR,))])
    hours = {"parking": {**KERB["parking"], "schedule": [{"from": "09:30", "to": "20:00"}]}}
    clip = {"file": "a.mp4", "rules": hours, "boxes": "a.json", "starts_at": begins}
    scored, _ = replayed(detector, tmp_path, clip)
    assert len(scored.incidents) == found


def test_a_turned_camera_is_diagnosed_and_its_rules_pause(
    detector: Detector, tmp_path: Path
) -> None:
    def paint(number: int) -> Image:
        return grainy(street() if number < 90 else turned(street(), 70, 30), number)

    make_clip(tmp_path / "a.mp4", seconds=200, fps=1, gop=2, paint=paint)
    write_boxes(tmp_path / "a.json", [Moment(at_s=0, seen=()), Moment(at_s=120, seen=(CAR,))])
    moved = {"fault": "moved", "from_s": 90, "to_s": 170}
    clip = {"file": "a.mp4", "rules": KERB, "boxes": "a.json", "faults": [moved]}
    scored, trace = replayed(detector, tmp_path, clip)
    assert scored.incidents == ()
    assert (scored.faults_found, scored.faults_missed, scored.faults_false) == (1, 0, 0)
    assert [mark.fault for mark in trace.faults] == [FaultKind.MOVED]


def test_a_black_picture_is_not_judged(detector: Detector, tmp_path: Path) -> None:
    def paint(number: int) -> Image:
        return np.zeros((180, 320, 3), np.uint8) if number >= 20 else paint_street(number)

    make_clip(tmp_path / "a.mp4", seconds=60, fps=1, gop=2, paint=paint)
    write_boxes(tmp_path / "a.json", [Moment(at_s=0, seen=(CAR,))])
    rules = {"parking": {**KERB["parking"], "unseen_after_s": 20}}
    clip = {"file": "a.mp4", "boxes": "a.json", "rules": rules}
    settings = PictureSettings(black_after_s=4)
    scored, trace = replayed(detector, tmp_path, clip, looking=LookSettings(picture=settings))
    (one,) = scored.incidents
    assert one.closed_at_s == pytest.approx(44, abs=6), "without looks for 20 s nobody knows"
    assert {mark.blinded for mark in trace.looks if mark.at_s > 30} == {FaultKind.BLACK}
    assert scored.faults_false == 0, "a truth without faults judges none"


def test_a_missing_clip_is_said(detector: Detector, tmp_path: Path) -> None:
    with pytest.raises(StreamNotFound, match=r"expected the clip a\.mp4 in "):
        replayed(detector, tmp_path, {"file": "a.mp4"})


def test_a_suspicious_clip_is_watched_to_its_very_end(detector: Detector, tmp_path: Path) -> None:
    """The last look is at 2 s, and the limit is reached after it."""

    def paint(number: int) -> Image:
        return grainy(blocks_picture({(2, 3): "person", (6, 3): "person"}), number)

    size = {"fps": 10, "gop": 20, "size_wh": (320, 192)}
    make_clip(tmp_path / "a.mp4", seconds=4, paint=paint, **size)  # type: ignore[arg-type]
    crowd = {"crowding": {"count": 2, "for_s": 3}}
    expected = {"kind": "crowding", "from_s": 0, "to_s": 4}
    scored, _ = replayed(
        detector, tmp_path, {"file": "a.mp4", "rules": crowd, "incidents": [expected]}
    )
    assert (scored.found, scored.missed, scored.false) == (1, 0, 0)
