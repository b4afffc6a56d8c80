"""Writers that wait: in turn, not too many, and never in the way of readers."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import select, text

from cases.database import Database
from cases.place_tables import CameraTableRow
from cases.queries import CaseFilter
from cases.turns import Turns
from domain.case import Move
from domain.errors import CaseStoreUnavailable
from domain.trouble import Trouble
from tests.builders import LI, make_incident, opened
from tests.cases.conftest import Desk
from tests.waiting import wait_until


@contextmanager
def locked(database_url: str) -> Iterator[None]:
    """Another program writes to the database of the cases, and takes its time over it."""
    if not database_url.startswith("sqlite"):
        with closing(Database(database_url)) as other, other.session() as session:
            session.execute(text("LOCK TABLE cases IN EXCLUSIVE MODE"))
            yield
        return
    with closing(sqlite3.connect(Path(database_url.removeprefix("sqlite:///")))) as file:
        file.execute("BEGIN IMMEDIATE")
        yield
        file.rollback()


def test_reads_answer_while_sixty_decisions_wait_for_a_locked_database(
    desk: Desk, database_url: str
) -> None:
    desk.book.handle_together([opened(make_incident(f"inc_{number}")) for number in range(60)])
    cases = desk.book.cases(CaseFilter(limit=60)).cases
    begun = threading.Semaphore(0)

    def confirm(number: int) -> None:
        begun.release()
        case = cases[number]
        desk.book.move(case.no, Move.CONFIRM, actor=LI, version=case.version)

    with ThreadPoolExecutor(len(cases)) as people:
        with locked(database_url):
            decisions = [people.submit(confirm, number) for number in range(60)]
            for _ in cases:
                begun.acquire()
            for _ in range(30):  # more than there are connections
                assert desk.book.cases(CaseFilter(limit=1)).total == 60
                assert desk.book.counts().needs == 60
            assert not any(decision.done() for decision in decisions)
        for decision in decisions:
            decision.result()
    assert desk.book.counts().by_state[desk.book.case(cases[0].no).state] == 60


def test_who_finds_too_many_waiting_is_told_at_once(database_url: str) -> None:
    with closing(Database(database_url, waiting=3)) as database:
        most = 3 + (1 if database.dialect == "sqlite" else 8)
        go = threading.Event()

        def write() -> None:
            with database.session() as session:
                session.execute(select(CameraTableRow.id))
                go.wait()

        with ThreadPoolExecutor(most) as people:
            writers = [people.submit(write) for _ in range(most)]
            try:
                wait_until(lambda: database._turns.in_hand == most, "all places to be taken")
                with pytest.raises(CaseStoreUnavailable, match=f"{most} changes wait") as told:
                    write()
                assert told.value.trouble is Trouble.DATABASE_BUSY
                with database.reading() as session:
                    session.execute(select(CameraTableRow.id))
            finally:
                go.set()
            for writer in writers:
                writer.result()
        write()


def test_a_turn_that_does_not_come_in_time() -> None:
    turns = Turns(at_once=1, waiting=1, wait_s=0.01)
    with turns.one(), pytest.raises(CaseStoreUnavailable, match=r"waited 0\.01 s"):
        with turns.one():
            pytest.fail("two at once")
    with turns.one():
        pass  # the turn was given back


def test_a_turn_is_given_back_by_who_fails() -> None:
    turns = Turns(at_once=1, waiting=0, wait_s=0)
    for _ in range(3):
        with suppress(ZeroDivisionError), turns.one():
            raise ZeroDivisionError


def test_writers_of_one_file_come_one_after_the_other(tmp_path: Path) -> None:
    """In turn within the program, not by asking the file again and again."""
    database = Database(f"sqlite:///{tmp_path / 'cases.sqlite3'}")
    database.upgrade()
    inside = threading.Semaphore(1)

    def write() -> None:
        with database.session():
            assert inside.acquire(blocking=False)
            time.sleep(0.002)
            inside.release()

    with closing(database), ThreadPoolExecutor(20) as pool:
        for done in [pool.submit(write) for _ in range(40)]:
            done.result()
