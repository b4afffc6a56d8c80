"""The counters say what a recount says, whatever happened; and lists what reading all would."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from cases import tally
from cases.database import Database
from cases.queries import LIVE, CaseFilter, CaseOrder, StateGroup, group_of, overdue
from cases.sole import DatabaseClaim
from cases.tables import CaseRow, CaseTallyRow
from domain.case import Case, CaseState, Move, Priority
from domain.incident import IncidentKind
from tests.builders import LI
from tests.cases.conftest import WAYS, Desk, needs_somebody
from tests.cases.test_concurrency import at_once
from tests.cases.walking import CAMERAS, STEPS, Walk, all_cases
from tests.steps import steps

SAME_DATABASE = settings(
    max_examples=steps(12, 100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""Every example goes on where the last one ended."""


def assert_counted(database: Database) -> None:
    with database.reading() as session:
        assert tally.told(session) == tally.recount(session)


@SAME_DATABASE
@given(steps=STEPS)
def test_counters_are_a_recount_after_any_moves(
    desk: Desk, database: Database, steps: list[tuple[str, int]]
) -> None:
    walk = Walk(desk)
    for what, number in steps:
        walk.step(what, number)
    assert_counted(database)
    cases, counts, now = all_cases(desk), desk.book.counts(), desk.clock.now()
    groups = Counter(group_of(case.state, case.verdict) for case in cases)
    assert counts.by_state == {s: sum(c.state is s for c in cases) for s in CaseState}
    assert counts.by_group == {group: groups[group] for group in StateGroup}
    live = Counter(case.kind for case in cases if group_of(case.state, case.verdict) in LIVE)
    assert counts.by_kind == {kind: live[kind] for kind in IncidentKind}
    assert counts.needs == sum(needs_somebody(case, now) for case in cases)
    assert counts.overdue == sum(overdue(case.due_at, now) for case in cases)


_FILTERS: dict[str, Any] = {
    "group": st.none() | st.sampled_from(StateGroup),
    "states": st.just(()) | st.lists(st.sampled_from(CaseState), max_size=3).map(tuple),
    "kinds": st.just(()) | st.lists(st.sampled_from(IncidentKind), max_size=3).map(tuple),
    "priorities": st.just(()) | st.lists(st.sampled_from(Priority), max_size=2).map(tuple),
    "grid": st.none() | st.sampled_from(["hs-1", "c-01", "c-02", "m-011", "nowhere"]),
    "unrouted": st.sampled_from([False, False, True]),
    "camera_id": st.none() | st.sampled_from(CAMERAS),
    "overdue": st.sampled_from([False, False, True]),
    "needs": st.sampled_from([False, False, True]),
    "search": st.sampled_from(
        ["", "", "示例", "示例路口", "火", "火情", "hs-2026", "王", "li", "a", "李白", "路口东"]
    ),
}


@SAME_DATABASE
@given(data=st.data(), limit=st.integers(1, 5), order=st.sampled_from(CaseOrder))
def test_pages_are_what_reading_all_cases_would_find(
    desk: Desk, data: st.DataObject, limit: int, order: CaseOrder
) -> None:
    walk = Walk(desk)
    for what, number in data.draw(STEPS):
        walk.step(what, number)
    wanted = data.draw(st.fixed_dictionaries({}, optional=_FILTERS))
    found = all_cases(desk, **wanted, order=order, limit=limit)
    right = sorted(filter(_judge(desk, wanted, order), all_cases(desk)), key=_KEYS[order])
    assert [case.no for case in found] == [case.no for case in right]
    assert desk.book.cases(CaseFilter(**wanted, order=order)).total == len(right)


def _judge(desk: Desk, wanted: dict[str, Any], order: CaseOrder) -> Callable[[Case], bool]:
    """The filter in plain words, for one case."""
    now = desk.clock.now()
    texts = _texts(desk)

    def fits(case: Case) -> bool:
        grids = {case.grids.first, case.grids.second, case.grids.third}
        return all(
            (
                wanted.get("group") in (None, group_of(case.state, case.verdict)),
                not wanted.get("states") or case.state in wanted["states"],
                not wanted.get("kinds") or case.kind in wanted["kinds"],
                not wanted.get("priorities") or case.priority in wanted["priorities"],
                wanted.get("grid") is None or wanted["grid"] in grids,
                not wanted.get("unrouted") or grids == {None},
                wanted.get("camera_id") in (None, case.camera_id),
                not wanted.get("overdue") or overdue(case.due_at, now),
                not wanted.get("needs") or needs_somebody(case, now),
                order is not CaseOrder.DUE or case.due_at is not None,
                all(word in texts[case.no] for word in wanted.get("search", "").split()),
            )
        )

    return fits


def _texts(desk: Desk) -> dict[str, str]:
    """What a case is found by: as the case itself has it, not the table of texts."""
    with desk.book._database.reading() as session:
        rows = session.query(CaseRow.no, CaseRow.search, CaseRow.assignee)
        return {no: f"{words} {(assignee or '').lower()}" for no, words, assignee in rows}


def _newest(case: Case) -> tuple[Any, ...]:
    return -case.opened_at.timestamp(), _Last(case.no)


class _Last(str):
    """A number that comes before the smaller ones."""

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)


_KEYS: dict[CaseOrder, Callable[[Case], tuple[Any, ...]]] = {
    CaseOrder.NEWEST: _newest,
    CaseOrder.QUEUE: lambda case: (case.priority, *_newest(case)),
    CaseOrder.DUE: lambda case: (case.priority, case.due_at, case.no),
}


def test_a_change_that_fails_is_not_counted(desk: Desk, database: Database) -> None:
    case = desk.take()

    def fail() -> None:
        with database.session() as session:
            session.execute(update(CaseRow).values(state=CaseState.FILED))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert_counted(database)
    assert desk.book.counts().by_state[case.state] == 1


def test_what_is_deleted_or_changed_by_hand_is_counted(desk: Desk, database: Database) -> None:
    for number, way in enumerate(WAYS.values()):
        desk.walk(desk.take(incident_id=f"inc_{number}"), *way)
    with database.session() as session:
        session.execute(update(CaseRow).values(camera_id="gate-2", grid_first=None))
        session.execute(update(CaseRow).where(CaseRow.kind == "fire").values(priority=Priority.LOW))
    assert_counted(database)


def test_people_at_once_are_all_counted(desk: Desk, database: Database) -> None:
    cases = [desk.take(incident_id=f"inc_{number}") for number in range(8)]

    def confirm(case: Case) -> Callable[[], object]:
        return lambda: desk.book.move(case.no, Move.CONFIRM, actor=LI, version=case.version)

    at_once(*map(confirm, cases))
    assert_counted(database)
    assert desk.book.counts().by_state[CaseState.FILED] == 8


def test_counters_that_were_mended_by_hand_are_counted_anew(desk: Desk, database: Database) -> None:
    for number, way in enumerate(WAYS.values()):
        desk.walk(desk.take(incident_id=f"inc_{number}"), *way)
    with database.session() as session:
        session.execute(delete(CaseTallyRow).where(CaseTallyRow.standing == "filed"))
        session.execute(update(CaseTallyRow).values(cases=77))
    with database.session() as session:
        tally.rebuild(session)
    assert_counted(database)
    assert desk.book.counts().by_state[CaseState.FILED] == 1


def test_a_center_that_holds_its_claim_counts_as_well(desk: Desk, database: Database) -> None:
    """Claims and counters are locks of one server, which must not take each other's name."""
    with DatabaseClaim(database) as claim:
        assert claim.renew() is None
        desk.take()
    assert_counted(database)
