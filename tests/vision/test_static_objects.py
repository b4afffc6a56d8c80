"""Static objects: what stands on the ground and has no class."""

from collections.abc import Callable, Iterable

import cv2
import numpy as np
import pytest

from streams.frame import Image
from tests.vision.looks import Row, detections
from tests.vision.paintings import (
    HEIGHT,
    WIDTH,
    exposed,
    grainy,
    street,
    turned,
    with_shadow,
    with_thing,
)
from vision.things import static_objects
from vision.things.static_cells import planes_of
from vision.things.static_objects import FORGIVEN_S, Ground, StaticObjects
from vision.things.static_things import StillThing

STALL = (0.4, 0.6, 0.6, 0.85)
STREET = street()
WITH_STALL = with_thing(STREET, STALL, seed=1)
Shown = tuple[float, Image, list[Row]]


def things(ground: Ground, now_s: float, for_s: float = 60) -> list[StillThing]:
    always = np.full(ground.taken.shape, -np.inf)
    return ground.things(always, for_s=for_s, presence=0.8, now_s=now_s)


def found(shown: Iterable[Shown], for_s: float = 60) -> list[tuple[float, list[StillThing]]]:
    """After each look, what has stood for long enough."""
    objects = StaticObjects()
    answers = []
    for seconds, picture, rows in shown:
        ground = objects.see(grainy(picture, round(seconds * 10)), detections(rows), seconds)
        answers.append((seconds, things(ground, seconds, for_s)))
    return answers


def first(shown: Iterable[Shown], for_s: float = 60) -> float | None:
    return next((seconds for seconds, those in found(shown, for_s) if those), None)


def paint(picture_at: Callable[[float], Image], to_s: float, step_s: float = 2.0) -> list[Shown]:
    return [(t, picture_at(t), []) for t in np.arange(0, to_s, step_s).tolist()]


def test_a_thing_that_comes_and_stays_is_found_where_it_stands() -> None:
    answers = found(paint(lambda t: WITH_STALL if t >= 40 else STREET, 140))
    assert next(t for t, those in answers if those) == pytest.approx(100, abs=4)
    (thing,) = answers[-1][1]
    assert thing.xyxy == pytest.approx(STALL, abs=0.03)
    assert thing.area == pytest.approx(0.05, rel=0.35)
    assert thing.since_s == pytest.approx(40, abs=4)
    assert thing.share > 0.9


@pytest.mark.parametrize("steps", [(0.3,), (5.0,), (0.3, 5.0, 2.0, 0.5), (1.0, 1.0, 30.0)])
def test_time_is_told_in_seconds_however_the_looks_come(steps: tuple[float, ...]) -> None:
    shown: list[Shown] = []
    seconds = 0.0
    while seconds < 170:
        shown.append((seconds, WITH_STALL if seconds >= 40 else STREET, []))
        seconds = round(seconds + steps[len(shown) % len(steps)], 1)
    at_s = first(shown)
    assert at_s is not None
    assert 98 <= at_s <= 100 + max(steps) + 2


@pytest.mark.parametrize(
    "picture_at",
    [
        lambda t: exposed(STREET, 1.0 if t < 40 else 1.35),  # the exposure steps up
        lambda t: exposed(STREET, 1.0 - min(t, 100) / 200),  # a cloud comes
        lambda t: with_shadow(STREET, (0.2, 0.5, 0.5, 0.9)) if t >= 40 else STREET,
        lambda t: with_shadow(STREET, (0.3, 0.4, 0.35, 1.0), 0.6) if t >= 40 else STREET,  # a pole
        lambda t: exposed(STREET, 1.5 if int(t) % 30 == 0 else 1.0),  # headlights
        lambda t: with_thing(STREET, (0.05 + t % 80 / 100, 0.6, 0.2 + t % 80 / 100, 0.8), 3),
        lambda t: with_thing(STREET, STALL, int(t / 6)),  # something that keeps changing
        lambda t: turned(STREET, 25, 10) if t >= 40 else STREET,  # the camera is turned
        lambda t: STREET if t >= 40 else WITH_STALL,  # what stood there is taken away
    ],
)
def test_light_traffic_and_what_leaves_are_no_things(picture_at: Callable[[float], Image]) -> None:
    assert first(paint(picture_at, 160)) is None


def test_it_stays_found_through_passing_traffic_and_when_the_light_changes() -> None:
    lorry = with_thing(WITH_STALL, (0.2, 0.5, 0.9, 0.95), seed=9)

    def picture_at(t: float) -> Image:
        if t < 20:
            return STREET
        passing = lorry if t % 30 < 4 else WITH_STALL
        return exposed(passing, 0.6) if t > 120 else passing

    answers = found(paint(picture_at, 200))
    assert next(t for t, those in answers if those) <= 86
    assert answers[-1][1]


def test_it_is_gone_when_it_is_taken_away() -> None:
    answers = found(paint(lambda t: WITH_STALL if 20 <= t < 120 else STREET, 220))
    times = [t for t, those in answers if those]
    assert times
    assert times[-1] <= 150


def test_what_people_and_vehicles_cover_tells_nothing() -> None:
    person: Row = ("person", 0.6, 0.38, 0.55, 0.62, 0.9)
    shown = [
        (t, WITH_STALL if t >= 20 else STREET, [person] if t >= 20 else []) for t in range(150)
    ]
    assert first([(float(t), picture, rows) for t, picture, rows in shown]) is None
    half: list[Shown] = [(t, picture, rows if t % 2 else []) for t, picture, rows in shown]
    assert first(half) is None


def test_what_a_vehicle_hid_at_first_becomes_ground_when_it_leaves() -> None:
    van: Row = ("truck", 0.6, 0.38, 0.55, 0.62, 0.9)
    shown: list[Shown] = [
        (t, WITH_STALL if t < 30 else STREET, [van] if t < 30 else []) for t in range(0, 200, 2)
    ]
    assert first(shown) is None


def test_a_lamp_for_the_whole_scene_does_not_make_a_stall_forgotten() -> None:
    rng = np.random.default_rng(5)
    lit = np.asarray(rng.integers(0, 60, (HEIGHT, WIDTH, 3)), np.uint8)
    lit = np.asarray(
        np.kron(lit[::6, ::6], np.ones((6, 6, 1), np.uint8))[:HEIGHT, :WIDTH], np.uint8
    )

    def picture_at(t: float) -> Image:
        picture = STREET if t < 20 else WITH_STALL
        return picture if t < 140 else np.asarray(picture // 2 + lit, np.uint8)

    answers = found(paint(picture_at, 260))
    assert answers[-1][1]


def test_after_a_day_of_watching_it_belongs_to_the_ground(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_objects, "FORGIVEN_S", 600.0)
    objects = StaticObjects()
    times = [float(t) for t in range(0, 700, 20)]
    grounds = [objects.see(STREET if t < 20 else WITH_STALL, detections([]), t) for t in times]
    assert things(grounds[-5], 500)
    assert not things(grounds[-1], 500)


def test_a_day_without_looks_forgives_nothing_and_hides_nothing() -> None:
    objects = StaticObjects()
    times = [0.0, 10.0, 20.0, 40.0, 60.0, 120.0, FORGIVEN_S + 60]
    grounds = [objects.see(STREET if t < 20 else WITH_STALL, detections([]), t) for t in times]
    assert things(grounds[-2], 120)
    assert things(grounds[-1], FORGIVEN_S + 60)


def squeezed(picture: Image) -> Image:
    """The picture as a camera's second stream shows it, in 11:9 (704 x 576)."""
    small = cv2.resize(picture, (220, 180), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def test_another_stream_of_the_same_view_goes_on_with_what_was_learned() -> None:
    def picture_at(t: float) -> Image:
        scene = WITH_STALL if t >= 40 else STREET
        return scene if 140 <= t < 180 else squeezed(scene)

    answers = found(paint(picture_at, 300))
    assert next(t for t, those in answers if those) == pytest.approx(100, abs=4)
    standing = [those[0].since_s for t, those in answers if t >= 110 and those]
    assert len(standing) == len([t for t, _ in answers if t >= 110]), "gone for no look"
    assert standing == pytest.approx([40] * len(standing), abs=4)


def test_another_scene_in_another_shape_is_learned_anew() -> None:
    other = squeezed(street(seed=7)[::-1].copy())
    shown = paint(lambda t: STREET if t < 100 else other, 300)
    assert first(shown) is None
    objects = StaticObjects()
    shapes = {objects.see(picture, detections([]), t).taken.shape for t, picture, _ in shown}
    assert shapes == {(36, 64)}
    assert planes_of(STREET).shape == (144, 256, 3)
