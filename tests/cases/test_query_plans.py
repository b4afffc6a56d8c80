"""No list, figure or search reads all cases: what SQLite says of each query that was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from cases.database import Database
from cases.queries import CaseFilter, CaseOrder, StateGroup
from domain.case import Move
from domain.incident import IncidentKind
from tests.cases.conftest import WAYS, Desk

FIRE = IncidentKind.FIRE
pytestmark = pytest.mark.parametrize("server", ["sqlite"], indirect=True)
_SMALL = ("case_tally", "sites", "cameras", "case_gram_terms", "sqlite_master", "grid_plans")
"""Tables that do not grow with the cases."""
_HEAP = "ix_cases_due"
"""The index of what waits for somebody, which may be read from end to end."""


@contextmanager
def asked(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Every query in the `with`, and its values."""
    found: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            found.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def scans(database: Database, queries: list[tuple[str, Any]]) -> list[str]:
    """Steps of the plans that go through all of a table which grows with the cases."""
    found = []
    with database.connection() as connection:
        for statement, values in queries:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            steps = [row[-1] for row in plan]
            found += [f"{step}: {statement}" for step in steps if _is_scan(step)]
    return found


def _is_scan(step: str) -> bool:
    if not step.startswith("SCAN "):
        return False
    name = step.split()[1]
    # A subquery in FROM holds at most a page of each branch.
    inside = name.startswith(("(", "anon_")) or "CONSTANT" in step
    return not (inside or name in _SMALL or _HEAP in step or "VIRTUAL TABLE" in step)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"order": CaseOrder.NEWEST},
        {"group": StateGroup.REVIEW},
        {"group": StateGroup.DONE, "kinds": (FIRE,)},
        {"kinds": (FIRE, IncidentKind.CROWDING)},
        {"camera_id": "gate-1"},
        {"grid": "hs-1"},
        {"grid": "c-01", "group": StateGroup.DONE, "order": CaseOrder.NEWEST},
        {"unrouted": True},
        {"overdue": True},
        {"needs": True, "order": CaseOrder.DUE},
        {"group": StateGroup.WORK, "order": CaseOrder.DUE},
        {"search": "示例路口"},
        {"search": "火情"},
        {"search": "0003 hs-2026"},
    ],
    ids=str,
)
def test_a_page_is_found_without_reading_all_cases(
    desk: Desk, database: Database, wanted: dict[str, Any]
) -> None:
    for number, way in enumerate(WAYS.values()):
        desk.walk(desk.take(incident_id=f"inc_{number}"), *way)
    first = desk.book.cases(CaseFilter(**wanted, limit=1))
    with asked(database) as queries:
        desk.book.cases(CaseFilter(**wanted, limit=1))
        if first.next_cursor is not None:
            desk.book.cases(CaseFilter(**wanted, limit=1, cursor=first.next_cursor))
    assert queries
    assert scans(database, queries) == []


def test_figures_and_the_wall_read_no_cases_that_are_over(desk: Desk, database: Database) -> None:
    case = desk.walk(desk.take(), Move.CONFIRM)
    with asked(database) as queries:
        desk.book.counts()
        desk.book.cameras()
        desk.book.burning()
        desk.book.case(case.no)
        desk.book.entries(case.no)
        desk.book.evidence(case.no)
    assert len(queries) > 5
    assert scans(database, queries) == []
