"""The outbox: one commit with what changed, read in order by whoever follows, and bounded."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import func, select

from cases import outbox
from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from cases.outbox import KEPT_AT_MOST, KEPT_FOR, PRUNE_EVERY, Outbox
from cases.tables import OutboxRow
from domain.case import Move
from domain.change import CaseChange, ChangeKind
from domain.clock import VirtualClock
from domain.errors import MoveRefused
from domain.health import CameraHealth, CameraStatus
from domain.messages import CameraHealthChanged
from tests.builders import LI, NOON, make_evidence, make_incident, make_report, opened
from tests.cases.conftest import Desk
from tests.cases.walking import STEPS, Walk, all_cases
from tests.waiting import wait_until

ALL = 10_000


@pytest.fixture
def other(database_url: str, clock: VirtualClock) -> Iterator[CaseBook]:
    """The book of a second process: its own connections, its own threads."""
    database = Database(database_url)
    with CaseBook(database, CaseSettings(), clock) as book:
        yield book
    database.close()


def told(desk: Desk, cursor: int = 0) -> list[tuple[ChangeKind, str | None, int]]:
    rows = desk.book.outbox.after(cursor, ALL)
    return [(row.change.what, row.change.no, row.change.version) for row in rows]


def test_a_change_and_its_row_are_one_commit(desk: Desk) -> None:
    case = desk.take()
    desk.move(case, Move.CONFIRM)
    with pytest.raises(MoveRefused):
        desk.move(case, Move.CLOSE)
    reported = desk.book.report(make_report(), actor=LI)
    photo = make_evidence(incident_id=None, case_no=reported.no)
    desk.book.hand_in(reported.no, photo, actor=LI)
    desk.book.hand_in(reported.no, photo, actor=LI)
    health = CameraHealth(camera_id="gate-1", at=NOON, status=CameraStatus.SEEING, since=NOON)
    desk.book.handle(CameraHealthChanged(health=health))
    assert told(desk) == [
        (ChangeKind.OPENED, case.no, 2),
        (ChangeKind.MOVED, case.no, 3),
        (ChangeKind.OPENED, reported.no, 2),
        (ChangeKind.EVIDENCE, reported.no, 3),
        (ChangeKind.CAMERA, None, 0),
    ]


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_whatever_happens_the_outbox_tells_of_each_version(
    desk: Desk, steps: list[tuple[str, int]]
) -> None:
    walk = Walk(desk)
    for what, number in steps:
        walk.step(what, number)
    newest = {no: version for _, no, version in told(desk)}
    assert {case.no: case.version for case in all_cases(desk)} == newest


def test_a_move_in_one_process_is_heard_in_another(desk: Desk, other: CaseBook) -> None:
    case = desk.take()
    with other.subscribe() as there, desk.book.subscribe() as here:
        desk.move(case, Move.CONFIRM)
        for news in (there, here):
            [change] = news.wait(timeout_s=30)
            assert (change.what, change.no, change.version) == (ChangeKind.MOVED, case.no, 3)
        other.move(case.no, Move.DISPATCH, actor=LI, version=3)
        assert [change.version for change in here.wait(timeout_s=30)] == [4]
        assert (here.missed, there.missed) == (0, 0)


def test_who_subscribes_hears_what_comes_from_then_on(desk: Desk) -> None:
    case = desk.take()
    for _ in range(2):
        with desk.book.subscribe() as news:
            moved = desk.move(case, Move.CONFIRM)
            assert [change.version for change in news.wait(timeout_s=30)] == [moved.version]
            desk.book.undo(case.no, actor=LI, version=moved.version)
            assert news.wait(timeout_s=30)


def test_nobody_who_reads_in_order_is_overtaken(
    desk: Desk, database_url: str, clock: VirtualClock
) -> None:
    """Writers that take their time between the row and the commit, and some that give up."""
    writers, each = 4, 6
    luck = random.Random(7)
    pauses = [[luck.uniform(0, 0.01) for _ in range(each)] for _ in range(writers)]
    done = threading.Event()
    database = Database(database_url)
    box = Outbox(database, clock)

    def write(writer: int) -> None:
        for number, pause_s in enumerate(pauses[writer]):
            try:
                with database.session() as session:
                    outbox.put(session, [_change(writer * each + number)])
                    time.sleep(pause_s)
                    if number % 3 == 2:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue

    def read() -> list[str | None]:
        found: list[str | None] = []
        cursor = 0
        while True:
            last = done.is_set()
            rows = box.after(cursor, 3)
            found += [row.change.no for row in rows]
            cursor = rows[-1].seq if rows else cursor
            if last and not rows:
                return found

    try:
        with ThreadPoolExecutor(writers + 1) as pool:
            reader = pool.submit(read)
            for one in [pool.submit(write, writer) for writer in range(writers)]:
                one.result()
            done.set()
            found = reader.result()
    finally:
        database.close()
    kept = {f"HS-{w * each + n}" for w in range(writers) for n in range(each) if n % 3 != 2}
    assert len(found) == len(kept)
    assert set(found) == kept


def _change(number: int, what: ChangeKind = ChangeKind.MOVED, at: object = NOON) -> CaseChange:
    return CaseChange.model_validate(
        {"what": what, "no": f"HS-{number}", "version": 1, "camera_id": None, "at": at}
    )


def _fill(database: Database, rows: int, at: object, what: ChangeKind = ChangeKind.MOVED) -> None:
    with database.session() as session:
        outbox.put(session, [_change(number, what, at) for number in range(rows)])


def _rows(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


def test_it_is_bounded_where_nobody_keeps_a_place(database: Database) -> None:
    for hour in range(4):
        _fill(database, PRUNE_EVERY, NOON + hour * KEPT_FOR * 2)
    assert _rows(database) == PRUNE_EVERY
    assert Outbox(database, VirtualClock(NOON)).newest() == 4 * PRUNE_EVERY


def test_who_keeps_a_place_misses_nothing_across_restarts(database: Database) -> None:
    box = Outbox(database, VirtualClock(NOON))
    _fill(database, 3, NOON)
    assert box.cursor("webhooks") == 3
    _fill(database, 5, NOON)
    _fill(database, PRUNE_EVERY, NOON, ChangeKind.CAMERA)
    _fill(database, PRUNE_EVERY, NOON + KEPT_FOR * 2)
    again = Outbox(database, VirtualClock(NOON))
    first = again.after(again.cursor("webhooks"), 5)
    assert [row.change.no for row in first] == [f"HS-{number}" for number in range(5)]
    assert _rows(database) == 5 + PRUNE_EVERY  # what was of cameras is not kept for anybody
    again.mark("webhooks", first[-1].seq)
    again.mark("webhooks", 1)  # never back
    assert again.cursor("webhooks") == first[-1].seq
    _fill(database, PRUNE_EVERY, NOON + KEPT_FOR * 2)
    assert _rows(database) == 2 * PRUNE_EVERY
    assert again.missed("webhooks") == 0


def test_a_reader_that_never_comes_back_is_told_what_it_missed(database: Database) -> None:
    box = Outbox(database, VirtualClock(NOON))
    box.cursor("gone")
    _fill(database, 10, NOON)
    _fill(database, PRUNE_EVERY, NOON + KEPT_AT_MOST + timedelta(seconds=1))
    assert (_rows(database), box.missed("gone")) == (PRUNE_EVERY, 10)
    box.forget("gone")
    assert box.missed("gone") == 0
    _fill(database, PRUNE_EVERY, NOON + KEPT_AT_MOST * 2)
    assert _rows(database) == PRUNE_EVERY


def test_the_thread_of_the_news_ends_with_its_last_reader(desk: Desk) -> None:
    def readers() -> int:
        return sum(thread.name == "news" for thread in threading.enumerate())

    before = readers()
    with desk.book.subscribe(), desk.book.subscribe():
        assert readers() == before + 1
    wait_until(lambda: readers() <= before, "the thread to end")
    desk.book.handle(opened(make_incident()))
