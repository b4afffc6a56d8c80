"""A worker whose clock is set was not away, and its news is not old."""

from datetime import timedelta

import pytest

from domain.health import CameraHealth, CameraStatus, FaultKind
from domain.messages import CameraHealthChanged
from tests.builders import NOON
from tests.cases.conftest import Desk


def said(seconds: float, set_by_s: float = 0.0, **changes: object) -> CameraHealthChanged:
    """Health told so many seconds after noon, by a clock that was set by so much."""
    steady_at = NOON + timedelta(seconds=seconds)
    at = steady_at + timedelta(seconds=set_by_s)
    fields = {
        "camera_id": "gate-1",
        "at": at,
        "steady_at": steady_at,
        "status": CameraStatus.SEEING,
        "since": at,
    }
    return CameraHealthChanged(health=CameraHealth.model_validate(fields | changes))


@pytest.mark.parametrize("set_by_s", [7200, -7200])
def test_a_worker_whose_clock_is_set_was_not_away_and_is_heard(desk: Desk, set_by_s: float) -> None:
    desk.book.handle(said(0))
    dark = {"status": CameraStatus.OFFLINE, "fault": FaultKind.REFUSED}
    desk.book.handle(said(30, set_by_s, **dark))

    assert desk.book.gaps("gate-1", NOON - timedelta(days=1)) == ()
    row = desk.book.camera("gate-1")
    assert row is not None
    assert row.health is not None
    assert row.health.status is CameraStatus.OFFLINE


def test_a_worker_that_was_away_is_told_all_the_same(desk: Desk) -> None:
    desk.book.handle(said(0))
    desk.book.handle(said(600))

    (gap,) = desk.book.gaps("gate-1", NOON - timedelta(days=1))
    assert gap.cause is FaultKind.WORKER_AWAY


def test_news_that_comes_twice_stays_old(desk: Desk) -> None:
    first = said(0, status=CameraStatus.CONNECTING)
    desk.book.handle(first)
    desk.book.handle(said(30))
    desk.book.handle(first)

    row = desk.book.camera("gate-1")
    assert row is not None
    assert row.health is not None
    assert row.health.status is CameraStatus.SEEING
