"""What is usual at an hour of the week is learned slowly, forgets, and never lowers a limit."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate, cycle, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.looks import SHANGHAI, SIZE_WH, detections, people
from vision.look import Look
from vision.patrol import CameraPatrol
from vision.rule_register import parse_rules
from vision.rules.baseline import HOURS, Baseline, BaselineMemory, BaselineSettings

MONDAY_8 = datetime(2026, 3, 2, 8, 0, tzinfo=SHANGHAI)
WEEK = timedelta(days=7)
USUAL = settings(max_examples=40, deadline=None)


def learn(baseline: Baseline, counts: list[int], *, start: datetime = MONDAY_8) -> None:
    """One count for each week at the same hour, looked at once a minute."""
    for week, count in enumerate(counts):
        watch(baseline, start + week * WEEK, [count] * 60)


def watch(baseline: Baseline, start: datetime, counts: list[int], every_s: float = 60) -> None:
    for number, count in enumerate(counts):
        local = start + timedelta(seconds=number * every_s)
        baseline.see(count, local, local.timestamp())
    over = start + timedelta(hours=1)
    baseline.see(0, over, over.timestamp())


def baseline(**changes: float) -> Baseline:
    return Baseline(BaselineSettings.model_validate(changes), "zone")


def test_the_limit_is_well_above_what_is_usual_after_enough_weeks() -> None:
    learned = baseline()
    for weeks, limit in [(1, 15), (2, 15), (3, 60), (4, 60)]:
        learn(learned, [40], start=MONDAY_8 + (weeks - 1) * WEEK)
        assert learned.limit(15, MONDAY_8 + weeks * WEEK) == limit
    other_hours = (MONDAY_8 + 4 * WEEK + timedelta(hours=h) for h in (-1, 2, 24))
    assert [learned.limit(15, at) for at in other_hours] == [15, 15, 15]


def test_a_feast_day_moves_nothing_and_a_week_counts_itself_not() -> None:
    learned = baseline()
    learn(learned, [20, 20, 300, 20])
    assert learned.usual(MONDAY_8 + 4 * WEEK) == 20
    assert learned.usual(MONDAY_8 + 3 * WEEK) == 20
    assert learned.usual(MONDAY_8 + 2 * WEEK) is None


def test_old_weeks_are_forgotten() -> None:
    learned = baseline(memory_weeks=4)
    learn(learned, [90] * 4)
    assert learned.usual(MONDAY_8 + 4 * WEEK) == 90
    assert learned.usual(MONDAY_8 + 20 * WEEK) is None
    learn(learned, [10] * 4, start=MONDAY_8 + 4 * WEEK)
    assert learned.usual(MONDAY_8 + 8 * WEEK) == 10


def test_an_hour_that_was_hardly_watched_says_nothing() -> None:
    learned = baseline()
    for week in range(4):
        watch(learned, MONDAY_8 + week * WEEK, [30] * 9)
    assert learned.usual(MONDAY_8 + 4 * WEEK) is None


def test_counts_weigh_by_time_and_not_by_looks() -> None:
    """A crowd of a minute that is looked at twice a second is a minute of an hour."""
    learned = baseline()
    for week in range(3):
        start = MONDAY_8 + week * WEEK
        for second in range(0, 1800, 10):
            learned.see(10, start + timedelta(seconds=second), (start.timestamp()) + second)
        for half in range(120):
            at = start + timedelta(seconds=1800 + half / 2)
            learned.see(80, at, at.timestamp())
        over = start + timedelta(hours=1)
        learned.see(0, over, over.timestamp())
    assert learned.usual(MONDAY_8 + 3 * WEEK) == 10


def test_it_survives_a_restart_but_not_another_zone() -> None:
    learned = baseline()
    learn(learned, [40] * 3)
    page = learned.memory.model_dump_json()
    again, elsewhere = baseline(), Baseline(BaselineSettings(), "another zone")
    for one in (again, elsewhere):
        one.recall(BaselineMemory.model_validate_json(page))
    at = MONDAY_8 + 3 * WEEK
    assert (again.limit(15, at), elsewhere.limit(15, at)) == (60, 15)


steps = st.lists(
    st.tuples(
        st.one_of(st.floats(0, 5000), st.sampled_from([-7200.0, -30.0, 7 * 86400.0, 3600.0])),
        st.integers(0, 200),
    ),
    max_size=150,
)


@USUAL
@given(steps, st.integers(1, 40))
def test_whatever_the_clock_does_no_limit_is_lowered_and_memory_is_bounded(
    taken: list[tuple[float, int]], floor: int
) -> None:
    learned, now_s = baseline(weeks=2, memory_weeks=3), 0.0
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for step_s, count in taken:
        at += timedelta(seconds=step_s)
        now_s += max(0.0, step_s)
        local = at.astimezone(ZoneInfo("Europe/Berlin"))
        learned.see(count, local, now_s)
        assert learned.limit(floor, local) >= floor
    kept = learned.memory.hours
    assert set(kept) <= set(range(HOURS))
    assert all(len(weeks) <= 3 for weeks in kept.values())
    most = max((count for _, count in taken), default=0)
    assert all(0 <= value <= most for weeks in kept.values() for _, value in weeks)


@USUAL
@given(st.lists(st.floats(1, 50), min_size=1, max_size=30), st.integers(0, 60))
def test_the_rhythm_of_looks_does_not_change_what_is_usual(gaps: list[float], count: int) -> None:
    learned = baseline()
    for week in range(3):
        start = MONDAY_8 + week * WEEK
        for second in takewhile(lambda second: second < 1200, accumulate(cycle(gaps))):
            at = start + timedelta(seconds=second)
            learned.see(count, at, at.timestamp())
        over = start + timedelta(hours=1)
        learned.see(0, over, over.timestamp())
    assert learned.usual(MONDAY_8 + 3 * WEEK) == count


def test_an_hour_that_is_left_early_counts_as_it_stands() -> None:
    learned = baseline()
    for week in range(3):
        start = MONDAY_8 + week * WEEK
        for minute in range(20 if week < 2 else 9):
            at = start + timedelta(minutes=minute)
            learned.see(30, at, at.timestamp())
        learned.pause()
    assert learned.memory.hours[8] == tuple((week, 30.0) for week in weeks_from(MONDAY_8, 2))


def test_a_pause_within_an_hour_neither_halves_nor_doubles_it() -> None:
    """Twenty minutes of 10 and thirty of 40: the hour is counted as a whole, once."""
    learned = baseline(quantile=0.5, weeks=2)
    for week in range(2):
        start = MONDAY_8 + week * WEEK
        for minute in (*range(21), *range(25, 56)):
            if minute == 25:
                learned.pause()
                assert learned.memory.hours[8][-1][1] == 10
            at = start + timedelta(minutes=minute)
            learned.see(10 if minute <= 20 else 40, at, at.timestamp())
        learned.pause()
        learned.pause()
    assert learned.memory.hours[8] == tuple((week, 40.0) for week in weeks_from(MONDAY_8, 2))


def weeks_from(start: datetime, count: int) -> list[int]:
    return [(start.date().toordinal() - 1) // 7 + week for week in range(count)]


def camera(**changes: Any) -> CameraPatrol:
    rule = {"count": 3, "for_s": 4, "smooth_s": 0, "baseline": {"weeks": 2}, **changes}
    return CameraPatrol(
        "gate-1", parse_rules({"crowding": rule}), [], timezone=SHANGHAI, model=None, notice=None
    )


def test_a_rule_that_learned_what_is_usual_opens_above_it_only() -> None:
    first = camera()
    for week in range(2):
        for minute in range(62):
            at = MONDAY_8 + week * WEEK + timedelta(minutes=minute)
            here = people(6 if minute < 60 else 0)
            first.look(Look("gate-1", at.astimezone(UTC), detections(here), SIZE_WH))
    second = camera()
    second.recall(first.learned)
    assert second.learned == first.learned
    start = MONDAY_8 + 2 * WEEK
    opened = {}
    for number in (8, 9):
        told = []
        for second_s in range(0, 20, 2):
            at = (start + timedelta(minutes=number * 6, seconds=second_s)).astimezone(UTC)
            told += second.look(Look("gate-1", at, detections(people(number)), SIZE_WH))
        opened[number] = bool(told)
    assert opened == {8: False, 9: True}


def test_the_last_hour_of_a_schedule_is_learned_like_the_others() -> None:
    learning = camera(schedule=[{"from": "07:00", "to": "09:00"}])
    for second in range(-5400, 5400, 20):
        at = (MONDAY_8 + timedelta(seconds=second)).astimezone(UTC)
        learning.tick(at)
        learning.look(Look("gate-1", at, detections(people(5)), SIZE_WH))
    (memory,) = learning.learned.values()
    assert {hour: len(weeks) for hour, weeks in memory.hours.items()} == {7: 1, 8: 1}
