"""Finding and counting cases."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from cases.queries import CaseFilter, CaseOrder, DayFigures, StateGroup, group_of
from domain.case import Case, CaseSource, CaseState, Move, Priority, Verdict
from domain.incident import IncidentKind
from tests.builders import NOON, PERMIT
from tests.cases.conftest import TO_CLOSED, WAYS, Desk


@pytest.fixture
def town(desk: Desk) -> Desk:
    """Four cases a minute apart: a van, a fire, a crowd in the east, a van outside the town."""
    kinds = IncidentKind.ROAD_OCCUPATION, IncidentKind.FIRE, IncidentKind.CROWDING
    cameras = "gate-1", "gate-2", "square-1", "far-1"
    for number, (kind, camera) in enumerate(zip((*kinds, kinds[0]), cameras, strict=True), 1):
        at = NOON + timedelta(minutes=number)
        desk.take(incident_id=f"inc_{number}", kind=kind, camera_id=camera, at=at)
    return desk


def _found(desk: Desk, **wanted: Any) -> list[str | None]:
    return [case.incident_id for case in desk.book.cases(CaseFilter(**wanted)).cases]


def test_the_queue_has_the_most_urgent_first_then_the_newest(town: Desk) -> None:
    assert _found(town) == ["inc_2", "inc_3", "inc_4", "inc_1"]
    assert _found(town, order=CaseOrder.NEWEST) == ["inc_4", "inc_3", "inc_2", "inc_1"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"kinds": (IncidentKind.FIRE,)}, ["inc_2"]),
        ({"kinds": (IncidentKind.FIRE, IncidentKind.CROWDING)}, ["inc_2", "inc_3"]),
        ({"priorities": (Priority.NORMAL,)}, ["inc_4", "inc_1"]),
        ({"sources": (CaseSource.SNAP,)}, []),
        ({"states": (CaseState.PENDING_REVIEW,), "camera_id": "gate-1"}, ["inc_1"]),
        ({"grid": "hs-1"}, ["inc_2", "inc_1"]),
        ({"grid": "c-02"}, ["inc_3"]),
        ({"grid": "m-011"}, ["inc_2", "inc_1"]),
        ({"grid": "nowhere"}, []),
        ({"unrouted": True}, ["inc_4"]),
        ({"search": "示例路口"}, ["inc_2", "inc_1"]),
        ({"search": "火情 示例路口"}, ["inc_2"]),
        ({"search": "FIRE sample"}, ["inc_2"]),
        ({"search": "hs-20261123-0003"}, ["inc_3"]),
        ({"search": "100%"}, []),
        ({"search": "_"}, []),
        ({"search": "a\x00b"}, []),
        ({"search": "协同指挥"}, ["inc_4"]),
        ({"search": "空港花田"}, ["inc_2", "inc_1"]),
        ({"search": "示例社区02"}, ["inc_3"]),
        ({"search": "示例社区01 火情"}, ["inc_2"]),
        ({"search": "grid C-02"}, ["inc_3"]),
        ({"search": "示例微网格011"}, ["inc_2", "inc_1"]),
        ({"opened_from": NOON + timedelta(minutes=3)}, ["inc_3", "inc_4"]),
        ({"opened_to": NOON + timedelta(minutes=3)}, ["inc_2", "inc_1"]),
        ({"group": StateGroup.REVIEW, "kinds": (IncidentKind.CROWDING,)}, ["inc_3"]),
        ({"group": StateGroup.WORK}, []),
    ],
)
def test_filters_narrow_the_choice(town: Desk, wanted: dict[str, Any], found: list[str]) -> None:
    assert _found(town, **wanted) == found


def test_a_case_is_found_by_who_works_on_it(town: Desk) -> None:
    case = town.walk(town.case_of("inc_1"), Move.CONFIRM)
    town.move(case, Move.DISPATCH, assignee="Zhao San")
    assert _found(town, search="zhao") == ["inc_1"]


@pytest.mark.parametrize("order", [CaseOrder.QUEUE, CaseOrder.NEWEST])
@pytest.mark.parametrize("limit", [1, 3, 4, 7])
def test_pages_hold_every_case_once_even_when_new_ones_come(
    desk: Desk, order: CaseOrder, limit: int
) -> None:
    kinds = list(IncidentKind)
    for number in range(7):  # some opened at the same time, so that only the number tells them
        at = NOON + timedelta(minutes=number // 3)
        desk.take(incident_id=f"inc_{number}", kind=kinds[number % 3], at=at)
    everything = [case.no for case in desk.book.cases(CaseFilter(order=order)).cases]
    pages: list[Case] = []
    page = desk.book.cases(CaseFilter(order=order, limit=limit))
    pages += page.cases
    while page.next_cursor is not None:
        assert page.total >= 7
        desk.take(incident_id=f"new_{len(pages)}", kind=IncidentKind.FIRE, at=NOON + _LATER)
        wanted = CaseFilter(order=order, limit=limit, cursor=page.next_cursor)
        page = desk.book.cases(wanted)
        pages += page.cases
    old = [case.no for case in pages if not str(case.incident_id).startswith("new")]
    assert old == everything


_LATER = timedelta(hours=1)


@pytest.mark.parametrize("cursor", ["", "rubbish", "WzFd", "bnVsbA==", "é"])
def test_a_strange_cursor_is_refused(desk: Desk, cursor: str) -> None:
    with pytest.raises(ValueError, match="expected a cursor of the order queue"):
        desk.book.cases(CaseFilter(cursor=cursor))


def test_a_cursor_of_another_order_is_refused(town: Desk) -> None:
    cursor = town.book.cases(CaseFilter(limit=1)).next_cursor
    with pytest.raises(ValueError, match="expected a cursor of the order newest"):
        town.book.cases(CaseFilter(limit=1, order=CaseOrder.NEWEST, cursor=cursor))


@pytest.mark.parametrize("limit", [0, 201])
def test_pages_are_bounded(limit: int) -> None:
    with pytest.raises(ValidationError):
        CaseFilter(limit=limit)


@pytest.mark.parametrize("state", list(WAYS))
def test_every_case_lies_on_exactly_one_heap(desk: Desk, state: CaseState) -> None:
    case = desk.walk(desk.take(), *WAYS[state])
    heaps = [group for group in StateGroup if _found(desk, group=group)]
    assert heaps == [group_of(case.state, case.verdict)]


def test_a_pre_dispatched_case_stays_in_review_until_it_is_reviewed(desk: Desk) -> None:
    case = desk.walk(desk.take(kind=IncidentKind.FIRE), Move.PRE_DISPATCH, Move.ACCEPT)
    assert _found(desk, group=StateGroup.REVIEW) == ["inc_1"]
    assert _found(desk, group=StateGroup.WORK) == []
    desk.move(case, Move.CONFIRM)
    assert _found(desk, group=StateGroup.REVIEW) == []
    assert _found(desk, group=StateGroup.WORK) == ["inc_1"]


def test_a_review_is_overdue_after_its_time_until_somebody_decides(desk: Desk) -> None:
    case = desk.take(kind=IncidentKind.FIRE)
    desk.clock.advance(120)
    assert (desk.book.counts().overdue, _found(desk, overdue=True)) == (0, [])
    desk.clock.advance(1)
    assert (desk.book.counts().overdue, _found(desk, overdue=True)) == (1, ["inc_1"])
    desk.move(case, Move.PRE_DISPATCH)
    assert desk.book.counts().overdue == 1
    desk.move(case, Move.CONFIRM)
    assert (desk.book.counts().overdue, _found(desk, overdue=True)) == (0, [])


def test_counts_of_an_empty_book_are_zeros(desk: Desk) -> None:
    counts = desk.book.counts()
    assert set(counts.by_state) == set(CaseState)
    assert set(counts.by_group) == set(StateGroup)
    assert set(counts.by_kind) == set(IncidentKind)
    figures = {*counts.by_state.values(), *counts.by_group.values(), *counts.by_kind.values()}
    assert figures == {0}
    assert (counts.overdue, counts.urgent, counts.today.opened) == (0, 0, 0)


def test_counts_tell_where_the_cases_lie(town: Desk) -> None:
    town.walk(town.case_of("inc_1"), *TO_CLOSED)
    town.walk(town.case_of("inc_4"), Move.REJECT)
    town.walk(town.case_of("inc_3"), Move.CONFIRM, Move.SUSPEND)
    counts = town.book.counts()
    assert counts.by_group == {
        StateGroup.REVIEW: 1,
        StateGroup.WORK: 0,
        StateGroup.SUSPENDED: 1,
        StateGroup.DONE: 1,
        StateGroup.VOIDED: 1,
    }
    assert counts.by_state[CaseState.CLOSED] == 1
    assert counts.by_kind[IncidentKind.ROAD_OCCUPATION] == 0
    assert counts.by_kind[IncidentKind.CROWDING] == 1
    assert counts.urgent == 1


def test_the_figures_of_the_day_follow_the_towns_day(town: Desk) -> None:
    town.walk(town.case_of("inc_1"), *TO_CLOSED)
    town.walk(town.case_of("inc_4"), Move.REJECT)
    details: dict[str, Any] = {"verdict": Verdict.PERMITTED, "reason": None, "permit": PERMIT}
    town.move(town.case_of("inc_3"), Move.REJECT, **details)
    counts = town.book.counts()
    assert counts.day == date(2026, 11, 23)
    assert counts.today == DayFigures(
        opened=4, confirmed=1, false=1, duplicate=0, permitted=1, gone=0, closed=1
    )
    town.clock.advance(12 * 3600)  # midnight in the town, four in the afternoon in UTC
    counts = town.book.counts()
    assert counts.day == date(2026, 11, 24)
    assert set(counts.today.model_dump().values()) == {0}
    town.take(incident_id="inc_5", at=town.clock.now())
    assert town.book.counts().today.opened == 1
