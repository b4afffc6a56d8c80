"""Bad pictures: composed from a painted street that has edges, colours and passers-by."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest

from domain.health import FaultKind
from streams.frame import Image
from tests.vision.looks import at
from vision.picture.diagnosis import PictureSettings, PictureWatch
from vision.picture.view import is_elsewhere, view_of

HEIGHT, WIDTH = 180, 320
Change = Callable[[Image, int], Image]


def town(seed: int = 1) -> Image:
    """Houses, windows, poles and road marks on a wide canvas, so that a camera can turn in it."""
    rng = np.random.default_rng(seed)
    canvas = np.full((2 * HEIGHT, 2 * WIDTH, 3), (150, 145, 140), np.uint8)
    for _ in range(260):
        x, y = int(rng.integers(0, 2 * WIDTH)), int(rng.integers(0, 2 * HEIGHT))
        w, h = int(rng.integers(6, 60)), int(rng.integers(6, 50))
        grey = int(rng.integers(30, 215))
        tint = rng.integers(-12, 13, 3)
        colour = tuple(int(v) for v in np.clip(grey + tint, 0, 255))
        cv2.rectangle(canvas, (x, y), (x + w, y + h), colour, -1)
    return canvas


TOWN = town()


@cache
def street(number: int, *, x: int = 100, y: int = 60) -> Image:
    """What the camera sees, with a bus that passes and the sensor's noise."""
    picture = TOWN[y : y + HEIGHT, x : x + WIDTH].copy()
    left = number * 37 % (WIDTH + 120) - 120
    cv2.rectangle(picture, (left, 90), (left + 110, 160), (40, 60, 170), -1)
    noise = np.random.default_rng(number).normal(0, 1.5, (HEIGHT, WIDTH, 1))
    return np.asarray((picture + noise).clip(0, 255), np.uint8)


def tinted(picture: Image, *gain: float) -> Image:
    return np.asarray((picture * np.array(gain)).clip(0, 255), np.uint8)


def noise(picture: Image, sigma: float, number: int) -> Image:
    grain = np.random.default_rng(number).normal(0, sigma, picture.shape)
    return np.asarray((picture + grain).clip(0, 255), np.uint8)


def dark(picture: Image, number: int) -> Image:
    """The same street by night: a fifth of the light, two lamps, more noise."""
    night = noise(np.asarray(picture * 0.2, np.uint8), 2, number)
    for x, y in ((60, 40), (250, 50)):
        cv2.circle(night, (x, y), 6, (210, 230, 235), -1)
    return night


def said(
    change: Change, *, from_s: int = 120, to_s: int = 540, until_s: int = 10_000
) -> list[tuple[int, FaultKind | None]]:
    """When the diagnosis changed, at a look every 4 s; the picture is changed from `from_s` on."""
    watch = PictureWatch()
    told: list[tuple[int, FaultKind | None]] = []
    for second in range(0, to_s + 1, 4):
        picture = street(second)
        if from_s <= second < until_s:
            picture = change(picture, second)
        fault = watch.look(picture, at(second))
        if fault != (told[-1][1] if told else None):
            told.append((second, fault))
    return told


BAD: dict[FaultKind, tuple[Change, int]] = {
    FaultKind.OVEREXPOSED: (lambda p, _: tinted(p, 3.5, 3.5, 3.5), 60),
    FaultKind.BLURRED: (lambda p, _: np.asarray(cv2.GaussianBlur(p, (0, 0), 5), np.uint8), 120),
    FaultKind.COVERED: (lambda p, n: noise(np.full_like(p, 90), 1, n), 60),
    FaultKind.COLOUR_CAST: (lambda p, _: tinted(p, 1.0, 0.5, 1.0), 300),
    FaultKind.NOISY: (lambda p, n: noise(p, 18, n), 120),
    FaultKind.MOVED: (lambda _, n: street(n, x=160, y=80), 60),
}


@pytest.mark.parametrize("fault", BAD)
def test_what_is_wrong_is_said_in_time_and_taken_back(fault: FaultKind) -> None:
    change, after_s = BAD[fault]
    [first, last] = said(change, until_s=520)
    assert first[1] is fault
    assert after_s <= first[0] - 120 <= after_s + 16
    assert last[1] is None
    assert 5 <= last[0] - 520 <= 20


@pytest.mark.parametrize("fault", BAD)
def test_what_passes_is_not_said(fault: FaultKind) -> None:
    change, after_s = BAD[fault]
    assert said(change, until_s=120 + after_s // 2) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda p, n: p,
        dark,
        lambda p, n: tinted(p, 0.6, 0.75, 0.9),  # lamps of sodium
        lambda p, n: np.asarray(cv2.GaussianBlur(p, (0, 0), 1), np.uint8),  # rain on the glass
        lambda p, n: street(n, x=101, y=61),  # wind
        lambda p, n: np.repeat(cv2.cvtColor(p, cv2.COLOR_BGR2GRAY)[:, :, None], 3, axis=2),
    ],
)
def test_light_weather_and_night_mode_are_no_faults(change: Change) -> None:
    assert said(change) == []


@pytest.mark.parametrize(("x", "y"), [(115, 60), (100, 75), (180, 60), (40, 20), (300, 170)])
def test_a_camera_that_was_turned_has_moved(x: int, y: int) -> None:
    assert [fault for _, fault in said(lambda _, n: street(n, x=x, y=y))] == [FaultKind.MOVED]


def test_a_view_that_creeps_has_moved_at_last() -> None:
    watch = PictureWatch()
    faults = [watch.look(street(s, x=100 + s // 300), at(s)) for s in range(0, 6_000, 15)]
    assert faults[-1] is FaultKind.MOVED


def test_dusk_is_no_other_view() -> None:
    watch = PictureWatch()
    for second in range(0, 3600, 20):
        share = max(0.12, 1 - second / 3000)
        picture = noise(np.asarray(street(second) * share, np.uint8), 2, second)
        assert watch.look(picture, at(second)) is None
        assert not watch.doubts_view


def test_the_view_is_remembered_and_learned_anew_only_when_accepted() -> None:
    first = PictureWatch()
    for second in range(0, 120, 2):
        first.look(street(second), at(second))
        assert (first.remembered_view is None) == (second < 60)

    second_run = PictureWatch(remembered=first.remembered_view)
    told = [second_run.look(street(s, x=180), at(s)) for s in range(200, 400, 2)]
    assert told[-1] is FaultKind.MOVED
    assert second_run.moved

    second_run.accept_view()
    assert {second_run.look(street(s, x=180), at(s)) for s in range(400, 800, 2)} == {None}
    assert not second_run.moved


def test_a_camera_that_turns_by_itself_has_no_view() -> None:
    watch = PictureWatch(watch_view=False)
    assert {watch.look(street(s, x=s % 300), at(s)) for s in range(0, 600, 4)} == {None}
    assert watch.remembered_view is None
    watch.accept_view()


def test_a_view_of_another_shape_is_another_view() -> None:
    watch = PictureWatch(PictureSettings(moved_after_s=20))
    for second in range(0, 120, 2):
        watch.look(street(second), at(second))
    tall = [watch.look(street(s)[:, :200], at(s)) for s in range(120, 180, 2)]
    assert tall[-1] is FaultKind.MOVED


def test_the_same_view_squeezed_is_no_other_view() -> None:
    """Looks may go over from a camera's second stream to its first one."""
    watch = PictureWatch(PictureSettings(moved_after_s=20))
    for second in range(0, 120, 2):
        squeezed = cv2.resize(street(second), (220, HEIGHT), interpolation=cv2.INTER_AREA)
        watch.look(np.asarray(squeezed, np.uint8), at(second))
    assert {watch.look(street(s), at(s)) for s in range(120, 180, 2)} == {None}
    assert not watch.doubts_view


@pytest.mark.parametrize(("hidden", "elsewhere"), [(0.0, False), (0.5, False), (0.7, None)])
def test_what_stands_in_front_is_no_other_view(hidden: float, elsewhere: bool | None) -> None:
    other = street(0, x=300, y=170)
    picture = street(0).copy()
    picture[:, : int(hidden * WIDTH)] = other[:, : int(hidden * WIDTH)]
    greys = (
        np.asarray(cv2.cvtColor(p, cv2.COLOR_BGR2GRAY), np.uint8) for p in (picture, street(0))
    )
    views = [view_of(grey) for grey in greys]
    assert is_elsewhere(*views) is elsewhere
