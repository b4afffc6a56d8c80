"""What people rejected is held back where it stands, and nothing else is: above all no fire."""

from collections.abc import Sequence

import numpy as np
import pytest

from domain.held_back import HeldBackReason
from streams.frame import Image
from tests.vision.looks import Row, detections, zone
from tests.vision.paintings import grainy, street, with_thing
from vision.rules.fire import FireRuleSettings
from vision.rules.rule import Judgement, Rule, Scene
from vision.things.rejected import RejectedThing, portrait_of
from vision.zones import WHOLE_FRAME

SIGN: Row = ("fire", 0.55, 0.4, 0.4, 0.5, 0.6)
"""A neon sign that the detector takes for a flame."""
SIGN_SEED, FLAME_SEED = 7, 8
PLACE = SIGN[2:]


def street_with(seed: int, look: int = 0) -> Image:
    return grainy(with_thing(street(), PLACE, seed), look)


def thing_of(row: Row, picture: Image) -> RejectedThing:
    (box,) = detections([row]).boxes()
    portrait = portrait_of(box, picture)
    assert portrait is not None
    return RejectedThing("fire", "z", row[0] == "smoke", row[1], (portrait,))


REJECTED = thing_of(SIGN, street_with(SIGN_SEED, look=99))


def rule(*rejected: RejectedThing) -> Rule:
    watching = FireRuleSettings(second_look=False, confidence=0.4).rule(zone(WHOLE_FRAME))
    watching.remind(rejected)  # type: ignore[attr-defined]
    return watching


def judged(watching: Rule, looks: Sequence[tuple[Sequence[Row], int]]) -> list[Judgement]:
    """Each look: its boxes, and the seed of what stands at the place."""
    return [
        watching.judge(Scene(2.0 * n, detections(rows), picture=street_with(seed, n)))
        for n, (rows, seed) in enumerate(looks)
    ]


def found(judgements: Sequence[Judgement]) -> list[int]:
    return [n for n, one in enumerate(judgements) if one.finding is not None]


def grown(row: Row, times: float) -> Row:
    """A box so many times as large, upwards."""
    label, score, x1, y1, x2, y2 = row
    return label, score, x1, y2 - (y2 - y1) * times, x2, y2


SAME = [([SIGN], SIGN_SEED)] * 12


def test_it_is_told_of_until_it_is_rejected_and_again_when_that_is_undone() -> None:
    watching = rule()
    assert found(judged(watching, SAME)) == list(range(2, 12))
    watching.remind([REJECTED])  # type: ignore[attr-defined]
    assert found(judged(watching, SAME)) == []
    watching.remind([])  # type: ignore[attr-defined]
    assert found(judged(watching, SAME)) == list(range(12))


def test_what_is_held_back_is_said_and_costs_no_attention() -> None:
    answers = judged(rule(REJECTED), SAME)
    assert [one.held_back for one in answers[2:]] == [{HeldBackReason.REJECTED}] * 10
    assert not any(one.suspicious for one in answers[2:])


@pytest.mark.parametrize("light", [0.6, 1.3])
def test_in_another_light_it_is_the_same(light: float) -> None:
    watching = rule(REJECTED)
    for n in range(6):
        picture = np.clip(street_with(SIGN_SEED, n) * light, 0, 255).astype(np.uint8)
        assert watching.judge(Scene(2.0 * n, detections([SIGN]), picture=picture)).finding is None


BURNS = {
    "it grows": [([grown(SIGN, 1.6)], SIGN_SEED)] * 4,
    "it grows a lot": [([grown(SIGN, 2.2)], FLAME_SEED)] * 4,
    "the detector is far surer": [([(*SIGN[:1], 0.85, *PLACE)], SIGN_SEED)] * 4,
    "it looks different": [([SIGN], FLAME_SEED)] * 4,
    "something beside it burns too": [([SIGN, ("fire", 0.5, 0.7, 0.4, 0.8, 0.6)], SIGN_SEED)] * 4,
    "a small flame within its place": [([("fire", 0.5, 0.4, 0.5, 0.44, 0.6)], SIGN_SEED)] * 4,
    "smoke rises from it": [([SIGN, ("smoke", 0.3, 0.38, 0.2, 0.52, 0.5)], SIGN_SEED)] * 4,
}


@pytest.mark.parametrize("burns", BURNS.values(), ids=BURNS.keys())
def test_a_fire_at_the_place_of_a_rejection_passes(
    burns: list[tuple[list[Row], int]],
) -> None:
    """Nearly as soon as without any rejection, whether the sign was there before or not."""
    for before in ([], SAME):
        watching = rule(REJECTED)
        first = found(judged(watching, [*before, *burns]))[0] - len(before)
        assert first <= 2


def test_one_look_that_differs_is_no_fire_yet() -> None:
    flickers = [*SAME[:4], ([SIGN], FLAME_SEED), *SAME[:4], ([grown(SIGN, 2)], SIGN_SEED)]
    assert found(judged(rule(REJECTED), [*flickers, *SAME[:3]])) == []


def test_without_a_picture_or_a_portrait_nothing_is_held_back() -> None:
    watching = rule(REJECTED)
    told = [watching.judge(Scene(2.0 * n, detections([SIGN]))) for n in range(4)]
    assert found(told) == [2, 3]
    nobody_saw = RejectedThing("fire", "z", False, 0.55, ())
    assert found(judged(rule(nobody_saw), SAME[:4])) == [2, 3]
