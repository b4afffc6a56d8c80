"""Time that does not run backwards."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vision.looks import START, at
from vision.steady import SteadySeconds


@pytest.mark.parametrize(
    ("walls", "steady"),
    [
        ([0, 2, 4], [0, 2, 4]),
        ([0, 2, 2, 3], [0, 2, 2, 3]),
        ([0, 10, 8.5, 11], [0, 10, 10, 11]),  # a picture that comes late
        ([0, 10, -3600, -3598], [0, 10, 10, 12]),  # the clock is set back by an hour
        ([0, 10, -3600, 20], [0, 10, 10, 3630]),  # and forward again: as good as a pause
        ([0, 3600, 3602], [0, 3600, 3602]),
    ],
)
def test_seconds_only_grow(walls: list[float], steady: list[float]) -> None:
    time = SteadySeconds()
    base = START.timestamp()
    assert [time.advance(at(wall)) - base for wall in walls] == pytest.approx(steady)


def test_a_peek_does_not_push_later_pictures() -> None:
    time, base = SteadySeconds(), START.timestamp()
    assert time.peek(at(7)) - base == 7
    time.advance(at(0))
    assert time.peek(at(5)) - base == 5
    assert time.advance(at(2)) - base == 2


def test_a_peek_notices_that_the_clock_was_set_back() -> None:
    time, base = SteadySeconds(), START.timestamp()
    time.advance(at(0))
    assert time.peek(at(-3600)) - base == 0
    assert time.peek(at(-3500)) - base == 100


def test_pictures_dated_by_the_old_clock_do_not_run_away() -> None:
    time, base = SteadySeconds(), START.timestamp()
    time.advance(at(0))
    for second in range(0, 60, 2):
        assert time.peek(at(second - 3600)) - base == second
        assert time.advance(at(0)) - base == 0
    assert time.advance(at(70 - 3600)) - base == 70
    assert time.peek(at(72 - 3600)) - base == 72


def test_ticks_follow_a_clock_that_was_set_back_a_little() -> None:
    time, base = SteadySeconds(), START.timestamp()
    time.advance(at(0))
    assert [time.peek(at(second - 100)) - base for second in (0, 30, 60)] == [0, 30, 60]


def test_ticks_follow_pictures_that_were_set_back_a_little() -> None:
    time, base = SteadySeconds(), START.timestamp()
    time.advance(at(0))
    assert time.advance(at(-100)) - base == 0
    assert [time.peek(at(second - 100)) - base for second in (30, 60)] == [30, 60]


def test_ticks_follow_the_pictures_when_the_clock_is_right_again() -> None:
    time, base = SteadySeconds(), START.timestamp()
    time.advance(at(0))
    time.peek(at(-3600))
    assert time.advance(at(2)) - base == 2
    assert time.peek(at(3)) - base == 3


@given(st.lists(st.floats(-1e6, 1e6), max_size=50))
def test_never_backwards_whatever_the_clock_does(steps: list[float]) -> None:
    time, now, last = SteadySeconds(), START, 0.0
    for step in steps:
        now += timedelta(seconds=step)
        assert time.peek(now) >= last
        seconds = time.advance(now)
        assert seconds >= last
        last = seconds
