"""Pauses that grow, with chance and without."""

import random

import pytest

from domain.backoff import Backoff, doubled_s
from tests.chance import Longest, Shortest


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(1, 60, rng=Longest())
    assert [backoff.next_s() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert backoff.failures == 9


@pytest.mark.parametrize(("chance", "certain"), [(0.5, [0.5, 1, 2]), (0.0, [1, 2, 4])])
def test_only_so_much_of_a_pause_is_chance(chance: float, certain: list[float]) -> None:
    backoff = Backoff(1, 60, chance=chance, rng=Shortest())
    assert [backoff.next_s() for _ in range(3)] == certain


def test_what_goes_well_starts_the_pauses_anew() -> None:
    backoff = Backoff(1, 60, rng=Longest())
    for _ in range(5):
        backoff.next_s()
    backoff.reset()
    assert (backoff.failures, backoff.next_s()) == (0, 1)


def test_many_do_not_come_back_in_step() -> None:
    pauses_s = {Backoff(1, 60, rng=random.Random(i)).next_s() for i in range(50)}
    assert len(pauses_s) == 50
    assert all(0.5 <= pause_s <= 1 for pause_s in pauses_s)
    assert Backoff(1, 60).next_s() != Backoff(1, 60).next_s()


def test_failures_without_end_do_not_overflow() -> None:
    backoff = Backoff(1, 60, rng=Longest())
    assert [backoff.next_s() for _ in range(5000)][-1] == 60


@pytest.mark.parametrize(
    ("times", "seconds"), [(-1, 5), (0, 5), (1, 10), (3, 40), (10_000, 5 * 2.0**32)]
)
def test_a_pause_of_so_many_failures(times: int, seconds: float) -> None:
    assert doubled_s(5, times) == seconds
    assert doubled_s(5, times, 20) == min(seconds, 20)
