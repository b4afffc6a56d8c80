"""News for those who watch."""

import threading

import pytest

from cases.changes import WAITING_MAX, ChangeFeed
from domain.case import Move
from domain.change import CaseChange, ChangeKind
from domain.errors import MoveRefused
from domain.messages import EvidenceSealed
from tests.builders import LI, NOON, make_evidence
from tests.cases.conftest import Desk
from tests.waiting import wait_until


def _change(number: int, version: int = 1, what: ChangeKind = ChangeKind.UPDATED) -> CaseChange:
    return CaseChange(what=what, no=f"HS-{number}", version=version, camera_id="gate-1", at=NOON)


def test_every_change_of_a_case_is_told_after_its_commit(desk: Desk) -> None:
    seen: list[int] = []
    told: list[tuple[ChangeKind, int]] = []
    with desk.book.subscribe(lambda: seen.append(desk.book.cases().total)) as news:

        def hear(what: ChangeKind, version: int) -> None:
            while (what, version) not in told:
                changes = news.wait(timeout_s=30)
                assert changes
                told.extend((change.what, change.version) for change in changes)

        case = desk.take()
        hear(ChangeKind.OPENED, 2)
        desk.book.handle(EvidenceSealed(evidence=make_evidence()))
        hear(ChangeKind.EVIDENCE, 3)
        moved = desk.move(case, Move.CONFIRM)
        hear(ChangeKind.MOVED, 4)
        desk.book.undo(case.no, actor=LI, version=moved.version)
        hear(ChangeKind.MOVED, 5)
        wait_until(lambda: len(seen) == len(told), "the last wake")
    assert seen == [1] * 4


def test_what_failed_is_no_news(desk: Desk) -> None:
    case = desk.take()
    with desk.book.subscribe() as news:
        with pytest.raises(MoveRefused):
            desk.move(case, Move.CLOSE)
        desk.move(case, Move.CONFIRM)
        assert [change.version for change in news.wait(timeout_s=30)] == [case.version + 1]


def test_of_one_case_the_newest_change_waits_at_its_newest_place() -> None:
    feed = ChangeFeed()
    with feed.subscribe() as news:
        feed.publish([_change(1), _change(2), _change(1, version=2)])
        assert news.take() == [_change(2), _change(1, version=2)]
        assert news.take() == []


def test_a_slow_reader_loses_the_oldest_and_knows_it() -> None:
    feed = ChangeFeed()
    with feed.subscribe() as slow, feed.subscribe() as other:
        assert other.missed == 0
        feed.publish([_change(number) for number in range(WAITING_MAX + 3)])
        changes = slow.take()
        assert (len(changes), slow.missed) == (WAITING_MAX, 3)
        assert (changes[0], changes[-1]) == (_change(3), _change(WAITING_MAX + 2))


def test_waiting_ends_with_news() -> None:
    feed = ChangeFeed()
    with feed.subscribe() as news:
        teller = threading.Thread(target=feed.publish, args=([_change(1)],))
        teller.start()
        assert news.wait(timeout_s=30) == [_change(1)]
        teller.join()


def test_waiting_ends_with_nothing_after_the_time_or_when_closed() -> None:
    feed = ChangeFeed()
    news = feed.subscribe()
    assert news.wait(timeout_s=0.01) == []
    closer = threading.Timer(0.05, news.close)
    closer.start()
    assert news.wait(timeout_s=30) == []
    closer.join()


def test_a_closed_subscription_hears_nothing() -> None:
    feed = ChangeFeed()
    with feed.subscribe() as news:
        pass
    news.close()
    feed.publish([_change(1)])
    assert news.take() == []


def test_a_reader_whose_loop_is_gone_is_let_go_and_fails_nobody() -> None:
    def gone() -> None:
        raise RuntimeError("Event loop is closed")

    feed = ChangeFeed()
    news = feed.subscribe(gone)
    with feed.subscribe() as other:
        feed.publish([_change(1)])
        feed.publish([_change(2)])
        assert other.take() == [_change(1), _change(2)]
    assert news.take() == [_change(1)]
