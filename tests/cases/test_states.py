"""The state table: every pair of a state and a move, allowed or refused."""

import itertools

import pytest

from cases.states import IN_FIELD, TABLE, Standing, Who, allowed, find
from domain.case import CaseState as S
from domain.case import Move as M
from domain.case import Verdict
from domain.errors import MoveRefused
from tests.cases.conftest import WAYS, Desk

# Written out a second time, on purpose: where a reviewed case goes when a person moves it.
REVIEWED: dict[S, dict[M, S]] = {
    S.ALERT: {},
    S.PENDING_REVIEW: {M.CONFIRM: S.FILED, M.REJECT: S.VOIDED},
    S.FILED: {M.REJECT: S.VOIDED, M.DISPATCH: S.DISPATCHED, M.SUSPEND: S.SUSPENDED},
    S.DISPATCHED: {M.ACCEPT: S.ACCEPTED, M.RETURN: S.RETURNED, M.SUSPEND: S.SUSPENDED},
    S.ACCEPTED: {M.HANDLE: S.HANDLING, M.RETURN: S.RETURNED, M.SUSPEND: S.SUSPENDED},
    S.HANDLING: {M.REPORT: S.FEEDBACK, M.SUSPEND: S.SUSPENDED},
    S.FEEDBACK: {M.VERIFY: S.VERIFYING, M.REWORK: S.REWORK},
    S.VERIFYING: {M.CLOSE: S.CLOSED, M.REWORK: S.REWORK},
    S.CLOSED: {M.ARCHIVE: S.ARCHIVED, M.REOPEN: S.REOPENED},
    S.ARCHIVED: {},
    S.VOIDED: {},
    S.RETURNED: {M.REJECT: S.VOIDED, M.DISPATCH: S.DISPATCHED, M.SUSPEND: S.SUSPENDED},
    S.REWORK: {M.HANDLE: S.HANDLING, M.SUSPEND: S.SUSPENDED},
    S.SUSPENDED: {M.RESUME: S.FILED},
    S.REOPENED: {M.REJECT: S.VOIDED, M.DISPATCH: S.DISPATCHED, M.SUSPEND: S.SUSPENDED},
}
SYSTEM: dict[S, set[M]] = {
    S.ALERT: {M.RECEIVE},
    S.FEEDBACK: {M.VERIFY},
    S.CLOSED: {M.ARCHIVE, M.REOPEN},
    S.ARCHIVED: {M.REOPEN},
    S.SUSPENDED: {M.RESUME},
}
PAIRS = list(itertools.product(S, M))


@pytest.mark.parametrize(("state", "move"), PAIRS)
def test_what_a_person_may_do_to_a_reviewed_case(state: S, move: M) -> None:
    standing = Standing(state, verdict=Verdict.REAL, may_pre_dispatch=False)
    expected = REVIEWED[state].get(move)
    assert (move in allowed(standing, Who.PERSON)) is (expected is not None)
    if expected is not None:
        rule = find("HS-1", standing, move, Who.PERSON)
        assert rule.target(state, suspended_from=S.FILED) is expected
    else:
        with pytest.raises(MoveRefused, match="HS-1"):
            find("HS-1", standing, move, Who.PERSON)


@pytest.mark.parametrize(("state", "move"), PAIRS)
def test_what_the_system_may_do(state: S, move: M) -> None:
    standing = Standing(state, verdict=Verdict.REAL, may_pre_dispatch=False)
    expected = move in SYSTEM.get(state, set())
    assert (move in allowed(standing, Who.SYSTEM)) is expected


@pytest.mark.parametrize(("state", "move"), PAIRS)
def test_what_changes_while_nobody_has_reviewed(state: S, move: M) -> None:
    """The review of a pre-dispatched case goes on wherever it is, and it cannot be closed."""
    standing = Standing(state, verdict=None, may_pre_dispatch=True)
    expected = move in REVIEWED[state]
    if move is M.PRE_DISPATCH:
        expected = state is S.PENDING_REVIEW
    elif move in (M.CONFIRM, M.REJECT) and state in IN_FIELD:
        expected = True
    elif move is M.CLOSE:
        expected = False
    assert (move in allowed(standing, Who.PERSON)) is expected


def test_a_review_in_the_field_leaves_the_case_where_it_is() -> None:
    for state in IN_FIELD:
        standing = Standing(state, verdict=None, may_pre_dispatch=True)
        assert find("HS-1", standing, M.CONFIRM, Who.PERSON).target(state, None) is state
        assert find("HS-1", standing, M.REJECT, Who.PERSON).target(state, None) is S.VOIDED


def test_a_bridge_says_how_far_those_are_who_were_sent_and_nothing_more() -> None:
    may = {
        (state, move)
        for state, verdict in itertools.product(S, (None, *Verdict))
        for move in allowed(Standing(state, verdict, True), Who.BRIDGE)
    }
    assert may == {
        (S.DISPATCHED, M.ACCEPT),
        (S.DISPATCHED, M.RETURN),
        (S.ACCEPTED, M.RETURN),
        (S.ACCEPTED, M.HANDLE),
        (S.REWORK, M.HANDLE),
        (S.HANDLING, M.REPORT),
    }


def test_no_way_leads_from_an_alert_to_closed_without_work() -> None:
    assert [rule.sources for rule in TABLE if rule.to is S.CLOSED] == [{S.VERIFYING}]


def test_one_move_has_one_meaning_for_each_standing() -> None:
    verdicts, booleans = (None, *Verdict), (True, False)
    for state, verdict, ahead, who in itertools.product(S, verdicts, booleans, Who):
        moves = allowed(Standing(state, verdict, ahead), who)
        assert len(moves) == len(set(moves))


@pytest.mark.parametrize(
    ("standing", "move", "who", "says"),
    [
        (
            Standing(S.PENDING_REVIEW, None, False),
            M.CLOSE,
            Who.PERSON,
            "case HS-1 is 待受理 (pending_review): 结案 (close) is not allowed; "
            "allowed to a person: 属实并立案 (confirm), 作废 (reject)",
        ),
        (
            Standing(S.ARCHIVED, Verdict.REAL, False),
            M.REOPEN,
            Who.PERSON,
            "allowed to a person: nothing",
        ),
        (Standing(S.ALERT, None, False), M.RECEIVE, Who.PERSON, "only the system does that"),
        (Standing(S.PENDING_REVIEW, None, False), M.CONFIRM, Who.SYSTEM, "only a person"),
        (Standing(S.VERIFYING, None, True), M.CLOSE, Who.PERSON, "nobody has reviewed it yet"),
        (Standing(S.HANDLING, Verdict.REAL, True), M.CONFIRM, Who.PERSON, "it has been reviewed"),
        (
            Standing(S.PENDING_REVIEW, None, False),
            M.PRE_DISPATCH,
            Who.PERSON,
            "its kind is not set to be pre-dispatched",
        ),
    ],
)
def test_a_refusal_says_what_is_allowed(standing: Standing, move: M, who: Who, says: str) -> None:
    with pytest.raises(MoveRefused) as caught:
        find("HS-1", standing, move, who)
    assert says in str(caught.value)


@pytest.mark.parametrize("state", list(WAYS))
def test_people_reach_every_state_and_the_book_offers_what_the_table_allows(
    desk: Desk, state: S
) -> None:
    case = desk.walk(desk.take(), *WAYS[state])
    assert case.state is state
    assert set(desk.book.allowed(case)) == set(REVIEWED[state])
    assert desk.book.entries(case.no)[-1].to_state is state
