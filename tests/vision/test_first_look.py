"""First looks: when they are enough, who is asked after them, and that nothing is lost by them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from models.detections import Detections, Heat
from streams.frame import Image
from tests.vision.looks import CAR, SIZE_WH, Row, at, detections, patrol, people, told
from tests.vision.paintings import grainy, street
from vision.first_look import FirstLookSettings, FullLooks
from vision.look_step import LookSettings, LookStep
from vision.picture.unchanged import UnchangedSettings
from vision.rule_register import parse_rules

STREET = street()
EVERY_S = 4.0
FLAME: Row = ("fire", 0.8, 0.5, 0.5, 0.6, 0.6)
FIRE = {"fire": {"second_look": False}}
CROWDING = {"crowding": {"count": 15, "close_after_s": 10}}
OCCUPATION = {"road_occupation": {"unnamed": False}}
ALL = {**FIRE, **CROWDING, **OCCUPATION}
Shown = Callable[[float], Sequence[Row]]


def heat(fire: float = 0.0, smoke: float = 0.0) -> Heat:
    scores = np.array([fire, smoke], np.float32)
    return Heat(("fire", "smoke"), scores, scores[:, None, None])


@dataclass
class Run:
    """What came of some minutes before a camera."""

    told: list[tuple[float, str]] = field(default_factory=list)
    full: list[float] = field(default_factory=list)
    """When the detector was asked."""
    first: list[float] = field(default_factory=list)
    """When the first look was asked."""


def watched(
    shown: Shown,
    rules: dict[str, Any],
    *,
    to_s: float,
    hot: Callable[[float], Heat] | None = None,
    settings: FirstLookSettings | None = None,
    every_s: float = EVERY_S,
) -> Run:
    """`hot`: what the first look says at a time; by default it sees what the detector sees."""
    run = Run()
    looking = LookSettings(
        unchanged=UnchangedSettings(enabled=False), first=settings or FirstLookSettings()
    )
    step = LookStep(patrol(rules), looking)
    for number in range(int(to_s / every_s)):
        t = number * every_s
        picture = grainy(STREET, number)

        def see(_picture: Image, t: float = t) -> Detections:
            run.full.append(t)
            return detections(shown(t))

        def first(_picture: Image, t: float = t) -> Heat:
            run.first.append(t)
            burns = any(row[0] == "fire" for row in shown(t))
            return hot(t) if hot is not None else heat(0.9 if burns else 0.0)

        done = step.look(
            "gate-1",
            picture,
            at(t),
            SIZE_WH,
            see=see,
            look_twice=lambda _wish: None,
            look_first=first,
        )
        run.told += [(t, words) for words in told(done.messages) if "updated" not in words]
    return run


def nothing(_t: float) -> Sequence[Row]:
    return []


def test_a_quiet_camera_is_seen_in_full_as_often_as_was_said() -> None:
    run = watched(nothing, FIRE, to_s=122)
    assert run.full == [0, 20, 40, 60, 80, 100]
    assert len(run.full) + len(run.first) == 30  # a look that has to be full asks nobody first


def test_the_full_look_comes_before_it_would_be_late() -> None:
    run = watched(nothing, FIRE, to_s=70, every_s=3)
    assert run.full == [0, 18, 36, 54]


def test_without_first_looks_every_look_is_full() -> None:
    run = watched(nothing, FIRE, to_s=40, settings=FirstLookSettings(enabled=False))
    assert (len(run.full), run.first) == (10, [])


@pytest.mark.parametrize(
    "suspected",
    [heat(fire=FirstLookSettings().fire + 0.01), heat(smoke=FirstLookSettings().smoke + 0.01)],
)
def test_what_it_suspects_is_seen_in_full_in_the_same_look(suspected: Heat) -> None:
    run = watched(nothing, FIRE, to_s=40, hot=lambda t: suspected if t == 12 else heat())
    assert 12 in run.full
    assert 16 not in run.full


def test_a_fire_is_found_at_the_same_look_as_without() -> None:
    def shown(t: float) -> Sequence[Row]:
        return [FLAME] if t >= 32 else []

    spared = watched(shown, FIRE, to_s=100)
    full = watched(shown, FIRE, to_s=100, settings=FirstLookSettings(enabled=False))
    assert spared.told == full.told
    assert len(spared.told) == 1
    assert set(np.arange(32.0, 100, EVERY_S)) <= set(spared.full)  # from its first look on


@pytest.mark.parametrize(
    ("rules", "apart_s"),
    [(FIRE, 20.0), (CROWDING, 10.0), (OCCUPATION, 10.0), (ALL, 10.0)],
    ids=["fire", "crowding", "occupation", "all"],
)
def test_full_looks_are_as_close_as_the_rules_need(rules: dict[str, Any], apart_s: float) -> None:
    run = watched(nothing, rules, to_s=300)
    apart = np.diff(run.full)
    assert apart.max() <= apart_s < apart.max() + EVERY_S


def test_a_rule_that_says_nothing_has_every_look_full() -> None:
    run = watched(nothing, {"generic": {"line": [[0.5, 0], [0.5, 1]]}}, to_s=40)
    assert (len(run.full), run.first) == (10, [])


def test_rules_off_duty_need_no_full_looks() -> None:
    at_night = {
        "crowding": {**CROWDING["crowding"], "schedule": [{"from": "22:00", "to": "23:00"}]}
    }
    assert watched(nothing, {**FIRE, **at_night}, to_s=60).full == [0, 20, 40]


STORIES: dict[str, tuple[Shown, dict[str, Any], float]] = {
    "a parked van": (lambda t: [CAR] if 40 <= t < 600 else [], OCCUPATION, 700),
    "a crowd": (lambda t: people(20) if 40 <= t < 300 else [], CROWDING, 400),
    "a large crowd": (lambda t: people(32, x=0.01) if 40 <= t < 300 else [], CROWDING, 400),
    "a fire among traffic": (
        lambda t: [moving(t), FLAME] if 100 <= t < 160 else [moving(t)],
        ALL,
        300,
    ),
    "traffic": (lambda t: [moving(t)], ALL, 300),
}


def moving(t: float) -> Row:
    x = (t / 40) % 0.6
    return ("car", 0.7, x, 0.5, x + 0.2, 0.7)


@pytest.mark.parametrize("name", STORIES)
def test_nothing_is_lost_by_looks_that_are_not_full(name: str) -> None:
    shown, rules, to_s = STORIES[name]
    spared = watched(shown, rules, to_s=to_s)
    full = watched(shown, rules, to_s=to_s, settings=FirstLookSettings(enabled=False))
    assert [words for _, words in spared.told] == [words for _, words in full.told]
    assert bool(full.told) == (name != "traffic")
    late = [now - then for (now, _), (then, _) in zip(spared.told, full.told, strict=True)]
    assert all(-10 <= s <= 10 for s in late)
    assert len(spared.full) < len(full.full)


def test_looks_that_come_late_are_full_sooner() -> None:
    looks = FullLooks(FirstLookSettings(full_every_s=20))
    looks.note(0, full=True)
    looks.note(4, full=False)
    assert looks.suffices_first(8, apart_s=math.inf)
    assert not looks.suffices_first(13, apart_s=math.inf)  # the next would come at 22
    assert not looks.suffices_first(3, apart_s=math.inf)  # a clock that runs backwards
    looks.forget()
    assert not looks.suffices_first(8, apart_s=math.inf)


def test_an_overload_does_not_make_all_looks_full() -> None:
    run = watched(nothing, FIRE, to_s=300, every_s=25)
    assert run.full == [0, 50, 100, 150, 200, 250]
    assert watched(nothing, CROWDING, to_s=300, every_s=25).first == []


def test_every_rule_says_what_it_needs() -> None:
    kinds = ("fire", "crowding", "parking", "fire_lane", "stalls", "goods", "generic")
    needs = {k: parse_rules({k: {}})[k].full_looks_apart_s for k in kinds}
    assert needs["fire"] == math.inf
    assert needs["generic"] == 0
    assert all(4 < needs[kind] <= 12 for kind in ("crowding", "parking", "fire_lane", "stalls"))


def test_a_fault_of_the_picture_has_the_next_look_full() -> None:
    step = LookStep(patrol(FIRE))
    step._full_looks.note(0, full=True)
    step._full_looks.note(4, full=False)
    assert step.may_look_first(at(0), 8)
    assert not step.may_look_first(at(0), 8, wanted=True)
    dark = np.zeros((96, 160, 3), np.uint8)
    for second in range(30):
        if step.diagnose(dark, at(second), second).fault is not None:
            break
    assert not step.may_look_first(at(0), 8)
