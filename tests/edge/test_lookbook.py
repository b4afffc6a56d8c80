from datetime import UTC, datetime, timedelta

import pytest

from domain.clock import Moment
from edge.lookbook import LookBook
from streams.reader import ComingPicture

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> Moment:
    return Moment(seconds, START + timedelta(seconds=seconds))


def test_a_look_moves_the_deadline_by_the_promise() -> None:
    book = LookBook("gate", 2.0, at(0))
    assert book.due_s == 0
    book.done(at(1), {"person": 2})
    assert book.due_s == 3
    assert book.last_look_at == at(1).at


def test_a_page_holds_what_happened_since_the_last_one() -> None:
    book = LookBook("gate", 2.0, at(0))
    for seconds in (1, 3, 7):
        book.done(at(seconds), {"person": seconds})
    page = book.close_page()
    assert (page.looks, page.longest_interval_s, page.counts) == (3, 4.0, {"person": 7})
    assert book.close_page().looks == 0
    assert book.close_page().last_look_at == at(7).at


def test_a_look_at_an_unchanged_picture_keeps_the_promise_and_is_counted_apart() -> None:
    book = LookBook("gate", 2.0, at(0))
    book.done(at(0), {"car": 1})
    book.done(at(2), {"car": 1}, unchanged=True)
    assert (book.due_s, book.last_look_at) == (4, at(2).at)
    page = book.close_page()
    assert (page.looks, page.unchanged, page.intervals_s) == (2, 1, (2.0,))
    assert book.close_page().unchanged == 0


def test_a_look_that_could_not_see_what_rules_look_for_keeps_no_promise() -> None:
    book = LookBook("gate", 2.0, at(0))
    book.done(at(0), {})
    book.done(at(2), {"car": 1}, blind="moved")
    assert (book.due_s, book.last_look_at) == (4, at(2).at)  # it has had its turn
    book.done(at(4), {})
    page = book.close_page()
    assert (page.looks, page.skipped, page.intervals_s) == (3, {"moved": 1}, (4.0,))


def test_of_two_that_waited_alike_comes_who_was_not_seen_in_full_for_longer() -> None:
    full, unchanged, bad = (LookBook(name, 2.0, at(0)) for name in ("full", "unchanged", "bad"))
    for seconds in (0, 2, 4):
        full.done(at(seconds), {})
        unchanged.done(at(seconds), {}, unchanged=seconds > 0)
        bad.skip(at(seconds), "frozen")
    assert unchanged.urgency(at(8)) == pytest.approx(2.2)
    assert full.urgency(at(8)) == bad.urgency(at(8)) == 2.0


def test_an_early_look_counts_and_changes_nothing_of_what_is_owed() -> None:
    book = LookBook("gate", 2.0, at(0))
    book.done(at(0), {})
    book.done(at(1), {}, early=True)
    book.skip(at(1.5), "frozen", early=True)
    assert (book.due_s, book.urgency(at(2)), book.last_look_at) == (2, 1.0, at(1).at)
    page = book.close_page()
    assert (page.looks, page.on_activity, page.intervals_s) == (2, 1, (1.0,))
    assert page.skipped == {}


def test_a_shorter_promise_counts_from_the_last_look() -> None:
    book = LookBook("gate", 10.0, at(0))
    book.done(at(0), {})
    book.promise(2.0)
    assert (book.due_s, book.waited(at(4))) == (2, 2.0)
    book.promise(10.0)
    assert book.due_s == 2
    book.done(at(2), {})
    assert book.due_s == 12


def test_every_look_that_did_not_come_is_counted_once_with_its_cause() -> None:
    book = LookBook("gate", 2.0, at(0))
    for tenth in range(101):
        book.miss_if_late(at(tenth / 10), "refused")
    assert book.close_page().skipped == {"refused": 5}


def test_a_picture_that_could_not_be_judged_is_no_look() -> None:
    book = LookBook("gate", 2.0, at(0))
    book.skip(at(1), "frozen")
    page = book.close_page()
    assert (page.looks, page.skipped, page.last_look_at) == (0, {"frozen": 1}, None)


@pytest.mark.parametrize(
    ("keyframe_every_s", "looked_at_s"),
    [
        (1.0, [0, 2, 4, 6, 8]),  # every other keyframe keeps the promise of 2 s
        (2.0, [0, 2, 4, 6, 8]),
        (0.4, [0, 2, 4, 6, 8]),
        (1.5, [0, 1.5, 3, 4.5, 6, 7.5, 9]),  # the one after would come too late
        (5.0, [0, 5]),  # too rare for the promise: all that there are
    ],
)
@pytest.mark.parametrize("read_late_s", [0.0, 0.6])
def test_keyframes_are_looked_at_as_seldom_as_the_promise_allows(
    keyframe_every_s: float, looked_at_s: list[float], read_late_s: float
) -> None:
    book = LookBook("gate", 2.0, at(0))
    looks: list[float] = []
    for hundredth in range(1000):
        read_s = hundredth / 100
        number = int(read_s / keyframe_every_s + 1e-9)
        newest_s, next_s = number * keyframe_every_s, (number + 1) * keyframe_every_s
        coming = ComingPicture(next_s, next_s + read_late_s + 0.1)
        if newest_s not in looks and book.is_due(at(read_s + read_late_s), coming):
            book.done(at(newest_s), {})
            looks.append(newest_s)
    assert looks == pytest.approx(looked_at_s)


def test_a_picture_that_does_not_come_is_not_waited_for() -> None:
    book = LookBook("gate", 2.0, at(0))
    book.done(at(0), {})
    coming = ComingPicture(2.0, 2.5)
    assert not book.is_due(at(2.4), coming)
    assert book.is_due(at(2.5), coming)
    assert book.is_due(at(2.25), None)


def test_urgency_counts_promises_not_seconds() -> None:
    quick, slow = LookBook("gate", 1.0, at(0)), LookBook("square", 10.0, at(0))
    assert quick.urgency(at(2)) == 2.0
    assert slow.urgency(at(2)) == 0.2


def test_a_missed_look_does_not_put_a_camera_off_again() -> None:
    book = LookBook("gate", 2.0, at(0))
    book.miss_if_late(at(2), "overload")
    assert book.urgency(at(4)) == 2.0


@pytest.mark.parametrize("overload", [1.5, 3.0])
def test_overload_stretches_all_promises_by_the_same_factor(overload: float) -> None:
    promises_s = [1.0] * 4 + [2.0] * 8 + [5.0] * 10
    books = [LookBook(str(index), promise, at(0)) for index, promise in enumerate(promises_s)]
    owed_per_s = sum(1 / promise_s for promise_s in promises_s)
    step_s = overload / owed_per_s
    looks = [0] * len(books)
    rounds = 3000
    for turn in range(rounds):
        now = at(turn * step_s)
        first = max(range(len(books)), key=lambda index: books[index].urgency(now))
        books[first].done(now, {})
        looks[first] += 1
    for count, promise_s in zip(looks, promises_s, strict=True):
        stretched = rounds * step_s / count / promise_s
        assert stretched == pytest.approx(overload, rel=0.1)


@pytest.mark.parametrize("set_by_s", [7200, -7200])
def test_a_clock_that_is_set_changes_nothing_of_what_is_owed(set_by_s: float) -> None:
    book = LookBook("gate", 2.0, at(0))
    book.done(at(0), {})
    book.done(Moment(2.0, at(2 + set_by_s).at), {})
    assert (book.due_s, book.last_look_at) == (4.0, at(2 + set_by_s).at)
    book.miss_if_late(Moment(3.0, at(3 + set_by_s).at), "overload")
    page = book.close_page()
    assert (page.looks, page.skipped, page.intervals_s) == (2, {}, (2.0,))
