"""What became of the promised looks is summed by the hour, each page once, and pruned."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from cases.coverage import HOUR, KEPT_DAYS, Coverage
from cases.database import Database
from cases.place_tables import CoverageRow, LooksPageRow
from domain.health import CameraHealth, CameraLooks, CameraStatus, CoverageGap, FaultKind
from domain.messages import CameraHealthChanged, CoverageGapEnded, LooksDone
from tests.builders import NOON, make_cameras, make_plan, make_sites
from tests.cases.conftest import Desk
from tests.cases.test_concurrency import at_once

PAGE = timedelta(seconds=5)
DAY = timedelta(hours=24)


def page(
    to_at: datetime,
    *,
    looks: int = 2,
    longest_s: float | None = 2.0,
    missed: Mapping[str, int] | None = None,
    last_look_at: datetime | None = None,
    worker_id: str = "edge-1",
) -> LooksDone:
    one = CameraLooks(
        camera_id="gate-1",
        looks=looks,
        longest_interval_s=longest_s,
        last_look_at=last_look_at,
        skipped=dict(missed or {}),
    )
    cameras = (one, CameraLooks(camera_id="gate-2", looks=1))
    return LooksDone(worker_id=worker_id, from_at=to_at - PAGE, to_at=to_at, cameras=cameras)


def health(after_s: float, camera_id: str = "gate-1") -> CameraHealthChanged:
    at = NOON + timedelta(seconds=after_s)
    said = CameraHealth(camera_id=camera_id, at=at, status=CameraStatus.SEEING, since=at)
    return CameraHealthChanged(health=said)


def day_of(desk: Desk, camera_id: str = "gate-1") -> Coverage | None:
    return desk.book.coverage(desk.clock.now() - DAY).get(camera_id)


def hours_of(desk: Desk) -> dict[int, Coverage]:
    """gate-1's hours, by how many hours they are from NOON."""
    found = desk.book.coverage_by_hour("gate-1", NOON - DAY)
    return {round((one.from_at - NOON) / HOUR): one for one in found}


def test_a_broken_promise_is_still_known_a_page_later(desk: Desk) -> None:
    assert day_of(desk) is None
    desk.book.handle(page(NOON + PAGE, longest_s=25.0, missed={"overload": 7}))
    desk.book.handle(page(NOON + 2 * PAGE))
    told = day_of(desk)
    assert told == Coverage(
        camera_id="gate-1", from_at=NOON, looks=4, longest_interval_s=25.0, missed={"overload": 7}
    )


def test_the_largest_step_of_the_clock_is_kept(desk: Desk) -> None:
    for number, set_s in enumerate((0.0, 3.0, -7200.0, 2.0), 1):
        to_at = NOON - DAY / 24 * (number % 2) + number * PAGE
        desk.book.handle(page(to_at).model_copy(update={"clock_set_s": set_s}))
    told = day_of(desk)
    assert told is not None
    assert told.clock_set_s == -7200.0
    assert {hour: one.clock_set_s for hour, one in hours_of(desk).items()} == {-1: -7200.0, 0: 3.0}


def test_causes_are_summed_over_hours_and_old_ones_left_out(desk: Desk) -> None:
    desk.book.handle(page(NOON - timedelta(hours=26), longest_s=99.0, missed={"failed": 1}))
    desk.book.handle(page(NOON - timedelta(minutes=30), missed={"overload": 7, "frozen": 1}))
    desk.book.handle(page(NOON, longest_s=None, missed={"overload": 1, "no_picture": 3}))
    told = day_of(desk)
    assert told is not None
    assert (told.looks, told.longest_interval_s) == (4, 2.0)
    assert told.missed == {"overload": 8, "frozen": 1, "no_picture": 3}
    assert {hour: one.missed for hour, one in hours_of(desk).items()} == {
        -1: {"overload": 7, "frozen": 1},
        0: {"overload": 1, "no_picture": 3},
    }
    other = day_of(desk, "gate-2")
    assert other is not None
    assert (other.looks, other.longest_interval_s, other.missed) == (2, None, {})


def test_a_page_counts_once_however_often_and_in_whatever_order_it_comes(desk: Desk) -> None:
    pages = [page(NOON + n * PAGE, looks=10**n, missed={"overload": 1}) for n in range(4)]
    for number in (3, 0, 3, 2, 0, 1, 1, 2, 3):
        desk.book.handle(pages[number])
    told = day_of(desk)
    assert told is not None
    assert (told.looks, told.missed) == (1111, {"overload": 4})


def test_pages_of_two_workers_that_end_at_once_both_count(desk: Desk) -> None:
    for worker_id in ("edge-1", "edge-2", "edge-1"):
        desk.book.handle(page(NOON, worker_id=worker_id))
    told = day_of(desk)
    assert told is not None
    assert told.looks == 4


def test_a_page_belongs_to_the_hour_in_which_it_ends(desk: Desk) -> None:
    for to_at in (NOON - timedelta(seconds=1), NOON + timedelta(seconds=4)):
        desk.book.handle(page(to_at))
    assert {hour: one.looks for hour, one in hours_of(desk).items()} == {-1: 2, 0: 2}


def test_of_a_camera_that_stays_dark_the_interval_that_runs_counts(desk: Desk) -> None:
    last = NOON - timedelta(minutes=10)
    dark: dict[str, Any] = {"looks": 0, "longest_s": None, "last_look_at": last}
    desk.book.handle(page(NOON - PAGE, missed={"unreachable": 2}, **dark))
    desk.book.handle(page(NOON + PAGE, missed={"unreachable": 3}, **dark))
    hours = hours_of(desk)
    assert hours[-1].longest_interval_s == 595
    assert hours[0].longest_interval_s == 605
    # One whose promise is longer than a page is not late, and its interval has not ended yet.
    desk.book.handle(page(NOON + HOUR, **dark))
    assert hours_of(desk)[1].longest_interval_s is None


def test_pages_that_come_at_once_are_all_counted(desk: Desk) -> None:
    pages = [page(NOON + n * PAGE, missed={"overload": 1}) for n in range(4)]
    answers = at_once(*(lambda one=one: desk.book.handle(one) for one in pages * 2))
    assert answers == [None] * 8
    told = day_of(desk)
    assert told is not None
    assert (told.looks, told.missed) == (8, {"overload": 4})


def test_what_is_old_is_pruned_by_the_centers_clock(desk: Desk, database: Database) -> None:
    for days in (0, 1, KEPT_DAYS, KEPT_DAYS + 1):
        at = NOON + timedelta(days=days)
        desk.clock.move_to(at)
        desk.book.handle(page(at))
    desk.book.handle(page(NOON + timedelta(days=9_000)))
    with database.reading() as session:
        kept = select(CoverageRow.hour).where(CoverageRow.camera_id == "gate-1")
        hours = sorted((hour - NOON) // timedelta(days=1) for hour in session.scalars(kept))
        pages = session.scalar(select(func.count()).select_from(LooksPageRow))
    assert hours == [1, KEPT_DAYS, KEPT_DAYS + 1, 9_000]
    assert pages == 3


def test_a_worker_that_was_away_leaves_a_gap_and_what_was_owed(desk: Desk) -> None:
    desk.book.handle(health(0))
    desk.book.handle(page(NOON + timedelta(minutes=30)))
    back = health(2 * 3600)
    for message in (back, back, health(2 * 3600 + 30), back):
        desk.book.handle(message)
    gap = CoverageGap(
        camera_id="gate-1",
        from_at=NOON + timedelta(minutes=30),
        to_at=NOON + timedelta(hours=2),
        cause=FaultKind.WORKER_AWAY,
        detail="edge-1",
    )
    assert desk.book.gaps("gate-1", NOON) == (gap,)
    hours = hours_of(desk)
    assert {hour: one.missed for hour, one in hours.items()} == {
        0: {"worker_away": 900},
        1: {"worker_away": 1800},
    }
    assert (hours[0].longest_interval_s, hours[1].longest_interval_s) == (1800, 5400)
    assert hours[0].looks == 2


def test_what_is_owed_over_an_hours_end_is_counted_whole(desk: Desk) -> None:
    slow = [info.model_copy(update={"look_every_s": 7.0}) for info in make_cameras()]
    desk.book.install(make_sites(), slow, make_plan())
    desk.book.handle(health(0))
    desk.book.handle(health(3 * 3600 + 100))
    owed = [one.missed["worker_away"] for one in hours_of(desk).values()]
    assert sum(owed) == 10_900 // 7
    assert len(owed) == 4


@pytest.mark.parametrize("silent_s", [30, 90])
def test_who_is_heard_in_time_was_not_away(desk: Desk, silent_s: float) -> None:
    desk.book.handle(health(0))
    desk.book.handle(health(silent_s))
    desk.book.handle(health(1000, "gate-2"))  # heard of for the first time
    assert desk.book.gaps("gate-1", NOON) == desk.book.gaps("gate-2", NOON) == ()


def test_looks_that_came_meanwhile_show_that_the_worker_ran(desk: Desk) -> None:
    desk.book.handle(health(0))
    desk.book.handle(page(NOON + timedelta(seconds=80)))
    desk.book.handle(health(150))
    assert desk.book.gaps("gate-1", NOON) == ()


def test_looks_that_overtake_the_health_hide_no_gap(desk: Desk) -> None:
    desk.book.handle(health(0))
    desk.book.handle(page(NOON + timedelta(seconds=605)))
    desk.book.handle(health(600))
    [gap] = desk.book.gaps("gate-1", NOON)
    assert (gap.from_at, gap.to_at) == (NOON, NOON + timedelta(seconds=600))


def test_a_worker_away_for_a_year_fills_no_more_hours_than_are_kept(desk: Desk) -> None:
    desk.book.handle(health(0))
    desk.book.handle(health(365 * 86_400))
    assert len(desk.book.coverage_by_hour("gate-1", NOON)) == KEPT_DAYS * 24


def test_a_gap_of_a_camera_that_nobody_installed_is_kept(desk: Desk) -> None:
    desk.book.handle(health(0, "stray-9"))
    desk.book.handle(health(600, "stray-9"))
    assert [gap.cause for gap in desk.book.gaps("stray-9", NOON)] == [FaultKind.WORKER_AWAY]


def test_a_gap_of_the_stream_misses_nothing_by_itself(desk: Desk) -> None:
    """The worker was there and counts what it missed."""
    gap = CoverageGap(camera_id="gate-1", from_at=NOON, to_at=NOON + HOUR, cause=FaultKind.ENDED)
    desk.book.handle(CoverageGapEnded(gap=gap))
    assert day_of(desk) is None
