"""Moves, what must come with them, conflicts, and undo."""

import itertools
from typing import Any

import pytest

from domain.actor import SYSTEM
from domain.case import CaseState, FalseReason, Move, Permit, Verdict
from domain.errors import CaseNotFound, MoveConflict, MoveRefused
from domain.incident import IncidentKind
from tests.builders import LI, NOON, PERMIT, WANG, make_incident, next_revision, updated
from tests.cases.conftest import TO_CLOSED, Desk, MakeDesk


def test_a_case_goes_the_whole_way_and_every_step_is_told(desk: Desk) -> None:
    case = desk.walk(desk.take(), *TO_CLOSED, Move.ARCHIVE)
    entries = desk.book.entries(case.no)
    assert [entry.seq for entry in entries] == list(range(1, 11))
    assert [entry.move for entry in entries] == [None, Move.RECEIVE, *TO_CLOSED, Move.ARCHIVE]
    assert [entry.actor for entry in entries] == [SYSTEM] * 2 + [LI] * 8
    for before, after in itertools.pairwise(entries):
        assert after.from_state is before.to_state
    assert case.version == 10
    assert (case.verdict, case.reviewer) == (Verdict.REAL, LI)


def test_confirming_says_who_found_it_real(desk: Desk) -> None:
    case = desk.move(desk.take(), Move.CONFIRM, WANG, note="确有占道")
    assert (case.state, case.verdict, case.reviewer) == (CaseState.FILED, Verdict.REAL, WANG)
    assert desk.notes(case)[-1] == "属实并立案; 确有占道"


@pytest.mark.parametrize(
    ("details", "note"),
    [
        ({"verdict": Verdict.FALSE, "reason": FalseReason.STEAM_DUST}, "作废: 误报 (水汽烟尘)"),
        (
            {"verdict": Verdict.PERMITTED, "reason": None, "permit": PERMIT, "note": "早市"},
            "作废: 许可 (城管许〔2026〕12 号, 有效至 2026-12-31 18:00); 早市",
        ),
        ({"verdict": Verdict.GONE, "reason": None}, "作废: 自行消失"),
    ],
)
def test_rejecting_says_why(desk: Desk, details: dict[str, Any], note: str) -> None:
    case = desk.move(desk.take(), Move.REJECT, **details)
    assert case.state is CaseState.VOIDED
    assert (case.verdict, case.verdict_reason) == (details["verdict"], details["reason"])
    assert desk.notes(case)[-1] == note


def test_a_duplicate_names_the_other_case(desk: Desk) -> None:
    first, second = desk.take(), desk.take(incident_id="inc_2", camera_id="gate-2")
    details: dict[str, Any] = {
        "verdict": Verdict.DUPLICATE,
        "reason": None,
        "duplicate_of": first.no,
    }
    case = desk.move(second, Move.REJECT, **details)
    assert (case.state, case.duplicate_of) == (CaseState.VOIDED, first.no)
    assert desk.notes(case)[-1] == f"作废: 与 {first.no} 重复"
    third = desk.take(incident_id="inc_3")
    with pytest.raises(MoveRefused, match=f"itself a duplicate of {first.no}"):
        desk.move(third, Move.REJECT, **details | {"duplicate_of": second.no})


@pytest.mark.parametrize(
    ("move", "details", "says"),
    [
        (Move.REJECT, {"verdict": None, "reason": None}, "expected a verdict among duplicate"),
        (Move.REJECT, {"verdict": Verdict.REAL, "reason": None}, "got real"),
        (Move.REJECT, {"verdict": Verdict.FALSE, "reason": None}, "light, reflection"),
        (Move.REJECT, {"verdict": Verdict.GONE}, "expected a reason with the verdict false"),
        (Move.REJECT, {"duplicate_of": "HS-1"}, "with the verdict duplicate and with no other"),
        (
            Move.REJECT,
            {"verdict": Verdict.DUPLICATE, "reason": None},
            "expected another case's number",
        ),
        (
            Move.REJECT,
            {"verdict": Verdict.DUPLICATE, "reason": None, "duplicate_of": "HS-0"},
            "number of another case, got 'HS-0'",
        ),
        (
            Move.REJECT,
            {"verdict": Verdict.PERMITTED, "reason": None, "note": "早市"},
            "expected a permit's reference and until when it holds",
        ),
        (Move.REJECT, {"permit": PERMIT}, "with the verdict permitted and with no other"),
        (
            Move.REJECT,
            {
                "verdict": Verdict.PERMITTED,
                "reason": None,
                "permit": Permit(no=" ", until=PERMIT.until),
            },
            "expected a permit's reference, got none",
        ),
        (
            Move.REJECT,
            {"verdict": Verdict.PERMITTED, "reason": None, "permit": Permit(no="12", until=NOON)},
            "expected a permit that held when the case opened",
        ),
        (Move.CONFIRM, {"permit": PERMIT}, "a verdict with its reason goes with reject"),
        (Move.CONFIRM, {"verdict": Verdict.FALSE}, "a verdict with its reason goes with reject"),
        (Move.CONFIRM, {"assignee": "zhao"}, "an assignee goes with dispatch only"),
        (Move.CONFIRM, {"note": "x" * 2_001}, "note of at most 2000 characters, got 2001"),
        (Move.CONFIRM, {"note": "a\x00b"}, "expected a plain note"),
    ],
)
def test_a_move_without_its_reason_is_refused_and_leaves_no_trace(
    desk: Desk, move: Move, details: dict[str, Any], says: str
) -> None:
    case = desk.take()
    with pytest.raises(MoveRefused, match=says):
        desk.move(case, move, **details)
    assert desk.book.case(case.no) == case
    assert len(desk.book.entries(case.no)) == 2


def test_a_case_is_no_duplicate_of_itself(desk: Desk) -> None:
    case = desk.take()
    details: dict[str, Any] = {
        "verdict": Verdict.DUPLICATE,
        "reason": None,
        "duplicate_of": case.no,
    }
    with pytest.raises(MoveRefused, match="number of another case"):
        desk.move(case, Move.REJECT, **details)


@pytest.mark.parametrize(
    ("way", "move"),
    [
        (TO_CLOSED[:4], Move.REPORT),
        (TO_CLOSED[:2], Move.RETURN),
        (TO_CLOSED[:5], Move.REWORK),
        (TO_CLOSED[:1], Move.SUSPEND),
        (TO_CLOSED, Move.REOPEN),
    ],
)
def test_moves_that_need_a_reason_in_words(desk: Desk, way: tuple[Move, ...], move: Move) -> None:
    case = desk.walk(desk.take(), *way)
    with pytest.raises(MoveRefused, match="expected a note that says why"):
        desk.move(case, move, note="  ")


def test_a_case_is_dispatched_to_its_grid_or_to_somebody_named(desk: Desk) -> None:
    case = desk.walk(desk.take(), Move.CONFIRM, Move.DISPATCH)
    assert case.assignee == case.owner.zh == "示例微网格011·网格员队伍"
    case = desk.walk(case, Move.RETURN)
    case = desk.move(case, Move.DISPATCH, assignee="二大队 赵(示例)")
    assert case.assignee == "二大队 赵(示例)"
    assert desk.notes(case)[-1] == "派遣: 二大队 赵(示例)"


@pytest.mark.parametrize("way", [TO_CLOSED[:1], TO_CLOSED[:4], (*TO_CLOSED[:5], Move.REWORK)])
def test_a_suspended_case_resumes_where_it_was(desk: Desk, way: tuple[Move, ...]) -> None:
    case = desk.walk(desk.take(), *way)
    assert desk.walk(case, Move.SUSPEND, Move.RESUME).state is case.state


def test_a_fire_may_be_dispatched_while_its_review_runs(desk: Desk) -> None:
    case = desk.take(kind=IncidentKind.FIRE)
    case = desk.walk(case, Move.PRE_DISPATCH, Move.ACCEPT, Move.HANDLE)
    assert (case.state, case.verdict) == (CaseState.HANDLING, None)
    case = desk.move(case, Move.CONFIRM, WANG)
    assert (case.state, case.verdict) == (CaseState.HANDLING, Verdict.REAL)
    assert Move.CONFIRM not in desk.book.allowed(case)


def test_a_pre_dispatched_false_alarm_is_voided_from_the_field(desk: Desk) -> None:
    case = desk.walk(desk.take(kind=IncidentKind.FIRE), Move.PRE_DISPATCH, Move.REJECT)
    assert (case.state, case.verdict) == (CaseState.VOIDED, Verdict.FALSE)


def test_a_case_nobody_reviewed_cannot_be_closed(desk: Desk) -> None:
    ahead = (Move.PRE_DISPATCH, *TO_CLOSED[2:6])
    case = desk.walk(desk.take(kind=IncidentKind.FIRE), *ahead)
    with pytest.raises(MoveRefused, match="nobody has reviewed it yet"):
        desk.move(case, Move.CLOSE)
    assert desk.walk(case, Move.CONFIRM, Move.CLOSE).state is CaseState.CLOSED


def test_the_slower_of_two_is_told_who_did_what_when(desk: Desk) -> None:
    case = desk.take()
    desk.book.move(case.no, Move.CONFIRM, actor=LI, version=case.version)
    details: dict[str, Any] = {"verdict": Verdict.FALSE, "reason": FalseReason.LIGHT}
    with pytest.raises(MoveConflict) as caught:
        desk.book.move(case.no, Move.REJECT, actor=WANG, version=case.version, **details)
    said = (
        f"case {case.no} was moved since version 2: 李 · 属实并立案 · 2026-11-23 12:00:00 · filed"
    )
    assert str(caught.value) == said


def test_that_the_incident_went_on_spoils_no_decision(desk: Desk) -> None:
    incident = make_incident()
    seen = desk.take(incident)
    desk.book.handle(updated(next_revision(incident)))
    assert desk.book.case(seen.no).version > seen.version
    moved = desk.book.move(seen.no, Move.CONFIRM, actor=LI, version=seen.version)
    assert moved.state is CaseState.FILED


def test_a_version_from_the_future_is_refused(desk: Desk) -> None:
    case = desk.take()
    with pytest.raises(MoveRefused, match="expected a version up to 2, got 7"):
        desk.book.move(case.no, Move.CONFIRM, actor=LI, version=7)


def test_an_unknown_case_is_not_found(desk: Desk) -> None:
    with pytest.raises(CaseNotFound, match="'HS-20261123-0099'"):
        desk.book.move("HS-20261123-0099", Move.CONFIRM, actor=LI, version=1)
    for ask in (desk.book.case, desk.book.entries, desk.book.evidence, desk.book.incident):
        with pytest.raises(CaseNotFound):
            ask("HS-20261123-0099")


def test_the_same_request_again_does_nothing(desk: Desk) -> None:
    case = desk.take()
    first = desk.book.move(case.no, Move.CONFIRM, actor=LI, version=2, key="k1")
    again = desk.book.move(case.no, Move.CONFIRM, actor=LI, version=2, key="k1")
    assert again == first
    assert len(desk.book.entries(case.no)) == 3
    with pytest.raises(MoveRefused, match="expected a new key for a new move, got 'k1'"):
        desk.book.move(case.no, Move.DISPATCH, actor=LI, version=3, key="k1")


def test_undo_puts_everything_back_with_an_entry_of_its_own(desk: Desk) -> None:
    case = desk.take()
    desk.move(case, Move.REJECT)
    desk.clock.advance(10)
    assert desk.book.undo_until(case.no, actor=LI) == desk.clock.now()
    back = desk.book.undo(case.no, actor=LI, version=3)
    assert back.state is CaseState.PENDING_REVIEW
    assert (back.verdict, back.verdict_reason, back.reviewer) == (None, None, None)
    last = desk.book.entries(case.no)[-1]
    assert (last.seq, last.move, last.from_state) == (4, Move.UNDO, CaseState.VOIDED)
    assert last.note.zh == "撤销“作废”"
    assert desk.move(back, Move.CONFIRM).state is CaseState.FILED


def test_undo_is_for_ten_seconds(desk: Desk) -> None:
    case = desk.move(desk.take(), Move.CONFIRM)
    desk.clock.advance(10.5)
    assert desk.book.undo_until(case.no, actor=LI) is None
    with pytest.raises(MoveRefused, match="can be undone for 10 s"):
        desk.book.undo(case.no, actor=LI, version=case.version)


def test_undo_is_for_who_moved(desk: Desk) -> None:
    case = desk.move(desk.take(), Move.CONFIRM)
    assert desk.book.undo_until(case.no, actor=WANG) is None
    with pytest.raises(MoveRefused, match="only who moved may undo; the last move: 李 · 属实"):
        desk.book.undo(case.no, actor=WANG, version=case.version)


def test_only_the_last_move_can_be_undone_and_only_once(desk: Desk) -> None:
    case = desk.walk(desk.take(), Move.CONFIRM, Move.DISPATCH)
    case = desk.book.undo(case.no, actor=LI, version=case.version)
    assert (case.state, case.assignee, case.verdict) == (CaseState.FILED, None, Verdict.REAL)
    assert desk.book.undo_until(case.no, actor=LI) is None
    with pytest.raises(MoveRefused, match="expected a person's move to undo"):
        desk.book.undo(case.no, actor=LI, version=case.version)


def test_what_the_system_did_cannot_be_undone(desk: Desk) -> None:
    case = desk.take()
    for actor in (LI, SYSTEM):
        with pytest.raises(MoveRefused, match="expected a person's move to undo"):
            desk.book.undo(case.no, actor=actor, version=case.version)


def test_undo_of_a_case_somebody_else_moved_conflicts(desk: Desk) -> None:
    seen = desk.move(desk.take(), Move.CONFIRM)
    desk.move(seen, Move.DISPATCH, WANG)
    with pytest.raises(MoveConflict, match="王 · 派遣"):
        desk.book.undo(seen.no, actor=LI, version=seen.version)


def test_evidence_and_news_between_do_not_hinder_undo(desk: Desk) -> None:
    incident = make_incident()
    case = desk.move(desk.take(incident), Move.CONFIRM)
    desk.book.handle(updated(next_revision(incident)))
    assert desk.book.undo(case.no, actor=LI, version=case.version).state is (
        CaseState.PENDING_REVIEW
    )


def test_the_time_to_undo_is_a_setting(make_desk: MakeDesk) -> None:
    desk = make_desk(undo_s=60)
    case = desk.move(desk.take(), Move.CONFIRM)
    desk.clock.advance(59)
    assert desk.book.undo(case.no, actor=LI, version=case.version).state is (
        CaseState.PENDING_REVIEW
    )
