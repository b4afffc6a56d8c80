"""What a worse camera does to a picture."""

import numpy as np
import pytest

from lab.training import hardships
from lab.training.hardships import hardened
from models.letterbox import Image


def lit(width: int = 480, height: int = 270) -> Image:
    """A grey street with a bright flame."""
    image = np.full((height, width, 3), 120, np.uint8)
    image[100:140, 200:240] = (60, 160, 255)
    return image


@pytest.mark.parametrize("seed", range(12))
def test_it_stays_a_picture_of_the_same_size_with_its_flame_where_it_was(seed: int) -> None:
    worse = hardened(lit(), np.random.default_rng(seed))
    assert worse.shape == lit().shape
    assert worse.dtype == np.uint8
    bright = worse.max(axis=2).astype(float)
    assert bright[105:135, 205:235].mean() > bright[:90].mean() + 20


def test_the_same_draw_gives_the_same_picture() -> None:
    one, other = (hardened(lit(), np.random.default_rng(3)) for _ in range(2))
    assert (one == other).all()


def test_every_hardship_comes_and_none_does_not_always(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SHRINK", "BLUR", "NIGHT", "COMPRESS"):
        monkeypatch.setattr(hardships, name, 0.0)
    assert (hardened(lit(), np.random.default_rng(0)) == lit()).all()
    for name in ("SHRINK", "BLUR", "NIGHT", "COMPRESS"):
        with monkeypatch.context() as alone:
            alone.setattr(hardships, name, 1.0)
            assert (hardened(lit(), np.random.default_rng(0)) != lit()).any()
