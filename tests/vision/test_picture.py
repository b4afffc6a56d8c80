"""Black and frozen pictures."""

from collections.abc import Callable

import numpy as np
import pytest

from domain.health import FaultKind
from streams.frame import Image
from tests.vision.looks import at
from vision.picture.diagnosis import PictureSettings, PictureWatch

HEIGHT, WIDTH = 90, 160
Paint = Callable[[int], Image]


def street(seed: int = 0) -> Image:
    """Something with blocks of light and dark, (h, w, 3) uint8."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 200, (9, 16))
    grey = np.kron(coarse, np.ones((10, 10))).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def noisy(image: Image, sigma: float, number: int) -> Image:
    noise = np.random.default_rng(number).normal(0, sigma, (HEIGHT, WIDTH, 1))
    return np.asarray((image + noise).round().clip(0, 255), np.uint8)


def darkness(number: int) -> Image:
    """A black picture with some noise and a burnt-in clock."""
    image = noisy(np.full((HEIGHT, WIDTH, 3), 12, np.uint8), 1, number)
    image[3:9, 4:60] = 235
    image[82:88, 100:150] = 235
    return image


def night(number: int) -> Image:
    """A dark street: hardly any light, but lamps."""
    image = noisy((street() * 0.06).astype(np.uint8), 1, number)
    image[30:34, 50:54] = 180
    image[36:40, 110:114] = 160
    return image


def faults(
    paint: Paint, to_s: float, *, step_s: float = 2, settings: PictureSettings | None = None
) -> dict[float, FaultKind | None]:
    watch = PictureWatch(settings)
    return {i * step_s: watch.look(paint(i), at(i * step_s)) for i in range(int(to_s / step_s) + 1)}


def first(said: dict[float, FaultKind | None]) -> tuple[float, FaultKind] | None:
    return next(((t, fault) for t, fault in said.items() if fault is not None), None)


@pytest.mark.parametrize(
    ("paint", "fault"),
    [
        (darkness, (10.0, FaultKind.BLACK)),
        (night, None),
        (lambda _: street(), (62.0, FaultKind.FROZEN)),  # the first comparison is at 2 s
        (lambda i: noisy(street(), 1, i), None),  # a still street, with the sensor's noise
        (lambda i: street(i), None),
        (lambda _: np.zeros((HEIGHT, WIDTH, 3), np.uint8), (10.0, FaultKind.BLACK)),
        (lambda i: street() if i % 15 else noisy(street(), 2, i), (64.0, FaultKind.FROZEN)),
        (lambda i: street() if i % 3 else noisy(street(), 2, i), None),
        (lambda i: street() if i % 2 else street()[::2], None),  # of another size every time
        (lambda _: np.full((HEIGHT, WIDTH, 3), 30, np.uint8), (60.0, FaultKind.COVERED)),
    ],
)
def test_what_is_wrong_with_a_picture(paint: Paint, fault: tuple[float, FaultKind] | None) -> None:
    assert first(faults(paint, 120)) == fault


@pytest.mark.parametrize("step_s", [0.5, 1, 2, 5])
def test_it_takes_seconds_and_not_looks(step_s: float) -> None:
    said = faults(darkness, 30, step_s=step_s)
    assert [t for t, fault in said.items() if fault is None] == [
        i * step_s for i in range(int(10 / step_s))
    ]


def test_it_recovers_after_a_time() -> None:
    said = faults(lambda i: darkness(i) if i < 10 else street(i), 40)
    assert [t for t, fault in said.items() if fault] == [float(t) for t in range(10, 26, 2)]

    said = faults(lambda i: darkness(i) if i % 8 else street(i), 60)
    assert all(fault is FaultKind.BLACK for t, fault in said.items() if t >= 20)


def test_a_frozen_picture_moves_on() -> None:
    said = faults(lambda i: street() if i < 40 else street(i), 120)
    assert [t for t, fault in said.items() if fault] == [float(t) for t in range(62, 86, 2)]


def test_two_equal_pictures_prove_nothing_however_far_apart() -> None:
    watch = PictureWatch()
    assert [watch.look(street(), at(t)) for t in (0, 300, 600)] == [None, None, None]
    assert watch.look(street(), at(900)) is FaultKind.FROZEN


def test_the_limits_are_settings() -> None:
    quick = PictureSettings(black_after_s=2, frozen_after_s=4)
    assert first(faults(darkness, 20, settings=quick)) == (4.0, FaultKind.BLACK)
    assert first(faults(lambda _: street(), 20, settings=quick)) == (6.0, FaultKind.FROZEN)
    never = PictureSettings(black_mean=0)
    assert first(faults(darkness, 60, settings=never)) is None


@pytest.mark.parametrize("height", [64, 90, 96])
def test_a_panorama_however_wide_is_looked_at(height: int) -> None:
    watch = PictureWatch()
    scene = np.kron(
        np.random.default_rng(0).integers(30, 220, (height // 8, 80, 1)), np.ones((8, 8, 3))
    )
    for second in range(0, 120, 4):
        noise = np.random.default_rng(second).normal(0, 2, scene.shape)
        assert watch.look((scene + noise).clip(0, 255).astype(np.uint8), at(second)) is None
