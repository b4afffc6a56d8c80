"""Fire: k of n over seconds, at one place."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from tests.vision.looks import Row, detections, found_at, judged, moved, zone
from vision.rules.fire import FireRule, FireRuleSettings
from vision.rules.rule import Judgement, Scene
from vision.second_look.flame import NO_FLAME
from vision.second_look.smoke import SmokeFeatures
from vision.second_look.verdict import SecondLook
from vision.zones import WHOLE_FRAME, Zone

FLAME: Row = ("fire", 0.6, 0.3, 0.5, 0.35, 0.6)
SMOKE: Row = ("smoke", 0.7, 0.3, 0.2, 0.4, 0.5)
Looks = list[tuple[float, list[Row]]]


def answers(
    looks: Looks, where: Zone | None = None, **settings: Any
) -> list[tuple[float, Judgement]]:
    return judged(FireRule(FireRuleSettings(**settings), where or Zone.whole_frame()), looks)


def pattern(marks: str, every_s: float, row: Row = FLAME) -> Looks:
    """``x.xx`` → looks with and without the row."""
    return [(i * every_s, [row] if mark == "x" else []) for i, mark in enumerate(marks)]


@pytest.mark.parametrize(
    ("looks", "first"),
    [
        (pattern("xxx", 2), 4),
        (pattern("xx", 2), None),
        (pattern("x.x.x", 2), 8),  # 3 of 5
        (pattern("x..x..x", 2), None),  # 3 of 7
        (pattern("xxxx", 5), 10),
        (pattern("xxxxxxx", 0.5), 3),  # three hits within a second are not yet 3 s
        (pattern("xx.xx.x", 0.5), 3),  # 5 of 7
        (pattern("x.x.x.x.x.x.x", 0.5), None),  # 4 of 7
        (pattern("x..x..x..x..x", 0.5), None),
        (pattern("x......xx", 2), None),  # the first is out of the window
        (pattern("xxxx", 7), None),  # too rare to say
        (pattern("xxx", 2, SMOKE), 4),
        (pattern("xxxxxxxxx", 0.5, SMOKE), 4),
        (pattern("xxx", 2, moved(FLAME, score=0.49)), None),
        (pattern("xxx", 2, moved(SMOKE, score=0.59)), None),
        (pattern("xxx", 2, ("fire", 0.9, 0.3, 0.5, 0.31, 0.51)), None),  # too small
        ([(t, [moved(FLAME, 0.04 * t)]) for t in range(0, 20, 2)], None),  # a headlight passes
        ([(t, [FLAME, moved(FLAME, 0.03)]) for t in (0, 2, 4)], 4),
    ],
)
def test_when_it_is_found(looks: Looks, first: float | None) -> None:
    found = found_at(answers(looks))
    assert (found[0] if found else None) == first


def test_a_fire_that_grows_is_one() -> None:
    grows: Looks = [
        (t, [("fire", 0.6, 0.3 - 0.01 * t, 0.5 - 0.02 * t, 0.35 + 0.01 * t, 0.6)])
        for t in range(0, 20, 2)
    ]
    said = answers(grows)
    assert found_at(said)[0] == 4
    finding = said[-1][1].finding
    assert finding is not None
    assert finding.lasted_s == 18


def test_what_is_said() -> None:
    looks = [(0.0, [FLAME]), (1.0, []), (2.0, [FLAME]), (3.0, [moved(FLAME, score=0.8)]), (3.2, [])]
    said = answers([*looks, (3.4, [FLAME, SMOKE])])
    finding = said[3][1].finding
    assert finding is not None
    assert finding.explanation.zh == "4 次巡看中 3 次见火焰, 历时 3.0 s"
    assert finding.explanation.en == "Flames in 3 of 4 looks over 3.0 s"
    assert (finding.looks, finding.hits, finding.count) == (4, 3, None)
    assert finding.score == pytest.approx(0.6)
    assert [box.label for box in finding.boxes] == ["fire"]
    assert said[4][1].finding is None
    assert said[5][1].finding is not None

    both = answers([(t, [FLAME, SMOKE]) for t in (0, 2, 4)])[-1][1].finding
    assert both is not None
    assert both.explanation.zh == "3 次巡看中 3 次见火焰和烟雾, 历时 4.0 s"
    assert both.explanation.en == "Flames and smoke in 3 of 3 looks over 4.0 s"
    assert {box.label for box in both.boxes} == {"fire", "smoke"}


def test_suspicion_ends_when_it_is_settled() -> None:
    said = answers(pattern("xxx", 2))
    assert [judgement.suspicious for _, judgement in said] == [True, True, False]
    said = answers(pattern("x.......", 2))
    assert [judgement.suspicious for _, judgement in said] == [True] * 7 + [False]


def test_once_confirmed_it_is_known_until_it_has_been_away_for_long() -> None:
    marks = "xxx....x......x........x.xx"
    said = answers(pattern(marks, 2), close_after_s=14)
    assert found_at(said) == [4, 14, 28, 52]
    finding = said[14][1].finding
    assert finding is not None
    assert (finding.lasted_s, finding.looks, finding.hits) == (28, 1, 1)


def test_a_pause_between_looks_does_not_put_a_fire_out() -> None:
    said = answers([*pattern("xxx", 2), (40.0, [FLAME])])
    assert found_at(said) == [4, 40]
    finding = said[-1][1].finding
    assert finding is not None
    assert (finding.lasted_s, finding.looks, finding.hits) == (40, 1, 1)


def test_only_in_its_zone_a_plume_by_its_share() -> None:
    assert found_at(answers(pattern("xxx", 2), zone())) == [4]
    right = moved(FLAME, 0.4)
    assert found_at(answers(pattern("xxx", 2, right), zone())) == []
    plume: Row = ("smoke", 0.8, 0.3, 0.0, 0.8, 0.5)  # two fifths of it lie in the left half
    assert found_at(answers(pattern("xxx", 2, plume), zone())) == [4]


@pytest.mark.parametrize("change", [{"window_s": 2.0}, {"smoke_for_s": 13}])
def test_times_must_fit_the_window(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="expected window_s to hold for_s and smoke_for_s"):
        FireRuleSettings.model_validate(change)


DRIFTS = SecondLook(
    frames=20, span_s=3.0, flame=NO_FLAME, smoke=SmokeFeatures(0.5, 0.5, 0.2, 5, 0.1, 0.1, 0.1)
)


def drifting(box: tuple[float, float, float, float], seconds: int, score: float) -> float | None:
    """When smoke in a box is found that every second look confirms; a look each second."""
    rule = FireRuleSettings().rule(zone(WHOLE_FRAME))
    for second in range(seconds):
        seen = detections([("smoke", score, *box)])
        judgement = rule.judge(Scene(now_s=second, detections=seen))
        if judgement.finding is not None:
            return second
        if judgement.doubt is not None and isinstance(rule, FireRule):
            if rule.learn(judgement.doubt.place, DRIFTS) is not None:
                return second
    return None


@pytest.mark.parametrize(
    ("box", "score", "seconds", "found_s"),
    [
        ((0.3, 0.2, 0.6, 0.6), 0.2, 20, 1),  # 12 % of the frame
        ((0.3, 0.2, 0.4, 0.5), 0.2, 20, 10),  # 3 %: steam drifts like that
        ((0.3, 0.2, 0.4, 0.5), 0.2, 8, None),  # … and is over when the lid is down
        ((0.3, 0.2, 0.4, 0.5), 0.7, 20, 4),  # what the detector is sure of
    ],
)
def test_small_smoke_that_drifts_must_last(
    box: tuple[float, float, float, float], score: float, seconds: int, found_s: float | None
) -> None:
    assert drifting(box, seconds, score) == found_s


def test_small_smoke_must_fit_the_window_too() -> None:
    with pytest.raises(ValidationError, match="expected window_s to hold small_smoke_for_s"):
        FireRuleSettings(small_smoke_for_s=13)
    FireRuleSettings(small_smoke=0, small_smoke_for_s=13)


FLICKERS = SecondLook(
    frames=20,
    span_s=3.0,
    flame=replace(
        NO_FLAME, swing=20, restless_share=0.3, disorder=0.3, novelty=0.3, rootedness=0.3
    ),
    smoke=SmokeFeatures(0, 0, 1, 30, 0, 0, 0),
)
STANDS_STILL = SecondLook(frames=20, span_s=3.0, flame=NO_FLAME, smoke=FLICKERS.smoke)


def flickering(score: float, answers: list[SecondLook]) -> float | None:
    """When a flame of a score is found whose second looks give these answers, the last of them
    again and again; a look each half second."""
    rule = FireRuleSettings().rule(zone(WHOLE_FRAME))
    assert isinstance(rule, FireRule)
    for half in range(60):
        judgement = rule.judge(
            Scene(now_s=half / 2, detections=detections([("fire", score, *FLAME[2:])]))
        )
        if judgement.finding is not None:
            return half / 2
        if judgement.doubt is not None:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if rule.learn(judgement.doubt.place, answer) is not None:
                return half / 2
    return None


def test_weak_flames_want_two_second_looks_in_a_row() -> None:
    assert flickering(0.4, [FLICKERS]) == 1.0
    assert flickering(0.2, [FLICKERS]) == 4.0
    assert flickering(0.2, [STANDS_STILL, FLICKERS, STANDS_STILL]) is None
    assert flickering(0.2, [STANDS_STILL, FLICKERS, FLICKERS]) == 7.0
