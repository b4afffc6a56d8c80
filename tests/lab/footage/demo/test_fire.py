"""The composed fire: it breaks out, rises, glows, smokes, goes out, and is the same each time."""

import numpy as np
import pytest

from lab.footage.demo.fire import Fire
from lab.footage.demo.painter import Burning, FirePainter

GRASS = np.full((288, 384, 3), (40, 90, 60), np.uint8)
SHORT = Burning(starts_s=0.5, grown_s=1.0, fades_s=2.5, out_s=3.0)


@pytest.mark.parametrize(
    ("at_s", "strength"), [(0, 0), (4, 0), (6.5, 0.5), (9, 1), (30, 1), (48, 0.5), (60, 0)]
)
def test_it_burns_by_its_times(at_s: float, strength: float) -> None:
    assert Burning().strength(at_s) == pytest.approx(strength)


def test_heat_rises_and_leaves_smoke_above_it() -> None:
    gas = Fire((60, 80), seat_w=16, seat_at=(0.5, 0.95))
    for _ in range(60):
        gas.step(1.0)
    rows = np.arange(80)[:, None]
    centre_of_heat = (gas.heat * rows).sum() / gas.heat.sum()
    centre_of_smoke = (gas.smoke * rows).sum() / gas.smoke.sum()
    assert centre_of_smoke < centre_of_heat < 76
    assert np.isfinite(gas.heat).all()
    assert gas.heat.max() <= 1.2


def test_without_fuel_nothing_burns() -> None:
    gas = Fire((60, 80), seat_w=16, seat_at=(0.5, 0.95))
    for _ in range(30):
        gas.step(0.0)
    assert gas.heat.max() == 0
    assert gas.smoke.max() == 0


def test_it_goes_out() -> None:
    gas = Fire((60, 80), seat_w=16, seat_at=(0.5, 0.95))
    for strength in [1.0] * 30 + [0.0] * 60:
        gas.step(strength)
    assert gas.heat.max() < 0.05


def test_two_runs_paint_the_same_pictures() -> None:
    one, other = (FirePainter((384, 288), burning=SHORT) for _ in range(2))
    for at_s in (0.2, 1.0, 1.6):
        assert np.array_equal(one.paint(GRASS, at_s), other.paint(GRASS, at_s))


def test_flames_are_bright_and_red_before_blue() -> None:
    picture = FirePainter((384, 288), burning=SHORT).paint(GRASS, 2.0)
    flames = picture[picture[..., 2] > 200]
    assert len(flames) > 200
    assert (flames[:, 2] >= flames[:, 0]).mean() > 0.95
    assert (GRASS == (40, 90, 60)).all(), "the picture given is left as it is"


def test_far_from_the_fire_the_picture_is_untouched() -> None:
    picture = FirePainter((384, 288), burning=SHORT).paint(GRASS, 2.0)
    assert np.array_equal(picture[:, 300:], GRASS[:, 300:])
