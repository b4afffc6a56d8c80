"""Many at once: two people on one case, several consumers, numbering."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from cases.numbers import next_number
from domain.case import Case, FalseReason, Move, Verdict
from domain.errors import MoveConflict
from domain.messages import EvidenceSealed
from tests.builders import (
    LI,
    NOON,
    WANG,
    make_evidence,
    make_incident,
    next_revision,
    opened,
    updated,
)
from tests.cases.conftest import Desk


def at_once(*tasks: Callable[[], object]) -> list[object]:
    """Run the tasks in threads that start together; their answers, or what they raised."""
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> object:
        start.wait()
        try:
            return task()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def test_of_two_people_one_decides_and_the_other_is_told(desk: Desk) -> None:
    for number in range(5):
        case = desk.take(incident_id=f"inc_{number}")
        answers = at_once(lambda: _confirm(desk, case), lambda: _reject(desk, case))  # noqa: B023
        [decided] = [answer for answer in answers if isinstance(answer, Case)]
        [told] = [answer for answer in answers if isinstance(answer, MoveConflict)]
        assert f"{decided.reviewer} · " in str(told)
        assert desk.book.case(case.no) == decided
        assert len(desk.book.entries(case.no)) == 3


def _confirm(desk: Desk, case: Case) -> Case:
    return desk.book.move(case.no, Move.CONFIRM, actor=LI, version=case.version)


def _reject(desk: Desk, case: Case) -> Case:
    return desk.book.move(
        case.no,
        Move.REJECT,
        actor=WANG,
        version=case.version,
        verdict=Verdict.FALSE,
        reason=FalseReason.LIGHT,
    )


def test_consumers_that_get_the_same_messages_make_one_case(desk: Desk) -> None:
    incident = make_incident()
    messages = [
        opened(incident),
        EvidenceSealed(evidence=make_evidence()),
        updated(next_revision(incident)),
    ]

    def consume(order: Sequence[int]) -> None:
        for index in order:
            desk.book.handle(messages[index])

    orders = [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1)]
    tasks = [lambda order=order: consume(order) for order in orders]
    assert at_once(*tasks) == [None] * len(tasks)
    [case] = desk.book.cases().cases
    assert case.last_seen_at == next_revision(incident).last_seen_at
    assert [note for note in desk.notes(case) if note.startswith("证据")] != []
    assert len(desk.notes(case)) == len(set(desk.notes(case)))


def test_numbers_are_given_once_and_without_holes(desk: Desk) -> None:
    def take(worker: int) -> None:
        for number in range(5):
            desk.take(incident_id=f"inc_{worker}_{number}")

    tasks = [lambda worker=worker: take(worker) for worker in range(4)]
    assert at_once(*tasks) == [None] * len(tasks)
    numbers = sorted(case.no for case in desk.book.cases().cases)
    assert numbers == [f"HS-20261123-{n:04d}" for n in range(1, 21)]


def test_two_programs_share_one_database(desk: Desk, database_url: str) -> None:
    other_database = Database(database_url)
    other = CaseBook(other_database, CaseSettings(), desk.clock)
    first, second = make_incident("inc_1"), make_incident("inc_2")
    at_once(lambda: desk.book.handle(opened(first)), lambda: other.handle(opened(second)))
    assert other.cases() == desk.book.cases()
    assert other.cases().total == 2
    other_database.close()


@pytest.mark.parametrize(
    ("at", "number"),
    [
        (datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC), "HS-20261123-0001"),
        (datetime(2026, 11, 23, 16, 0, 0, tzinfo=UTC), "HS-20261124-0001"),
    ],
)
def test_numbers_follow_the_days_of_the_town(database: Database, at: datetime, number: str) -> None:
    with database.session() as session:
        assert next_number(session, CaseSettings(), at) == number


def test_the_number_of_a_case_that_failed_is_given_again(database: Database) -> None:
    def fail() -> None:
        with database.session() as session:
            next_number(session, CaseSettings(), NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.session() as session:
        numbers = [next_number(session, CaseSettings(number_prefix="DY"), NOON) for _ in "12"]
    assert numbers == ["DY-20261123-0001", "DY-20261123-0002"]
