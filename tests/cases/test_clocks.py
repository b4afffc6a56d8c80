"""Clocks as records: in the book's transactions, in its history, and by what time alone does."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from sqlalchemy import select

from cases import clocks
from cases.case_settings import CaseSettings
from cases.clock_tables import ClockRow, StandardRow
from cases.database import Database
from cases.extending import Extension
from domain.case import Case, CaseState, Move, Verdict
from domain.errors import MoveRefused
from domain.incident import IncidentKind
from domain.limits import Approver, Level, Limit, Stage, Unit
from domain.stage_clock import ClockState, StageClock
from tests.builders import LI, closed, closed_revision, make_incident, reopened_revision, updated
from tests.cases.conftest import TO_CLOSED, Desk, MakeDesk
from tests.cases.test_tally import SAME_DATABASE
from tests.cases.walking import STEPS, Walk, all_cases

FIRE = IncidentKind.FIRE
A_DAY_S = 86_400
ZONE = CaseSettings().zone


def live(desk: Desk, case: Case) -> dict[Stage, StageClock]:
    found = [clock for clock in desk.book.clocks(case.no) if clock.state.is_live]
    assert len({clock.stage for clock in found}) == len(found)
    return {clock.stage: clock for clock in found}


def outcomes(desk: Desk, case: Case) -> list[tuple[Stage, ClockState]]:
    return [(clock.stage, clock.state) for clock in desk.book.clocks(case.no)]


def wanted(case: Case, **changes: Any) -> Extension:
    asked: dict[str, Any] = {
        "more": Limit(amount=1, unit=Unit.HOUR),
        "reason": "等材料",
        "actor": LI,
    }
    return Extension(version=case.version, **(asked | changes))


@SAME_DATABASE
@given(steps=STEPS)
def test_whatever_happens_the_clocks_are_what_the_history_tells(
    desk: Desk, database: Database, steps: list[tuple[str, int]]
) -> None:
    walk = Walk(desk)
    for what, number in steps:
        walk.step(what, number)
        desk.book.tend()
    with database.reading() as session:
        for case in all_cases(desk):
            found = clocks.of_case(session, case.no)
            assert clocks.as_told(session, case.no) == {clock.seq: clock for clock in found}
            alive = Counter(clock.stage for clock in found if clock.state.is_live)
            assert all(number == 1 for number in alive.values())
            over = case.state in (CaseState.CLOSED, CaseState.ARCHIVED, CaseState.VOIDED)
            assert not (over and alive)
            running = [c.due_at for c in found if c.state is ClockState.RUNNING and c.due_at]
            assert (case.due_at is None) is (not running)
            assert case.due_at is None or case.due_at in running


def test_an_answer_stops_its_clock_and_lateness_stays(desk: Desk) -> None:
    case = desk.walk(desk.take(), *TO_CLOSED[:2])
    desk.clock.advance(1801)
    desk.move(case, Move.ACCEPT)
    assert outcomes(desk, case) == [
        (Stage.REVIEW, ClockState.MET),
        (Stage.DISPATCH, ClockState.MET),
        (Stage.ACCEPT, ClockState.MISSED),
        (Stage.ARRIVE, ClockState.RUNNING),
        (Stage.HANDLE, ClockState.RUNNING),
    ]


def test_levels_hear_one_after_the_other_and_nobody_of_what_is_void(desk: Desk) -> None:
    case = desk.walk(desk.take(kind=FIRE), *TO_CLOSED[:2])  # to be accepted in 300 s
    other = desk.walk(desk.take(incident_id="inc_2", kind=FIRE), Move.CONFIRM)
    desk.move(other, Move.REJECT, verdict=Verdict.DUPLICATE, reason=None, duplicate_of=case.no)
    assert desk.book.tend() == 0
    start = desk.clock.now()
    desk.clock.advance(400)
    assert desk.book.tend() == 1
    assert desk.book.tend() == 0
    desk.clock.advance(A_DAY_S)
    desk.book.tend()
    told = desk.book.escalations(case.no)
    assert [each.level for each in told] == list(Level)
    assert [(each.at - start).total_seconds() for each in told] == [300, 375, 450, 600]
    assert told[0].who == case.owner
    assert "网格长" in told[1].who.zh
    assert [note for note in desk.notes(case) if "应告知" in note] == [
        f"签收超期, 应告知{each.who.zh} ({each.at.astimezone(ZONE):%Y-%m-%d %H:%M})"
        for each in told
    ]
    assert desk.book.escalations(other.no) == ()


def test_what_was_set_aside_comes_back_by_itself(desk: Desk) -> None:
    case = desk.walk(desk.take(), Move.CONFIRM)
    desk.clock.advance(300)
    until = desk.clock.now() + timedelta(days=3)
    aside = desk.move(case, Move.SUSPEND, until=until)
    assert (aside.suspended_until, aside.due_at) == (until, None)
    assert live(desk, case)[Stage.DISPATCH].state is ClockState.PAUSED
    desk.clock.advance(2 * A_DAY_S)
    assert desk.book.tend() == 0
    desk.clock.advance(A_DAY_S)
    assert desk.book.tend() == 1
    back = desk.book.case(case.no)
    assert (back.state, back.suspended_until) == (CaseState.FILED, None)
    assert back.due_at == desk.clock.now() + timedelta(seconds=600)  # what it had left


@pytest.mark.parametrize("days", [-1, 31])
def test_a_review_date_lies_within_thirty_days(desk: Desk, days: int) -> None:
    case = desk.walk(desk.take(), Move.CONFIRM)
    with pytest.raises(MoveRefused, match="expected a review date"):
        desk.move(case, Move.SUSPEND, until=desk.clock.now() + timedelta(days=days))
    assert desk.book.case(case.no) == case


def test_setting_aside_silences_nothing_that_is_late(desk: Desk) -> None:
    case = desk.walk(desk.take(), Move.CONFIRM)
    desk.clock.advance(901)
    aside = desk.move(case, Move.SUSPEND)
    assert (aside.state, aside.due_at) == (CaseState.SUSPENDED, case.due_at)
    assert desk.book.counts().overdue == 1


def test_it_is_given_back_twice_and_then_the_coordination_office_decides(desk: Desk) -> None:
    case = desk.walk(desk.take(), Move.CONFIRM, *(Move.DISPATCH, Move.RETURN) * 2, Move.DISPATCH)
    assert case.returns == 2
    assert Move.RETURN not in desk.book.allowed(case)
    with pytest.raises(MoveRefused, match="the coordination office decides"):
        desk.move(case, Move.RETURN)


def test_an_extension_needs_its_level_and_is_written_down(desk: Desk) -> None:
    case = desk.walk(desk.take(), *TO_CLOSED[:3])
    due_at = live(desk, case)[Stage.HANDLE].due_at
    assert due_at is not None
    once = desk.book.extend(case.no, wanted(case))
    assert once.due_at == due_at + timedelta(hours=1)
    assert any("延期" in note and "值班长" in note for note in desk.notes(case))
    with pytest.raises(MoveRefused, match="approval of a leader"):
        desk.book.extend(case.no, wanted(once))
    with pytest.raises(MoveRefused, match="expected who approved"):
        desk.book.extend(case.no, wanted(once, approval=Approver.LEADER))
    leader = {"approval": Approver.LEADER, "approved_by": "王书记"}
    twice = desk.book.extend(case.no, wanted(once, **leader))
    assert twice.due_at == due_at + timedelta(hours=2)
    desk.clock.advance(A_DAY_S)
    with pytest.raises(MoveRefused, match="before the deadline"):
        desk.book.extend(case.no, wanted(twice, **leader))


def test_undo_puts_the_clocks_of_before_back(desk: Desk) -> None:
    case = desk.take()
    before = desk.book.clocks(case.no)
    desk.clock.advance(5)
    moved = desk.move(case, Move.CONFIRM)
    desk.book.undo(case.no, actor=LI, version=moved.version)
    assert desk.book.clocks(case.no)[:1] == before
    assert outcomes(desk, case)[1:] == [(Stage.DISPATCH, ClockState.VOID)]


def test_a_case_that_is_opened_again_has_a_new_round(desk: Desk) -> None:
    fire = make_incident("inc_f", FIRE)
    case = desk.walk(desk.take(fire), *TO_CLOSED)
    assert live(desk, case) == {}
    gone = closed_revision(fire)
    desk.book.handle(closed(gone))
    desk.book.handle(updated(reopened_revision(gone)))
    assert live(desk, case)[Stage.DISPATCH].round == 2


def in_file(tmp_path: Path, name: str, words: str) -> Path:
    path = tmp_path / name
    path.write_text(words, "utf-8")
    return path


STANDARD = """\
version: {version}
limits: [{{stage: handle, amount: {hours}, unit: work_hour, clause: "§ 5.2"}}]
"""


def test_another_version_of_the_limits_rewrites_no_old_case(
    make_desk: MakeDesk, tmp_path: Path, database: Database
) -> None:
    def with_limits(version: str, hours: int) -> Desk:
        words = STANDARD.format(version=version, hours=hours)
        stages = {"stages": {"handle_s": 60}}  # the file says it, so these do not
        file = in_file(tmp_path, f"{version}.yaml", words)
        return make_desk(limits_file=file, **stages)

    before = with_limits("v1", 4)
    case = before.walk(before.take(), *TO_CLOSED[:2])
    after = with_limits("v2", 7)
    other = after.walk(after.take(incident_id="inc_2"), *TO_CLOSED[:2])
    for one, version, hours in ((case, "v1", 4), (other, "v2", 7)):
        handle = live(after, after.move(one, Move.ACCEPT))[Stage.HANDLE]
        assert handle.standard.startswith(version)
        assert handle.budget == timedelta(hours=hours)
    with database.reading() as session:
        kept = {row.id: row.document.version for row in session.scalars(select(StandardRow))}
    assert sorted(kept.values()) == ["v1", "v2"]


def test_a_day_that_becomes_a_holiday_moves_what_runs_and_says_from_when_to_when(
    make_desk: MakeDesk, tmp_path: Path, database: Database
) -> None:
    limits = in_file(
        tmp_path, "limits.yaml",
        "version: v\nlimits: [{stage: handle, urgent: false, amount: 2, unit: work_day}]",
    )  # fmt: skip
    desk = make_desk(limits_file=limits)
    case = desk.walk(desk.take(), *TO_CLOSED[:3])
    desk.book.tend()
    old = live(desk, case)[Stage.HANDLE].due_at
    assert old is not None
    tomorrow = old.astimezone(ZONE).date() - timedelta(days=1)
    days = in_file(tmp_path, "days.yaml", f"days_off: [{tomorrow}]")
    again = make_desk(limits_file=limits, calendar_file=days)
    assert again.book.tend() == 1
    new = live(again, case)[Stage.HANDLE].due_at
    assert new == old + timedelta(days=1)
    assert again.book.case(case.no).due_at == new
    shown = [f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}" for at in (old, new)]
    assert again.notes(case)[-1] == f"处置时限重算: {' → '.join(shown)}"
    assert again.book.tend() == 0


def test_a_year_nobody_announced_is_said_ahead(desk: Desk, make_desk: MakeDesk) -> None:
    announced = max(CaseSettings().working_calendar.announced)
    desk.clock.move_to(datetime(announced, 10, 1, tzinfo=ZONE))
    assert desk.book.unannounced_year() is None
    desk.clock.move_to(datetime(announced, 12, 1, tzinfo=ZONE))
    assert desk.book.unannounced_year() == announced + 1


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("limits_file", "version: v\nlimits: [{stage: cook, amount: 1, unit: hour}]", "limits.0"),
        ("limits_file", "version: v\nlimits: [{stage: handle, amount: 0, unit: hour}]", "amount"),
        ("calendar_file", "days_off: tomorrow", "days_off"),
    ],
)
def test_a_file_that_says_nothing_of_use_is_named(
    tmp_path: Path, name: str, words: str, says: str
) -> None:
    path = in_file(tmp_path, "wrong.yaml", words)
    with pytest.raises(ValueError, match=says) as refused:
        CaseSettings.model_validate({name: path})
    assert "wrong.yaml" in str(refused.value)


def test_rows_say_what_their_clocks_say(desk: Desk, database: Database) -> None:
    case = desk.walk(desk.take(), *TO_CLOSED[:3])
    with database.reading() as session:
        for row in session.scalars(select(ClockRow).where(ClockRow.case_no == case.no)):
            assert (row.stage, row.state) == (row.document.stage, row.document.state)
            running = row.state is ClockState.RUNNING
            assert row.runs_out_at == (row.document.due_at if running else None)
