"""Still things: told from places left empty, and from light."""

import numpy as np
import pytest

from tests.vision.paintings import exposed, street, with_shadow, with_thing
from vision.things.static_cells import CellMask, cells_under, ground_below, pixels, planes_of
from vision.things.static_things import StillThing, came_from_light, is_left_over, parts_of

SHAPE = (36, 64)
PLACE = (0.4, 0.6, 0.6, 0.85)
STREET = street()
BEFORE, AFTER = planes_of(STREET), planes_of(with_thing(STREET, PLACE, seed=1))
NOTHING = np.zeros(SHAPE, np.bool_)


def mask(*places: tuple[float, float, float, float]) -> CellMask:
    return cells_under(np.array(places, np.float32), SHAPE)


def thing(cells: CellMask) -> StillThing:
    (one, *_) = parts_of(cells, np.zeros(SHAPE))
    return one


def test_parts_are_told_apart_and_threads_left() -> None:
    both = mask(PLACE, (0.1, 0.1, 0.2, 0.3))
    both |= mask((0.7, 0.5, 0.99, 0.51))  # the edge of a shadow: one cell thick
    parts = parts_of(both, np.full(SHAPE, 7.0))
    assert [part.xyxy.tolist() for part in parts] == [
        pytest.approx(PLACE, abs=0.03),
        pytest.approx((0.1, 0.1, 0.2, 0.3), abs=0.03),
    ]
    assert {part.since_s for part in parts} == {7.0}
    assert not parts_of(NOTHING, np.zeros(SHAPE))


def test_what_comes_stands_out_and_what_goes_leaves_the_ground() -> None:
    place = thing(mask(PLACE))
    assert not is_left_over(place, AFTER, BEFORE, mask(PLACE))
    assert is_left_over(place, BEFORE, AFTER, mask(PLACE))
    everything = np.ones(SHAPE, np.bool_)
    assert not is_left_over(thing(everything), AFTER, BEFORE, everything)  # nothing around it


@pytest.mark.parametrize(
    ("after", "light"),
    [
        (AFTER, False),
        (planes_of(with_shadow(STREET, PLACE, 0.5)), True),
        (planes_of(with_shadow(STREET, PLACE, 0.1)), False),  # black: no shadow is so deep
        (planes_of(exposed(STREET, 1.5)), True),
        (BEFORE, True),  # nothing changed at all
    ],
)
def test_light_is_told_from_things(after: np.ndarray, light: bool) -> None:
    assert came_from_light(thing(mask(PLACE)), after, BEFORE) is light


def test_the_ground_below_is_drawn_from_what_is_around() -> None:
    cells = mask(PLACE)
    drawn = ground_below(AFTER, cells)
    assert np.array_equal(drawn[~pixels(cells)], AFTER[~pixels(cells)])
    assert np.abs(drawn - BEFORE)[pixels(cells)].mean() < 0.1
