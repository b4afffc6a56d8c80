"""Single pictures: views, night, grain, captions."""

import numpy as np
import pytest

from lab.footage.demo.compose import Sensor, View, captioned, night, seen
from streams.frame import Image
from tests.media import moving_picture

SIZE_WH = (96, 64)


@pytest.fixture
def picture() -> Image:
    return moving_picture(3, SIZE_WH)


@pytest.mark.parametrize("view", [(0, 0, 1, 1), (0.25, 0, 0.75, 0.5), (0.5, 0.5, 1.0, 1.0)])
def test_a_view_is_scaled_to_the_size_asked_for(picture: Image, view: View) -> None:
    assert seen(picture, view, SIZE_WH).shape == (64, 96, 3)


def test_the_whole_view_is_the_picture_itself(picture: Image) -> None:
    assert np.array_equal(seen(picture, (0, 0, 1, 1), SIZE_WH), picture)


def test_a_view_shows_its_part(picture: Image) -> None:
    right = seen(picture, (0.5, 0, 1, 1), (48, 64))
    assert np.array_equal(right, picture[:, 48:])


def test_the_night_is_darker_everywhere_and_bluish(picture: Image) -> None:
    dim = night(picture)
    assert (dim <= picture).all()
    assert dim.mean() < 0.6 * picture.mean()
    white = night(np.full((2, 2, 3), 255, np.uint8))
    assert white[0, 0, 0] > white[0, 0, 2]


def test_grain_differs_from_picture_to_picture_and_is_the_same_in_each_run(picture: Image) -> None:
    one, other = Sensor(SIZE_WH, 4.0, seed=1), Sensor(SIZE_WH, 4.0, seed=1)
    first, second = one.grainy(picture), one.grainy(picture)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, other.grainy(picture))
    spread = (first.astype(int) - picture)[picture.max(axis=2) < 220].std()
    assert spread == pytest.approx(4.0, rel=0.2)


def test_a_caption_marks_only_the_lower_edge_of_a_copy() -> None:
    picture = np.full((576, 768, 3), 120, np.uint8)
    marked = captioned(picture, "COMPOSED FIRE (DEMO)")
    assert np.array_equal(marked[:540], picture[:540])
    assert (marked[542:] == 30).any()
    assert (marked[542:] > 240).any()
    assert (picture == 120).all()
