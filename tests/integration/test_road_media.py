"""Road occupation on real clips with the carried model."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from domain.errors import ModelMissing
from lab.trials.evaluate import STARTS_AT, load_truth, replay_clip
from lab.trials.scoring import replayed_incidents
from models.catalogue.catalog import Catalog
from models.detector import Detector
from models.detector_settings import DetectorSettings
from streams.frame import Image
from streams.replay import replay
from tests.lacking import lacking
from tests.shared_data import shared_data
from vision.incidents import IncidentMessage
from vision.look import Look
from vision.patrol import CameraPatrol
from vision.rule_register import parse_rules

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]
SHANGHAI = ZoneInfo("Asia/Shanghai")
STALL = (0.3, 0.66, 0.45, 0.9)


@pytest.fixture(scope="module")
def detector() -> Detector:
    try:
        return Detector.open(Catalog(None), DetectorSettings())
    except ModelMissing as error:
        lacking(f"no model is carried: {error}")


@pytest.mark.parametrize("look_every_s", [1.0, 2.0, 5.0])
def test_the_parked_car_is_found_and_what_drives_is_not(
    detector: Detector, look_every_s: float
) -> None:
    media = shared_data("media")
    truth = load_truth(media / "truth.yaml")
    clips = [clip for clip in truth.clips if "road_occupation" in truth.rules_of(clip)]
    assert len(clips) >= 2
    for clip in clips:
        scored = replay_clip(
            clip, truth, media, detector, look_every_s=look_every_s, timezone=SHANGHAI
        )
        assert (scored.missed, scored.false) == (0, 0), scored


def test_a_heap_that_appears_in_real_traffic_is_found(detector: Detector) -> None:
    clip = shared_data("media/street_motorcycles.mp4")
    rules = {"stalls": {"zone": [[0.2, 0.3], [1, 0.3], [1, 1], [0.2, 1]], "for_s": 40}}
    assert [] == opened_at(detector, clip, rules, appears_s=None)
    (at_s,) = opened_at(detector, clip, rules, appears_s=30)
    assert 68 <= at_s <= 90


def opened_at(
    detector: Detector, clip: Path, rules: dict[str, Any], *, appears_s: float | None
) -> list[float]:
    """When incidents open in two minutes of a clip into which a heap is painted."""
    patrol = CameraPatrol(
        "clip", parse_rules(rules), [], timezone=SHANGHAI, model=None, notice=None
    )
    messages: list[IncidentMessage] = []
    for frame in replay(clip, look_every_s=2.0, start_at=STARTS_AT, repeat_to_s=110):
        image = frame.scaled(detector.fit_wh(frame.size_wh))
        since = frame.captured_at - STARTS_AT
        if appears_s is not None and since >= timedelta(seconds=appears_s):
            paint_heap(image)
        (seen,) = detector.detect([image])
        messages += patrol.look(Look("clip", frame.captured_at, seen, frame.size_wh, image))
    return [one.opened_at_s for one in replayed_incidents(messages, STARTS_AT)]


def paint_heap(image: Image) -> None:
    """Boxes and cloths of many colours, the same in every picture."""
    rng = np.random.default_rng(3)
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (round(v * s) for v, s in zip(STALL, (width, height) * 2, strict=True))
    for _ in range(60):
        x, y = int(rng.integers(x1, x2 - 10)), int(rng.integers(y1, y2 - 10))
        w, h = (int(v) for v in rng.integers(8, 40, 2))
        colour = tuple(int(v) for v in rng.integers(20, 240, 3))
        cv2.rectangle(image, (x, y), (min(x + w, x2), min(y + h, y2)), colour, -1)
