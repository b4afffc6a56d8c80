"""How likely a fire is one: said only where it was shown to mean something, and never decisive.
And what no likelihood or second look replaces: a fire that the detector never saw is none."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from domain.incident import ModelRef
from models.detections import Detections
from tests.vision.looks import LABELS, SHANGHAI, SIZE_WH, START, Row, detections, look
from tests.vision.test_fire import FLAME, FLICKERS, STANDS_STILL, pattern
from vision.incidents import IncidentMessage
from vision.likelihood import (
    ENOUGH_SOURCES,
    FEATURES,
    MOST_ERROR,
    Calibrator,
    FireTrack,
    Reliability,
    carried,
    likelihood_words,
)
from vision.look_step import LookStep
from vision.patrol import CameraPatrol
from vision.rule_register import parse_rules
from vision.rules.fire import FireRule, FireRuleSettings
from vision.rules.rule import Scene
from vision.zones import Zone

MODEL = ModelRef(name="m", sha256="1")
SHOWN = Reliability(
    tracks=400,
    sources=2 * ENOUGH_SOURCES,
    fire_sources=ENOUGH_SOURCES,
    base_rate=0.5,
    ece=MOST_ERROR,
    ece_interval=(0.02, 0.08),
    brier=0.1,
)


def calibrator(*, odds: float = 0.0, reliability: Reliability = SHOWN, **change: Any) -> Calibrator:
    """One that says the same of every track."""
    nothing = (0.0,) * len(FEATURES)
    told: dict[str, Any] = {
        "model": MODEL,
        "means": nothing,
        "scales": (1.0,) * len(FEATURES),
        "coefficients": nothing,
        "intercept": odds,
        "penalty": 1,
        "made_by": "a test",
        "clips": (),
        "reliability": reliability,
    }
    return Calibrator.model_validate({**told, **change})


def tracks(rows: str = "xxxx", row: Row = FLAME, every_s: float = 1.0) -> tuple[FireTrack, ...]:
    """What the rule has of a place after looks that saw it."""
    rule = FireRule(FireRuleSettings(), Zone.whole_frame())
    for seconds, seen in pattern(rows, every_s, row):
        rule.judge(Scene(now_s=seconds, detections=detections(seen)))
    return rule.seen_now


def test_a_track_tells_what_its_hearth_showed() -> None:
    rule, doubt = FireRule(FireRuleSettings(), Zone.whole_frame()), None
    for seconds, high in [(0.0, 0.1), (1.0, 0.1), (2.0, 0.2)]:
        seen = detections([("fire", 0.4, 0.3, 0.6 - high, 0.35, 0.6)])
        doubt = rule.judge(Scene(now_s=seconds, detections=seen)).doubt or doubt
    assert doubt is not None
    rule.learn(doubt.place, STANDS_STILL)
    (track,) = rule.seen_now
    assert (track.hits, track.lasted_s, track.flicker) == (3, 2.0, 0.0)
    assert track.growth == pytest.approx(2.0, rel=1e-3)
    assert track.size == pytest.approx(0.05 * 0.2, rel=1e-3)
    assert track.score == pytest.approx(0.4)
    assert len(track.features()) == len(FEATURES)
    assert np.isfinite(track.features()).all()
    assert tracks("xxx.") == (), "the newest look saw nothing"


@pytest.mark.parametrize(
    ("odds", "words"),
    [
        (4.0, "很可能是火情 (9 成以上)"),
        (2.2, "很可能是火情 (约 9 成)"),
        (0.6, "较可能是火情 (约 6 成)"),
        (0.0, "未必是火情 (约 5 成)"),
        (-4.0, "不太可能是火情 (不到 1 成)"),
    ],
)
def test_a_likelihood_is_told_in_words(odds: float, words: str) -> None:
    told = likelihood_words(tracks(), MODEL, calibrator(odds=odds))
    assert told is not None
    assert told.zh == words
    assert told.en


@pytest.mark.parametrize(
    "reliability",
    [
        {"ece": MOST_ERROR + 0.001},
        {"fire_sources": ENOUGH_SOURCES - 1},
        {"sources": 2 * ENOUGH_SOURCES - 1},
    ],
    ids=str,
)
def test_in_shadow_nothing_is_told(reliability: dict[str, Any]) -> None:
    shadow = calibrator(reliability=SHOWN.model_copy(update=reliability))
    assert likelihood_words(tracks(), MODEL, shadow) is None
    assert "仅试运行" in shadow.reliability.words.zh
    assert "已校准" in SHOWN.words.zh


def test_of_other_weights_nothing_is_told() -> None:
    assert likelihood_words(tracks(), ModelRef(name="m", sha256="2"), calibrator()) is None
    assert likelihood_words(tracks(), None, calibrator()) is None
    assert likelihood_words(tracks(), MODEL, None) is None


def test_coefficients_fit_the_features() -> None:
    with pytest.raises(ValidationError, match="expected a value for each of"):
        calibrator(means=(0.0,))


def test_what_the_program_carries_can_be_read() -> None:
    known = carried()
    assert known is None or known.features == FEATURES


def messages(odds: float | None, rows: str, row: Row = FLAME) -> list[IncidentMessage]:
    patrol = CameraPatrol(
        "gate-1", parse_rules({"fire": {}}), (), timezone=SHANGHAI, model=MODEL, notice=None,
        name_incident=lambda rule, zone: f"{rule}-{zone}",
        calibrator=None if odds is None else calibrator(odds=odds),
    )  # fmt: skip
    return [
        one for seconds, seen in pattern(rows, 2, row) for one in patrol.look(look(seconds, seen))
    ]


def test_an_incident_says_how_likely_it_is() -> None:
    opened = messages(4.0, "xxxx")[0].incident
    assert opened.explanation.zh.endswith("; 很可能是火情 (9 成以上)")
    assert "very likely a fire" in opened.explanation.en


@pytest.mark.parametrize("odds", [-9.0, 9.0])
@pytest.mark.parametrize("rows", ["xxxx", "xx", "x..x..x", "xxxx" + "." * 60])
def test_a_likelihood_neither_opens_nor_closes(odds: float, rows: str) -> None:
    def told(found: list[IncidentMessage]) -> list[tuple[Any, ...]]:
        return [
            (one.type, one.incident.opened_at, one.incident.closed_at, one.incident.score)
            for one in found
        ]

    assert told(messages(odds, rows)) == told(messages(None, rows))


def test_frame_difference_alone_opens_no_fire() -> None:
    """Pictures that flicker from one to the next like nothing else, and second looks that would
    confirm whatever they are asked: without a flame or smoke that the detector saw there is no
    suspicion, no second look, and no fire."""
    patrol = CameraPatrol(
        "gate-1", parse_rules({"fire": {}}), (), timezone=SHANGHAI, model=MODEL, notice=None,
        calibrator=calibrator(odds=9.0),
    )  # fmt: skip
    step, random = LookStep(patrol), np.random.default_rng(0)
    seen: list[Detections] = [detections([]), detections([("person", 0.9, 0.1, 0.4, 0.2, 0.8)])]
    for number in range(60):
        image = random.integers(0, 256, (96, 160, 3), dtype=np.uint8)
        image[:, :, 2] = 255 * (number % 2)  # the whole picture turns red and back
        done = step.look(
            "gate-1", image, START + timedelta(seconds=number / 2), SIZE_WH,
            see=lambda _image, number=number: seen[number % 2],  # type: ignore[misc]
            look_twice=lambda _wish: FLICKERS,
        )  # fmt: skip
        assert (done.messages, done.suspicious, done.wish) == ((), False, None)


def test_a_second_look_at_nothing_opens_no_fire() -> None:
    rule = FireRule(FireRuleSettings(), Zone.whole_frame())
    assert {"fire", "smoke"} <= set(LABELS)
    rule.judge(Scene(now_s=0, detections=detections([])))
    assert rule.learn(1, FLICKERS) is None
    assert rule.judge(Scene(now_s=1, detections=detections([]))).finding is None
