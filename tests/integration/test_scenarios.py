"""The drawn scenarios through the real pipeline with the carried model, against a stored score."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ModelMissing
from lab.trials.evaluate import load_truth, replay_clip
from lab.trials.scenarios.folder import chosen, write_scenarios
from lab.trials.scoring import ClipScore, Scores, score
from lab.trials.truth import ClipTruth, Truth
from models.detections import Detections
from models.detector import Detector
from streams.frame import Image
from tests.integration.scenario_scores import (
    LOOK_EVERY_S,
    REFRESH,
    SHANGHAI,
    carried_detector,
    opened,
    replayed,
    stored,
)
from tests.lacking import lacking
from vision.look_step import LookSettings
from vision.patrol import CameraPatrol
from vision.picture.unchanged import UnchangedSettings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
LEAST_RECALL = 0.95
LATER_S = 6.0
"""So much later than stored is no alarm: another build of a codec, a detector that sees a little
less."""


@pytest.fixture(scope="module")
def detector() -> Detector:
    try:
        return carried_detector()
    except ModelMissing as error:
        lacking(f"no model is carried: {error}")


@pytest.fixture(scope="module")
def scores(detector: Detector, tmp_path_factory: pytest.TempPathFactory) -> Scores:
    return score(replayed(detector, tmp_path_factory.mktemp("scenarios")))


def test_what_is_there_is_found_and_nothing_else(scores: Scores) -> None:
    wrong = [clip.file for clip in scores.clips if clip.missed or clip.false]
    assert scores.summary.recall is not None
    assert scores.summary.recall >= LEAST_RECALL, wrong
    assert scores.summary.false_per_camera_hour == 0, wrong
    faults = scores.summary.faults
    assert (faults.missed, faults.false) == (0, 0)


def test_it_is_found_no_later_than_it_was(scores: Scores) -> None:
    found, before = opened(list(scores.clips)), stored()
    assert set(found) == set(before), f"other scenarios than are stored; write them: {REFRESH}"
    late = [
        f"{file}: at {now} s, stored {then} s"
        for file, times_s in before.items()
        for now, then in zip(found[file], times_s, strict=True)
        if now > then + LATER_S
    ]
    assert not late, f"{'; '.join(late)}. If that is meant, say why and refresh: {REFRESH}"


Spoil = Callable[[ClipTruth], ClipTruth]


def without_patience(clip: ClipTruth) -> ClipTruth:
    (rule,) = (clip.rules or {}).values()
    return clip.model_copy(update={"rules": {"parking": rule.model_copy(update={"queue_s": 0.0})}})


def half_the_limit(clip: ClipTruth) -> ClipTruth:
    (rule,) = (clip.rules or {}).values()
    half = rule.model_copy(update={"for_s": 20.0})
    return clip.model_copy(update={"rules": {"parking": half}})


def without_exemption(clip: ClipTruth) -> ClipTruth:
    return clip.model_copy(update={"zones": clip.zones[:1]})


def no_exempt_classes(clip: ClipTruth) -> ClipTruth:
    (rule,) = (clip.rules or {}).values()
    strict = rule.model_copy(
        update={"exempt_classes": (), "classes": ("sanitation truck",), "queue_s": 0.0}
    )
    return clip.model_copy(update={"rules": {"parking": strict}})


def a_lower_limit(clip: ClipTruth) -> ClipTruth:
    (rule,) = (clip.rules or {}).values()
    return clip.model_copy(update={"rules": {"crowding": rule.model_copy(update={"count": 5})}})


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("queue-at-light", without_patience),
        ("loading-stop", half_the_limit),
        ("market-leaves", without_exemption),
        ("sweeper", no_exempt_classes),
        ("bus-stop", a_lower_limit),
    ],
)
def test_what_keeps_a_scenario_quiet_is_what_it_is_about(
    name: str, spoil: Spoil, detector: Detector, tmp_path: Path
) -> None:
    assert judged(name, spoil, detector, tmp_path).false > 0


def test_a_turned_camera_would_open_false_ones_if_its_rules_did_not_pause(
    detector: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CameraPatrol, "note_view", lambda *_args, **_keywords: None)
    assert judged("turned-camera", lambda clip: clip, detector, tmp_path).false > 0


@pytest.mark.parametrize("name", ["fire-by-night", "blocked-fire-lane", "crowd-gathers"])
def test_unchanged_looks_lose_and_delay_nothing(
    name: str, detector: Detector, tmp_path: Path
) -> None:
    truth = load_truth(write_scenarios(tmp_path, chosen([name])))
    options: dict[str, Any] = {"look_every_s": LOOK_EVERY_S, "timezone": SHANGHAI}
    asked: dict[bool, int] = {}
    told: dict[bool, list[tuple[str, float, float | None]]] = {}
    for enabled in (False, True):
        counting = Counting(detector)
        looking = LookSettings(unchanged=UnchangedSettings(enabled=enabled))
        score = replay_clip(truth.clips[0], truth, tmp_path, counting, looking=looking, **options)
        asked[enabled] = counting.asked
        told[enabled] = [(i.rule_id, i.opened_at_s, i.closed_at_s) for i in score.incidents]
    assert [rule_id for rule_id, *_ in told[True]] == [rule_id for rule_id, *_ in told[False]] != []
    late_s = [now[1] - then[1] for now, then in zip(told[True], told[False], strict=True)]
    assert all(0 <= s <= LOOK_EVERY_S for s in late_s)
    assert asked[True] < asked[False] or truth.clips[0].boxes


class Counting:
    """The detector, which counts what it is asked."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.ref, self.labels, self.fit_wh = detector.ref, detector.labels, detector.fit_wh
        self.asked = 0

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.asked += len(images)
        return self._detector.detect(images)


def judged(name: str, spoil: Spoil, detector: Detector, folder: Path) -> ClipScore:
    truth = load_truth(write_scenarios(folder, chosen([name])))
    clip = spoil(truth.clips[0])
    options: dict[str, Any] = {"look_every_s": LOOK_EVERY_S, "timezone": SHANGHAI}
    return replay_clip(clip, Truth(clips=(clip,)), folder, detector, **options)
