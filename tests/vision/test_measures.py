"""Measures of one picture: quick ways give what their formulas say."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.picture.measures import BLOCK, STEP_PX, WHITE, WIDTH, measure, percentiles


@pytest.mark.parametrize("percent", [0.5, 15.0, 50.0, 99.0, 99.5])
@pytest.mark.parametrize("spread", [0, 3, 255])
def test_counted_levels_have_the_percentiles_of_numpy(spread: int, percent: float) -> None:
    dice = np.random.default_rng(spread)
    for size in ((1, 1), (1, 2), (9, 16), (180, 319)):
        levels = dice.integers(0, spread + 1, size).astype(np.uint8)
        (found,) = percentiles(levels, percent)
        assert found == pytest.approx(np.percentile(levels, percent), abs=1e-9)


def test_measures_are_what_their_formulas_say() -> None:
    """Each as one would write it down, on a picture of soft shapes with noise."""
    dice = np.random.default_rng(5)
    coarse = dice.integers(0, 256, (9, 16, 3)).astype(np.uint8)
    shapes = cv2.resize(coarse, (WIDTH, 180), interpolation=cv2.INTER_CUBIC)
    noisy = shapes.astype(np.float64) * 1.2 + dice.normal(0, 5, shapes.shape)
    image = np.clip(noisy, 0, 255).astype(np.uint8)
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    found = measure(image, grey, 20.0)

    assert found.white == (grey >= WHITE).mean()
    whole = grey.astype(np.int64)
    near, far = (np.percentile(abs(whole[:, n:] - whole[:, :-n]), 99) for n in (1, STEP_PX))
    assert (found.sharpness, found.edge) == pytest.approx((near / far, far))
    plane = grey.astype(np.float64)
    slow = np.asarray(cv2.blur(plane, (BLOCK + 1, BLOCK + 1)), np.float64)
    fast = (plane - slow) ** 2
    contrast = np.sqrt(by_block(fast))
    assert found.bare == (contrast < 20.0).mean()
    bend = np.outer([1, -2, 1], [1, -2, 1]).astype(np.float64)
    bent = np.asarray(cv2.filter2D(plane, -1, bend), np.float64)
    rough, lit = by_block(np.abs(bent)), by_block(plane)
    sigma = rough[(lit > 12) & (lit < 243)] * np.sqrt(np.pi / 2) / 6
    assert found.noise == pytest.approx(np.percentile(sigma, 15), rel=1e-5)


def by_block(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = (side // BLOCK for side in plane.shape)
    blocks = plane[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float64)
