import random

import pytest

from domain.health import FaultKind
from streams.backoff import SLOW_FAULTS, Backoff
from streams.stream_settings import StreamSettings

SETTINGS = StreamSettings(backoff_first_s=1, backoff_max_s=60, unauthorized_backoff_s=300)


class Longest:
    def uniform(self, a: float, b: float) -> float:
        return b


class Shortest:
    def uniform(self, a: float, b: float) -> float:
        return a


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(SETTINGS, Longest())

    pauses_s = [backoff.pause_s(FaultKind.REFUSED) for _ in range(9)]

    assert pauses_s == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_at_least_half_a_pause_is_certain() -> None:
    backoff = Backoff(SETTINGS, Shortest())

    assert [backoff.pause_s(FaultKind.STALLED) for _ in range(3)] == [0.5, 1, 2]


def test_a_steady_connection_starts_the_pauses_anew() -> None:
    backoff = Backoff(SETTINGS, Longest())
    for _ in range(5):
        backoff.pause_s(FaultKind.ENDED)

    backoff.reset()

    assert backoff.pause_s(FaultKind.ENDED) == 1


@pytest.mark.parametrize("fault", sorted(SLOW_FAULTS))
def test_what_a_person_must_mend_is_tried_minutes_later_from_the_first(fault: FaultKind) -> None:
    assert Backoff(SETTINGS, Shortest()).pause_s(fault) == 300
    assert Backoff(SETTINGS, Longest()).pause_s(fault) == 360


def test_cameras_do_not_come_back_in_step() -> None:
    pauses_s = {Backoff(SETTINGS, random.Random(i)).pause_s(FaultKind.ENDED) for i in range(50)}

    assert len(pauses_s) == 50
    assert all(0.5 <= pause_s <= 1 for pause_s in pauses_s)


def test_failures_without_end_do_not_overflow() -> None:
    backoff = Backoff(SETTINGS, Longest())

    assert [backoff.pause_s(FaultKind.REFUSED) for _ in range(5000)][-1] == 60
