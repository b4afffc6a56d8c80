"""The pauses of a camera. How they grow: tests/domain/test_backoff.py."""

import pytest

from domain.health import FaultKind
from streams.backoff import SLOW_FAULTS, CameraBackoff
from streams.stream_settings import StreamSettings
from tests.chance import Longest, Shortest

SETTINGS = StreamSettings(backoff_first_s=1, backoff_max_s=60, unauthorized_backoff_s=300)


def test_pauses_grow_from_the_first_to_the_longest_until_the_camera_delivers() -> None:
    backoff = CameraBackoff(SETTINGS, Longest())

    pauses_s = [backoff.pause_s(FaultKind.REFUSED) for _ in range(9)]
    backoff.reset()

    assert pauses_s == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert backoff.pause_s(FaultKind.ENDED) == 1


def test_at_least_half_a_pause_is_certain() -> None:
    backoff = CameraBackoff(SETTINGS, Shortest())

    assert [backoff.pause_s(FaultKind.STALLED) for _ in range(3)] == [0.5, 1, 2]


@pytest.mark.parametrize("fault", sorted(SLOW_FAULTS))
def test_what_a_person_must_mend_is_tried_minutes_later_from_the_first(fault: FaultKind) -> None:
    assert CameraBackoff(SETTINGS, Shortest()).pause_s(fault) == 300
    assert CameraBackoff(SETTINGS, Longest()).pause_s(fault) == 360


def test_a_slow_pause_is_no_step_of_the_usual_ones() -> None:
    backoff = CameraBackoff(SETTINGS, Longest())

    backoff.pause_s(FaultKind.UNAUTHORIZED)

    assert backoff.pause_s(FaultKind.ENDED) == 1
