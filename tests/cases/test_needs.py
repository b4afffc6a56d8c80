"""What needs a dispatcher, and in which order: told of one case and asked of the database alike."""

import pytest

from cases.queries import CaseFilter, CaseOrder, overdue
from domain.case import CaseState, FalseReason, Move, Verdict
from domain.incident import IncidentKind
from tests.builders import LI, closed, closed_revision, make_incident, reopened_revision, updated
from tests.cases.conftest import TO_CLOSED, WAYS, Desk, MakeDesk, needs_somebody

FIRE = IncidentKind.FIRE
AT_ONCE = {CaseState.PENDING_REVIEW, CaseState.FILED, CaseState.RETURNED, CaseState.REOPENED}
"""States in which a case needs a dispatcher whatever the clock says."""
NEVER = {CaseState.SUSPENDED, CaseState.CLOSED, CaseState.ARCHIVED, CaseState.VOIDED}
A_DAY_S = 86_400


def needing(desk: Desk) -> list[str | None]:
    wanted = CaseFilter(needs=True, order=CaseOrder.DUE)
    return [case.incident_id for case in desk.book.cases(wanted).cases]


def found_late(desk: Desk) -> list[str | None]:
    return [case.incident_id for case in desk.book.cases(CaseFilter(overdue=True)).cases]


@pytest.mark.parametrize("state", list(WAYS))
def test_a_case_needs_somebody_by_its_state_or_when_its_stage_is_overdue(
    desk: Desk, state: CaseState
) -> None:
    case = desk.walk(desk.take(), *WAYS[state])
    for after_s, expected in ((0, state in AT_ONCE), (A_DAY_S, state not in NEVER)):
        desk.clock.advance(after_s)
        now = desk.clock.now()
        assert needs_somebody(case, now) is expected
        assert needing(desk) == (["inc_1"] if expected else [])
        assert desk.book.counts().needs == len(needing(desk))
        is_late = after_s > 0 and state not in NEVER
        assert overdue(case.due_at, now) is is_late
        assert (found_late(desk), desk.book.counts().overdue) == (["inc_1"] * is_late, int(is_late))


@pytest.mark.parametrize(
    ("kind", "way", "limit_s"),
    [
        (FIRE, TO_CLOSED[:1], 120),
        (FIRE, TO_CLOSED[:2], 300),
        (FIRE, TO_CLOSED[:3], 3600),
        (FIRE, TO_CLOSED[:4], 3600),
        (FIRE, TO_CLOSED[:5], 1800),
        (FIRE, TO_CLOSED[:6], 1800),
        (IncidentKind.ROAD_OCCUPATION, TO_CLOSED[:1], 900),
        (IncidentKind.ROAD_OCCUPATION, TO_CLOSED[:2], 1800),
        (IncidentKind.ROAD_OCCUPATION, (*TO_CLOSED[:2], Move.RETURN), 900),
        (IncidentKind.ROAD_OCCUPATION, (*TO_CLOSED[:5], Move.REWORK), 14400),
        (IncidentKind.ROAD_OCCUPATION, (*TO_CLOSED, Move.REOPEN), 900),
    ],
)
def test_each_stage_has_its_time_and_fires_less_of_it(
    desk: Desk, kind: IncidentKind, way: tuple[Move, ...], limit_s: float
) -> None:
    case = desk.walk(desk.take(kind=kind), *way)
    assert case.due_at is not None
    assert (case.due_at - desk.clock.now()).total_seconds() == limit_s


def test_a_town_sets_its_own_times(make_desk: MakeDesk) -> None:
    desk = make_desk(stages={"dispatch_s": 60})
    case = desk.walk(desk.take(), Move.CONFIRM)
    assert case.due_at is not None
    assert (case.due_at - desk.clock.now()).total_seconds() == 60


@pytest.mark.parametrize("way", [TO_CLOSED, (*TO_CLOSED, Move.ARCHIVE)])
def test_a_fire_that_is_over_and_comes_back_is_first_again(
    desk: Desk, way: tuple[Move, ...]
) -> None:
    fire = make_incident("inc_f", FIRE)
    case = desk.walk(desk.take(fire), *way)
    assert needing(desk) == []
    gone = closed_revision(fire)
    desk.book.handle(closed(gone))
    desk.take(incident_id="inc_r")
    desk.book.handle(updated(reopened_revision(gone)))
    assert desk.book.case(case.no).state is CaseState.REOPENED
    assert needing(desk) == ["inc_f", "inc_r"]


def test_within_a_priority_the_most_overdue_comes_first(desk: Desk) -> None:
    late = desk.take(incident_id="inc_late")
    desk.clock.advance(600)
    desk.take(incident_id="inc_new")
    later = desk.take(incident_id="inc_filed")
    desk.take(incident_id="inc_fire", kind=FIRE)
    desk.walk(later, Move.CONFIRM)  # due in 15 minutes, as long as a review: but numbered later
    assert needing(desk) == ["inc_fire", "inc_late", "inc_new", "inc_filed"]
    desk.clock.advance(1000)
    assert found_late(desk)[0] == "inc_fire"
    assert needing(desk) == ["inc_fire", "inc_late", "inc_new", "inc_filed"]
    desk.walk(late, Move.CONFIRM, Move.DISPATCH)
    assert needing(desk) == ["inc_fire", "inc_new", "inc_filed"]


def test_undo_puts_the_time_of_before_back(desk: Desk) -> None:
    case = desk.take()
    desk.clock.advance(5)
    moved = desk.move(case, Move.CONFIRM)
    assert moved.due_at != case.due_at
    back = desk.book.undo(case.no, actor=LI, version=moved.version)
    assert back.due_at == case.due_at == case.review_due_at


def test_a_review_in_the_field_is_due_as_before_and_then_the_stage_is(desk: Desk) -> None:
    case = desk.take(kind=FIRE)
    ahead = desk.walk(case, Move.PRE_DISPATCH)
    sent_at = desk.clock.now()
    assert ahead.due_at == case.review_due_at
    desk.clock.advance(60)
    reviewed = desk.walk(ahead, Move.CONFIRM)
    assert reviewed.due_at is not None
    assert (reviewed.due_at - sent_at).total_seconds() == 300  # since it was sent, not since now


def test_pages_of_the_due_order_hold_every_case_once(desk: Desk) -> None:
    kinds = list(IncidentKind)
    for number in range(7):
        desk.take(incident_id=f"inc_{number}", kind=kinds[number % 3])
        desk.clock.advance(number % 2)
    wanted = CaseFilter(needs=True, order=CaseOrder.DUE, limit=2)
    everything = needing(desk)
    pages, cursor = [], None
    while True:
        page = desk.book.cases(wanted.model_copy(update={"cursor": cursor}))
        pages += [case.incident_id for case in page.cases]
        if (cursor := page.next_cursor) is None:
            break
    assert pages == everything
    assert len(set(pages)) == 7


def test_a_case_that_was_set_aside_waits_for_nobody(desk: Desk) -> None:
    case = desk.walk(desk.take(), Move.CONFIRM, Move.SUSPEND)
    assert case.due_at is None
    resumed = desk.walk(case, Move.RESUME)
    assert resumed.due_at is not None


def test_one_that_left_and_came_back_is_reviewed_anew(desk: Desk) -> None:
    incident = make_incident()
    case = desk.take(incident)
    gone = closed_revision(incident)
    desk.book.handle(closed(gone))
    desk.move(case, Move.REJECT, verdict=Verdict.GONE, reason=None)
    assert needing(desk) == []
    desk.book.handle(updated(reopened_revision(gone)))
    assert needing(desk) == ["inc_1"]
    again = desk.book.case(case.no)
    assert again.due_at == again.review_due_at is not None


def test_what_was_called_false_stays_away(desk: Desk) -> None:
    incident = make_incident()
    case = desk.take(incident)
    desk.move(case, Move.REJECT, verdict=Verdict.FALSE, reason=FalseReason.LIGHT)
    gone = closed_revision(incident)
    desk.book.handle(closed(gone))
    desk.book.handle(updated(reopened_revision(gone)))
    assert needing(desk) == []
