"""A console whose database another program holds locked: people read on, and are told."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from cases.database import WRITERS_WAITING
from cases.queries import CaseFilter
from domain.case import Case, CaseState
from domain.trouble import Trouble
from tests.builders import make_incident, opened
from tests.console.conftest import Center
from tests.console.server import serving
from tests.waiting import wait_until

PEOPLE = WRITERS_WAITING + 1
"""As many as may wait for a file, its one writer included."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


def test_reads_answer_and_one_too_many_is_told_while_decisions_wait(
    center: Center, tmp_path: Path
) -> None:
    center.book.handle_together(
        [opened(make_incident(f"inc_{number}")) for number in range(PEOPLE + 1)]
    )
    first, *others = center.book.cases(CaseFilter(limit=PEOPLE + 1)).cases
    turns = center.book._database._turns
    with serving(center.make_app) as server, httpx.Client(base_url=server.url) as reader:

        def confirm(case: Case) -> httpx.Response:
            move = {"move": "confirm", "version": case.version}
            return httpx.post(f"{server.url}/api/cases/{case.no}/moves", json=move, timeout=30)

        with ThreadPoolExecutor(PEOPLE) as people:
            with locked(tmp_path / "cases.sqlite3"):
                decisions = [people.submit(confirm, case) for case in others]
                wait_until(lambda: turns.in_hand == PEOPLE, "all decisions to wait")
                refused = confirm(first)
                for page in ("/api/cases?limit=1", "/desk", "/wall"):
                    assert reader.get(page).status_code == 200
                assert not any(decision.done() for decision in decisions)
            answers = [decision.result().status_code for decision in decisions]
    assert answers == [200] * PEOPLE
    assert refused.status_code == 503
    assert Trouble.DATABASE_BUSY.words.zh in refused.json()["detail_zh"]
    assert f"{PEOPLE} changes wait for it already" in refused.json()["detail_en"]
    assert center.book.case(first.no).state is CaseState.PENDING_REVIEW
