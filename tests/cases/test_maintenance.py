"""Maintenance cases: a camera's faults, for those who repair cameras."""

from datetime import timedelta

import pytest

from domain.health import CameraHealth, CameraStatus, FaultKind
from domain.messages import CameraHealthChanged
from tests.builders import NOON
from tests.cases.conftest import Desk

Said = tuple[str, bool, int]


def tell(desk: Desk, at_s: float, fault: FaultKind | None, *, since_s: float | None = None) -> None:
    at = NOON + timedelta(seconds=at_s)
    status = CameraStatus.SEEING
    if fault is not None:
        status = CameraStatus.IMPAIRED if fault.is_of_picture else CameraStatus.OFFLINE
    since = at if since_s is None else NOON + timedelta(seconds=since_s)
    health = CameraHealth(camera_id="gate-1", at=at, status=status, since=since, fault=fault)
    desk.clock.move_to(at)
    desk.book.handle(CameraHealthChanged(health=health))


def listed(desk: Desk) -> list[Said]:
    """Each case in short: fault, whether it is open, how often it came."""
    return [(c.fault.value, c.closed_at is None, c.times) for c in desk.book.maintenance()]


def test_a_fault_opens_one_case_that_closes_when_the_camera_is_whole(desk: Desk) -> None:
    for second in (0, 30, 60):
        tell(desk, second, FaultKind.BLURRED, since_s=-5)
    [case] = desk.book.maintenance()
    assert (case.camera_id, case.fault, case.closed_at) == ("gate-1", FaultKind.BLURRED, None)
    assert (case.since, case.opened_at) == (NOON - timedelta(seconds=5), NOON)
    assert case.last_at == NOON + timedelta(seconds=60)
    assert desk.book.cases().cases == ()  # no work for dispatchers

    tell(desk, 90, None)
    [closed] = desk.book.maintenance()
    assert closed.closed_at == NOON + timedelta(seconds=90)
    assert closed.id == case.id


def test_a_fault_that_flaps_is_one_case_and_an_old_one_is_another(desk: Desk) -> None:
    for minute in range(0, 60, 10):
        tell(desk, minute * 60, FaultKind.NOISY)
        tell(desk, minute * 60 + 60, None)
    assert listed(desk) == [("noisy", False, 6)]
    tell(desk, 10_000, FaultKind.NOISY)
    assert listed(desk) == [("noisy", True, 1), ("noisy", False, 6)]


def test_a_reconnect_is_nobody_s_work_and_an_outage_is_one_case(desk: Desk) -> None:
    tell(desk, 0, FaultKind.ENDED, since_s=0)
    tell(desk, 20, None)
    assert listed(desk) == []
    tell(desk, 100, FaultKind.REFUSED, since_s=100)
    tell(desk, 160, FaultKind.REFUSED, since_s=100)
    tell(desk, 190, FaultKind.UNREACHABLE, since_s=100)
    assert listed(desk) == [("unreachable", True, 1)]
    tell(desk, 220, FaultKind.MOVED)
    assert listed(desk) == [("moved", True, 1), ("unreachable", False, 1)]


def test_a_worse_fault_does_not_heal_another(desk: Desk) -> None:
    tell(desk, 0, FaultKind.BLURRED)
    tell(desk, 60, FaultKind.MOVED)
    tell(desk, 120, FaultKind.STALLED, since_s=0)
    assert sorted(listed(desk)) == [("blurred", True, 1), ("moved", True, 1), ("stalled", True, 1)]
    tell(desk, 180, None)
    assert {is_open for _, is_open, _ in listed(desk)} == {False}


def test_a_camera_that_connects_is_not_healed(desk: Desk) -> None:
    tell(desk, 0, FaultKind.BLACK)
    at = NOON + timedelta(seconds=30)
    connecting = CameraHealth(camera_id="gate-1", at=at, status=CameraStatus.CONNECTING, since=at)
    desk.book.handle(CameraHealthChanged(health=connecting))
    assert listed(desk) == [("black", True, 1)]


@pytest.mark.parametrize("late_s", [0, 30])
def test_old_news_changes_nothing(desk: Desk, late_s: float) -> None:
    tell(desk, 60, FaultKind.COVERED)
    at = NOON + timedelta(seconds=late_s)
    whole = CameraHealth(camera_id="gate-1", at=at, status=CameraStatus.SEEING, since=at)
    desk.book.handle(CameraHealthChanged(health=whole))
    assert listed(desk) == [("covered", True, 1)]


def test_closed_cases_are_listed_for_a_week(desk: Desk) -> None:
    tell(desk, 0, FaultKind.OVEREXPOSED)
    tell(desk, 60, None)
    desk.clock.move_to(NOON + timedelta(days=6))
    assert listed(desk) == [("overexposed", False, 1)]
    desk.clock.move_to(NOON + timedelta(days=8))
    assert listed(desk) == []
