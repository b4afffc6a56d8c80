"""Moving a case on: every move is checked against the state table, and its entry is written in
the same transaction. Undo is a new entry that puts back what the last move replaced."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import clocks, history, near, words
from cases.approving import approve_suspension
from cases.case_settings import CaseSettings, PreDispatch
from cases.clocks import Clocks
from cases.clockwork import Turn
from cases.decided import Decided
from cases.decision import NAME_MAX, NOTE_MAX, Decision
from cases.history import Line
from cases.states import VOIDING, Needs, Standing, Transition, Who, allowed, find
from cases.tables import CaseRow, EntryRow
from domain.actor import SYSTEM, Actor
from domain.base import Text
from domain.case import (
    PERMIT_NO_MAX,
    Case,
    CaseState,
    FalseReason,
    Move,
    Verdict,
)
from domain.errors import CaseNotFound, MoveConflict, MoveRefused


class Moves:
    """Makes moves and undoes them, inside the caller's transaction."""

    def __init__(self, settings: CaseSettings) -> None:
        self._settings = settings
        self.clocks = Clocks(settings)

    def make(self, session: Session, no: str, decision: Decision, at: datetime) -> bool:
        """Make a person's move. False: the same request came before, and nothing was done.

        Raises:
            CaseNotFound, MoveRefused, MoveConflict.
        """
        case = locked(session, no)
        if decision.key is not None and _done_before(session, no, decision):
            return False
        self.check_version(session, case, decision.version)
        transition = find(no, self.standing(case), decision.move, decision.who)
        self._check(session, case, transition, decision)
        self._carry_out(session, case, transition, decision, at)
        return True

    def by_system(
        self, session: Session, case: CaseRow, move: Move, note: Text, at: datetime
    ) -> None:
        """Make a move that the product decides on itself; `case` is locked by the caller."""
        transition = find(case.no, self.standing(case), move, Who.SYSTEM)
        decision = Decision(move, SYSTEM, case.version)
        self._carry_out(session, case, transition, decision, at, note)

    def undo(self, session: Session, no: str, actor: Actor, version: int, at: datetime) -> None:
        """Take this actor's last move back.

        Raises:
            CaseNotFound, MoveConflict
            MoveRefused: it is not theirs, too long ago, or there is none.
        """
        case = locked(session, no)
        self.check_version(session, case, version)
        last = history.last_move(session, no)
        if last is None or last.before is None or last.move is None:
            raise MoveRefused(
                f"case {no}: expected a person's move to undo, the last one is not",
                zh="最近一次操作不能撤销",
            )
        if last.actor.key != actor.key:
            said = self._said(last)
            raise MoveRefused(
                f"case {no}: only who moved may undo; the last move: {said}",
                zh="只能撤销自己的操作",
            )
        if at > self._undo_until(last):
            seconds = f"{self._settings.undo_s:g}"
            raise MoveRefused(
                f"case {no}: a move can be undone for {seconds} s; {self._said(last)}",
                zh=f"操作 {seconds} 秒后不能再撤销",
            )
        clocks.tell(session, case, self.clocks.escalate(session, case, at), at)
        before = case.state
        last.before.put_back(case)
        changed = self.clocks.take_back(session, case, last, at)
        _grow(case, at)
        line = Line(words.undone(last.move), actor, Move.UNDO, before, clocks=changed)
        history.append(session, case, line, at)

    def undo_until(self, session: Session, no: str, actor: Actor, at: datetime) -> datetime | None:
        """Until when this actor can undo the case's last move; None: they cannot."""
        last = history.last_move(session, no)
        if last is None or last.before is None or last.actor.key != actor.key:
            return None
        until = self._undo_until(last)
        return until if at <= until else None

    def allowed(self, case: CaseRow | Case) -> tuple[Move, ...]:
        return allowed(self.standing(case), Who.PERSON)

    def may_reopen(self, case: CaseRow) -> bool:
        """Whether a case is reopened when its matter is back."""
        return Move.REOPEN in allowed(self.standing(case), Who.SYSTEM)

    def standing(self, case: CaseRow | Case) -> Standing:
        rules = self._settings.kinds[case.kind] if case.kind else None
        may = rules is not None and rules.pre_dispatch is not PreDispatch.NEVER
        return Standing(
            state=case.state,
            verdict=case.verdict,
            may_pre_dispatch=may,
            may_return=case.returns < self.clocks.standards.current.returns,
        )

    def _carry_out(
        self,
        session: Session,
        case: CaseRow,
        transition: Transition,
        decision: Decision,
        at: datetime,
        note: Text | None = None,
    ) -> None:
        if decision.move is not Move.RECEIVE:  # before which nothing ran
            clocks.tell(session, case, self.clocks.escalate(session, case, at), at)
        before = Decided.of(case)
        case.state = transition.target(before.state, case.suspended_from)
        _take_effect(case, decision, before, at)
        if case.state is CaseState.SUSPENDED:
            standard = self.clocks.standards.current
            case.suspended_until = approve_suspension(
                case.no, decision, standard, self._settings, at
            )
        reopens = decision.move is Move.REOPEN
        turn = Turn(decision.move, case.state, case.verdict is not None, reopens)
        changed = self.clocks.turn(session, case, turn, at)
        _grow(case, at)
        decided = Decided.of(case)
        told = note or words.moved(decision.move, decided, decision.note, self._settings.zone)
        if decision.approval is not None:
            told = words.with_approval(told, decision.approval, decision.approved_by)
        line = Line(
            note=told,
            actor=decision.actor,
            move=decision.move,
            from_state=before.state,
            key=decision.key,
            before=before if decision.who is Who.PERSON else None,
            clocks=changed,
        )
        history.append(session, case, line, at)

    def _check(
        self, session: Session, case: CaseRow, transition: Transition, decision: Decision
    ) -> None:
        """Refuse a move that comes without what it needs, or with what does not fit."""
        _check_lengths(case.no, decision)
        if Needs.NOTE in transition.needs and not decision.note.strip():
            raise MoveRefused(
                f"case {case.no}: {decision.move}: expected a note that says why, got none",
                zh="请填写说明",
            )
        if Needs.VERDICT not in transition.needs:
            _check_plain(case.no, decision)
            return
        _check_verdict(case, decision)
        if decision.duplicate_of is not None:
            original = _original(session, case.no, decision.duplicate_of)
            self._check_near(session, case, original, decision)

    def _check_near(
        self, session: Session, case: CaseRow, original: CaseRow, decision: Decision
    ) -> None:
        """What nobody would be offered as the original is refused, unless somebody says why."""
        how = near.nearness(session, case, original)
        offered = how.is_near(self._settings) and original.state is not CaseState.VOIDED
        if offered or (decision.forced and decision.note.strip()):
            return
        far = words.far(how, original, self._settings)
        raise MoveRefused(f"case {case.no}: {far.en}", zh=far.zh)

    def check_version(self, session: Session, case: CaseRow, version: int) -> None:
        # Only moves spoil a decision. That the incident went on, or that its clip arrived,
        # makes a new version too, but does not take the case out of anybody's hands.
        if version > case.version:
            raise MoveRefused(
                f"case {case.no}: expected a version up to {case.version}, got {version}"
            )
        if version < case.moved_version:
            last = history.last_move(session, case.no)
            said = self._said(last) if last else "it was moved"
            raise MoveConflict(f"case {case.no} was moved since version {version}: {said}")

    def _said(self, entry: EntryRow) -> str:
        local = entry.at.astimezone(self._settings.zone)
        return f"{entry.actor} · {entry.note} · {local:%Y-%m-%d %H:%M:%S} · {entry.to_state}"

    def _undo_until(self, entry: EntryRow) -> datetime:
        return entry.at + timedelta(seconds=self._settings.undo_s)


def locked(session: Session, no: str) -> CaseRow:
    """The case, locked against everybody else until the transaction ends.

    Raises:
        CaseNotFound
    """
    case = session.scalar(select(CaseRow).where(CaseRow.no == no).with_for_update())
    if case is None:
        raise CaseNotFound(f"no case has the number {no!r}")
    return case


def _done_before(session: Session, no: str, decision: Decision) -> bool:
    query = select(EntryRow).where(EntryRow.case_no == no, EntryRow.key == decision.key)
    entry = session.scalar(query)
    if entry is None:
        return False
    if (entry.move, entry.actor.key) != (decision.move, decision.actor.key):
        raise MoveRefused(f"case {no}: expected a new key for a new move, got {decision.key!r}")
    return True


def _take_effect(case: CaseRow, decision: Decision, before: Decided, at: datetime) -> None:
    match decision.move:
        case Move.CONFIRM:
            _decide(case, Verdict.REAL, decision, at)
        case Move.REJECT:
            _decide(case, decision.verdict, decision, at)
        case Move.DISPATCH | Move.PRE_DISPATCH:
            case.assignee = decision.assignee or case.owner.zh
        case Move.SUSPEND:
            case.suspended_from = before.state
        case Move.RESUME:
            case.suspended_from = case.suspended_until = None
        case Move.RETURN:
            case.returns += 1
        case Move.CLOSE:
            case.closed_at = at
        case Move.REOPEN:
            case.closed_at, case.returns = None, 0
            if before.state is CaseState.VOIDED:
                _decide_anew(case)


def _decide(case: CaseRow, verdict: Verdict | None, decision: Decision, at: datetime) -> None:
    case.verdict = verdict
    case.verdict_reason = decision.reason
    case.duplicate_of = decision.duplicate_of
    case.permit_no = decision.permit.no if decision.permit else None
    case.permit_until = decision.permit.until if decision.permit else None
    case.reviewer = decision.actor
    case.decided_at = at


def _decide_anew(case: CaseRow) -> None:
    """Nobody has said yet what it is this time."""
    case.verdict = case.verdict_reason = case.duplicate_of = None
    case.permit_no = case.permit_until = None
    case.reviewer = case.decided_at = None


def _grow(case: CaseRow, at: datetime) -> None:
    case.version += 1
    case.moved_version = case.version
    case.updated_at = at


def _check_lengths(no: str, decision: Decision) -> None:
    texts = (
        ("assignee", decision.assignee or "", NAME_MAX),
        ("key", decision.key or "", NAME_MAX),
        ("note", decision.note, NOTE_MAX),
        ("name of who approved", decision.approved_by or "", NAME_MAX),
    )
    for name, value, longest in texts:
        if len(value) > longest or "\x00" in value:
            raise MoveRefused(
                f"case {no}: expected a plain {name} of at most {longest} characters, "
                f"got {len(value)}"
            )


def _check_plain(no: str, decision: Decision) -> None:
    """What goes with a verdict comes with no other move."""
    name = f"case {no}: {decision.move}"
    fitting = (None, Verdict.REAL) if decision.move is Move.CONFIRM else (None,)
    found = decision.reason or decision.duplicate_of or decision.permit
    if decision.verdict not in fitting or found:
        raise MoveRefused(f"{name}: a verdict with its reason goes with {Move.REJECT} only")
    approves = decision.until or decision.approval or decision.approved_by
    if approves and decision.move is not Move.SUSPEND:
        raise MoveRefused(f"{name}: a review date and an approval go with {Move.SUSPEND} only")
    if decision.assignee and decision.move not in (Move.DISPATCH, Move.PRE_DISPATCH):
        raise MoveRefused(f"{name}: an assignee goes with {Move.DISPATCH} only")


def _check_verdict(case: CaseRow, decision: Decision) -> None:
    no, verdict = case.no, decision.verdict
    if verdict not in VOIDING:
        expected = ", ".join(sorted(VOIDING))
        raise MoveRefused(f"case {no}: expected a verdict among {expected}, got {verdict}")
    if (verdict is Verdict.FALSE) is (decision.reason is None):
        expected = ", ".join(FalseReason)
        raise MoveRefused(
            f"case {no}: expected a reason with the verdict {Verdict.FALSE} and with no other "
            f"({expected}), got {verdict} with {decision.reason}",
            zh="误报须选原因, 其他结论不填原因",
        )
    if (verdict is Verdict.DUPLICATE) is (decision.duplicate_of is None):
        raise MoveRefused(
            f"case {no}: expected another case's number with the verdict {Verdict.DUPLICATE} "
            f"and with no other, got {verdict} with {decision.duplicate_of}",
            zh="重复须填另一案件的编号, 其他结论不填编号",
        )
    _check_permit(case, decision)


def _check_permit(case: CaseRow, decision: Decision) -> None:
    """A permission that nobody can look up, or that had ended before, is none."""
    permit, name = decision.permit, f"case {case.no}"
    if (decision.verdict is Verdict.PERMITTED) is (permit is None):
        raise MoveRefused(
            f"{name}: expected a permit's reference and until when it holds with the verdict "
            f"{Verdict.PERMITTED} and with no other, got {decision.verdict} with "
            f"{'none' if permit is None else permit.no}",
            zh="许可须填批准文号与有效期, 其他结论不填",
        )
    if permit is None:
        return
    if not permit.no.strip() or "\x00" in permit.no or len(permit.no) > PERMIT_NO_MAX:
        raise MoveRefused(f"{name}: expected a permit's reference, got none", zh="请填写批准文号")
    if permit.until <= case.opened_at:
        raise MoveRefused(
            f"{name}: expected a permit that held when the case opened at "
            f"{case.opened_at.isoformat()}, got one until {permit.until.isoformat()}",
            zh="许可在案件发现之前已到期",
        )


def _original(session: Session, no: str, original_no: str) -> CaseRow:
    """The case that another is to be a duplicate of."""
    original = session.get(CaseRow, original_no)
    if original is None or original_no == no:
        raise MoveRefused(
            f"case {no}: expected the number of another case, got {original_no!r}",
            zh=f"没有编号为 {original_no} 的其他案件",
        )
    if original.duplicate_of is not None:
        raise MoveRefused(
            f"case {no}: {original_no} is itself a duplicate of {original.duplicate_of}; name that",
            zh=f"{original_no} 本身与 {original.duplicate_of} 重复, 请填写后者",
        )
    return original
