"""The look step with unchanged looks and without: the same incidents, for less of the network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from domain.health import FaultKind
from models.detections import Detections
from streams.frame import Image
from tests.vision.looks import CAR, SIZE_WH, Row, at, detections, patrol, people, told
from tests.vision.paintings import HEIGHT, WIDTH, grainy, street, with_thing
from tests.vision.test_road_stalls import RULE as STALLS
from tests.vision.test_road_stalls import VENDOR, set_up
from vision.look_step import LookSettings, LookStep
from vision.picture.unchanged import UnchangedSettings

STREET = street()
EVERY_S = 2.0
See = Callable[[Image], Sequence[Row]]


def place(picture: Image, row: Row) -> Image:
    """The part of a picture that lies in a row's box; a view."""
    x1, y1, x2, y2 = (round(v * s) for v, s in zip(row[2:], (WIDTH, HEIGHT) * 2, strict=True))
    return picture[y1:y2, x1:x2]


def painted(rows: Sequence[Row]) -> Image:
    """The street with a bright block for each row."""
    picture = STREET.copy()
    for row in rows:
        place(picture, row)[:] = 235
    return picture


def sees(candidates: Sequence[Row]) -> See:
    """A detector that sees blocks, by their pixels alone."""
    return lambda picture: [row for row in candidates if place(picture, row).mean() > 200]


@dataclass
class Run:
    """What came of some minutes before a camera."""

    step: LookStep
    told: list[tuple[float, str]] = field(default_factory=list)
    looks: int = 0
    asked: list[float] = field(default_factory=list)
    """When the network was asked."""


def watched(
    shown: Callable[[float], Image],
    see: See,
    rules: dict[str, Any],
    *,
    to_s: float,
    every_s: float = EVERY_S,
    enabled: bool = True,
) -> Run:
    settings = LookSettings(unchanged=UnchangedSettings(enabled=enabled))
    run = Run(LookStep(patrol(rules), settings))
    for number in range(int(to_s / every_s)):
        t = number * every_s

        def seen(picture: Image, t: float = t) -> Detections:
            run.asked.append(t)
            return detections(see(picture))

        picture = grainy(shown(t), number)
        step = run.step.look(
            "gate-1", picture, at(t), SIZE_WH, see=seen, look_twice=lambda _wish: None
        )
        run.told += [(t, words) for words in told(step.messages) if "updated" not in words]
        run.looks += 1
    return run


@dataclass(frozen=True)
class Story:
    """What a camera shows, what a detector sees in it, and what watches it."""

    shown: Callable[[float], Image]
    see: See
    rules: dict[str, Any]
    to_s: float
    least_saved: float
    """So much of the looks need no network."""
    every_s: float = EVERY_S


CROWD = people(20)
PLUME: Row = ("smoke", 1.0, 0.5, 0.1, 0.8, 0.5)


def while_there(rows: Sequence[Row], from_s: float, to_s: float) -> Callable[[float], Image]:
    there = painted(rows)
    return lambda t: there if from_s <= t < to_s else STREET


def plume(t: float) -> Image:
    """From a minute on, smoke that grows by a grey level in each look."""
    picture = STREET.copy()
    grown = place(picture, PLUME).astype(np.float32) + max(0.0, (t - 60) / EVERY_S)
    place(picture, PLUME)[:] = grown.clip(0, 255).astype(np.uint8)
    return picture


def smells(picture: Image) -> list[Row]:
    """A detector that is the surer of smoke the thicker it is: from 20 levels on."""
    thick = float(place(picture, PLUME).mean()) - float(place(STREET, PLUME).mean())
    score = min((thick - 15) / 40, 0.9)
    return [("smoke", score, *PLUME[2:])] if score >= 0.12 else []


OCCUPATION = {"road_occupation": {"for_s": 60, "close_after_s": 10}}
CROWDING = {"crowding": {"count": 15, "for_s": 60, "close_after_s": 10}}
FIRE = {"fire": {"second_look": False}}
STORIES = {
    "a parked van": Story(while_there([CAR], 40, 200), sees([CAR]), OCCUPATION, 300, 0.4),
    "a still crowd": Story(while_there(CROWD, 40, 200), sees(CROWD), CROWDING, 300, 0.35),
    "a stall that stands": Story(set_up, lambda _picture: [VENDOR], STALLS, 700, 0.5, 4.0),
    "slow smoke": Story(plume, smells, FIRE, 200, 0.2),
    "nothing": Story(lambda _t: STREET, lambda _picture: [], OCCUPATION, 300, 0.85),
}


@pytest.mark.parametrize("name", STORIES)
def test_nothing_is_lost_by_looks_that_are_not_computed(name: str) -> None:
    story = STORIES[name]
    what: dict[str, Any] = {"to_s": story.to_s, "every_s": story.every_s}
    full = watched(story.shown, story.see, story.rules, enabled=False, **what)
    spared = watched(story.shown, story.see, story.rules, **what)
    assert [words for _, words in spared.told] == [words for _, words in full.told]
    assert bool(full.told) == (name != "nothing")
    late = [now - then for (now, _), (then, _) in zip(spared.told, full.told, strict=True)]
    assert all(0 <= s <= story.every_s for s in late)
    assert len(full.asked) == full.looks == spared.looks
    assert len(spared.asked) <= (1 - story.least_saved) * spared.looks


def test_what_is_open_is_looked_at_in_full() -> None:
    run = watched(while_there([CAR], 20, 1000), sees([CAR]), OCCUPATION, to_s=160)
    ((opened_s, _),) = run.told
    open_looks = [t for t in run.asked if t > opened_s]
    assert len(open_looks) == len(np.arange(opened_s + EVERY_S, 160, EVERY_S))
    assert len([t for t in run.asked if t <= opened_s]) < opened_s / EVERY_S / 2


def test_a_flame_that_appears_in_a_still_night_is_suspected_in_the_same_look() -> None:
    flame: Row = ("fire", 0.9, 0.5, 0.5, 0.515, 0.53)
    night = (STREET * 0.3).astype(np.uint8)

    def shown(t: float) -> Image:
        picture = night.copy()
        if t >= 60:
            place(picture, flame)[:] = (120, 200, 255)
        return picture

    run = watched(
        shown, lambda picture: [flame] if place(picture, flame).mean() > 120 else [], FIRE, to_s=90
    )
    assert next(t for t in run.asked if t >= 60) == 60
    assert [t for t in run.asked if 20 < t < 60] != list(np.arange(22, 60, EVERY_S))


def still_step() -> LookStep:
    run = watched(lambda _t: STREET, lambda _picture: [], OCCUPATION, to_s=8)
    assert run.asked == [0, 2]
    return run.step


def recalled(step: LookStep, t: float = 8, **how: bool) -> Detections | None:
    picture = grainy(STREET, 4)
    step.diagnose(picture, at(t))
    return step.recall_seen(picture, at(t), SIZE_WH, **how)


def test_whoever_wants_a_picture_seen_has_it_seen() -> None:
    assert recalled(still_step()) is not None
    assert recalled(still_step(), wanted=True) is None


def test_a_fault_of_the_picture_forgets_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    step = still_step()
    with monkeypatch.context() as broken:
        broken.setattr(step.picture, "look", lambda *_: FaultKind.NOISY)
        assert recalled(step) is None
    assert recalled(step, t=10) is None, "nor is the first sound one taken for known"


def test_a_view_in_doubt_forgets_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    step = still_step()
    monkeypatch.setattr(type(step.picture), "doubts_view", True)
    assert recalled(step) is None


def test_a_thing_without_a_class_is_still_watched_by_its_pixels() -> None:
    """Rules see each picture, whoever computed the boxes: a stall opens though nobody named it."""
    thing = with_thing(STREET, (0.4, 0.6, 0.6, 0.85), seed=1)
    run = watched(
        lambda t: thing if t >= 20 else STREET, lambda _picture: [VENDOR], STALLS, to_s=360
    )
    assert [words for _, words in run.told] == ["opened 1"]
