"""The clocks of cases, in the transaction of whatever moves them: rows of how they stand, and in
the history what each entry changed. The rules themselves are `cases.clockwork`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import history
from cases.case_settings import CaseSettings
from cases.clock_tables import BEFORE_CLOCKS, ClockRow, EscalationRow
from cases.clock_words import escalated, retimed
from cases.clockwork import Clockwork, Turn, due_at, taken_back
from cases.history import Line
from cases.kept_limits import Standards
from cases.place_tables import PlanRow
from cases.tables import CaseRow, EntryRow
from domain.base import Text
from domain.case import Move, Triage
from domain.limits import Level, Limit, Matter, Stage, Step, Unit
from domain.stage_clock import ClockState, Escalation, StageClock

_SHORTEST_S = 1.0


class Clocks:
    """Keeps the clocks of cases that the caller's transaction has locked."""

    def __init__(self, settings: CaseSettings) -> None:
        self._settings = settings
        self.calendar = settings.working_calendar
        self.standards = Standards(settings.standard)
        self.reckoned_by = ""
        """The calendar by which all running clocks are known to be reckoned."""

    def turn(
        self, session: Session, case: CaseRow, turn: Turn, at: datetime
    ) -> tuple[StageClock, ...]:
        """Let a move that was made turn the clocks. What it changed, for the history."""
        if case.standard is None:
            case.standard = self.standards.keep(session)
        is_new = turn.move is Move.RECEIVE
        clocks = () if is_new else of_case(session, case.no)
        changed = self._work(session, case, at).turn(clocks, turn, at)
        self._keep(session, case, clocks, changed)
        return (*_untold(session, case, clocks, changed), *changed)

    def take_back(
        self, session: Session, case: CaseRow, entry: EntryRow, at: datetime
    ) -> tuple[StageClock, ...]:
        """Put back what the entry of a move did to the clocks."""
        clocks = of_case(session, case.no)
        words = [clock.seq for clock in entry.clocks or ()]
        now = [clock for clock in clocks if clock.seq in words]
        untold = {c.seq: c for c in reversed(entry.clocks or ()) if words.count(c.seq) > 1}
        before = untold | as_told(session, case.no, before=entry.seq)
        changed = taken_back(before, now, at)
        self._keep(session, case, clocks, changed)
        return changed

    def retime(self, session: Session, case: CaseRow, at: datetime) -> list[Line]:
        """Let the running clocks follow what the case turned out to be. A line of each deadline
        that moved: old and new."""
        clocks = of_case(session, case.no)
        work = self._work(session, case, at)
        again = [
            work.with_limit(clock, self._limit(session, case, clock.stage, clock.started_at))
            if clock.standard == case.standard and not _keeps_its_time(case, clock)
            else clock
            for clock in clocks
        ]
        return self._retimed(session, case, clocks, again)

    def by_calendar(self, session: Session, case: CaseRow, at: datetime) -> list[Line]:
        """Let the running clocks follow a calendar that was changed."""
        clocks = of_case(session, case.no)
        work = self._work(session, case, at)
        return self._retimed(session, case, clocks, map(work.by_calendar, clocks))

    def extend(
        self, session: Session, case: CaseRow, clock: StageClock, more: Limit, at: datetime
    ) -> StageClock:
        """Give a running clock more time."""
        extended = self._work(session, case, at).extend(clock, more)
        self._keep(session, case, of_case(session, case.no), (extended,))
        return extended

    def escalate(self, session: Session, case: CaseRow, at: datetime) -> list[Line]:
        """Record who should know before `at` that a stage is late. A line for each."""
        clocks = of_case(session, case.no)
        if not any(clock.escalate_at and clock.escalate_at < at for clock in clocks):
            return []
        work = self._work(session, case, at)
        lines = []
        for clock in clocks:
            told, heard = work.tell(clock, at)
            for step, since in heard:
                who = self._who(session, case, step)
                session.add(_record(case.no, clock, step, since, at, who))
                lines.append(Line(escalated(clock.stage, who, since, self._settings.zone)))
            if heard:
                self._keep(session, case, clocks, (told,))
                lines[-1] = Line(lines[-1].note, clocks=(told,))
        return lines

    def _retimed(
        self,
        session: Session,
        case: CaseRow,
        clocks: Sequence[StageClock],
        again: Iterable[StageClock],
    ) -> list[Line]:
        pairs = [(old, new) for old, new in zip(clocks, again, strict=True) if old != new]
        self._keep(session, case, clocks, [new for _, new in pairs])
        return [Line(retimed(old, new, self._settings.zone), clocks=(new,)) for old, new in pairs]

    def _keep(
        self,
        session: Session,
        case: CaseRow,
        clocks: Sequence[StageClock],
        changed: Iterable[StageClock],
    ) -> None:
        standing = {clock.seq: clock for clock in clocks}
        for clock in changed:
            row = session.get(ClockRow, (case.no, clock.seq)) if clock.seq in standing else None
            if row is None:
                row = ClockRow(case_no=case.no, seq=clock.seq)
                row.say(clock)
                session.add(row)
            else:
                row.say(clock)
            standing[clock.seq] = clock
        case.due_at = due_at(standing.values())
        for clock in standing.values():
            is_review = clock.stage is Stage.REVIEW and clock.state is ClockState.RUNNING
            if is_review and clock.due_at is not None:
                case.review_due_at = clock.due_at

    def _work(self, session: Session, case: CaseRow, at: datetime) -> Clockwork:
        standard = self.standards.get(session, case.standard)

        def limit(stage: Stage) -> Limit | None:
            return self._limit(session, case, stage, at)

        return Clockwork(self.calendar, standard, limit)

    def _limit(
        self, session: Session, case: CaseRow, stage: Stage, begun_at: datetime
    ) -> Limit | None:
        matter = Matter(
            duty_class=case.duty_class,
            event_code=case.event_code,
            urgent=case.triage is Triage.URGENT,
        )
        limit = self.standards.get(session, case.standard).limit(matter, stage)
        if limit is not None or stage is not Stage.REVIEW or case.review_due_at is None:
            return limit
        lasts_s = (case.review_due_at - begun_at).total_seconds()
        amount = max(lasts_s, _SHORTEST_S)
        return Limit(amount=amount, unit=Unit.SECOND, clause="review_alarm_s", provisional=True)

    def _who(self, session: Session, case: CaseRow, step: Step) -> Text:
        """A level by its name and, of a grid, the grid's."""
        if step.level is Level.TEAM:
            return case.owner
        grid_id = {Level.SECOND_HEAD: case.grid_second, Level.FIRST_HEAD: case.grid_first}.get(
            step.level
        )
        plan = session.get(PlanRow, case.grid_plan) if grid_id else None
        grid = plan.document.grid(grid_id) if plan else None
        words = step.level.words
        if grid is None:
            return words
        return Text.of(f"{grid.name.zh}·{words.zh}", f"{grid.name.en} · {words.en}")


def of_case(session: Session, no: str) -> tuple[StageClock, ...]:
    """A case's clocks as they stand, in the order in which they started."""
    session.flush()
    query = select(ClockRow.document).where(ClockRow.case_no == no).order_by(ClockRow.seq)
    return tuple(session.scalars(query))


def as_told(session: Session, no: str, before: int | None = None) -> dict[int, StageClock]:
    """The same by the history alone, up to an entry: the last word on each clock."""
    query = select(EntryRow.clocks).where(EntryRow.case_no == no, EntryRow.clocks.is_not(None))
    if before is not None:
        query = query.where(EntryRow.seq < before)
    changes = session.scalars(query.order_by(EntryRow.seq))
    return {clock.seq: clock for changed in changes for clock in changed or ()}


def escalations(session: Session, no: str) -> tuple[Escalation, ...]:
    """Who should know of the case since when, in order of time."""
    query = select(EscalationRow).where(EscalationRow.case_no == no)
    rows = session.scalars(query.order_by(EscalationRow.at, EscalationRow.clock))
    return tuple(
        Escalation(**{name: getattr(row, name) for name in Escalation.model_fields}) for row in rows
    )


def tell(session: Session, case: CaseRow, lines: Sequence[Line], at: datetime) -> None:
    """Write what was done to the clocks into the history."""
    for line in lines:
        case.version += 1
        case.updated_at = at
        history.append(session, case, line, at)


def _untold(
    session: Session, case: CaseRow, clocks: Sequence[StageClock], changed: Sequence[StageClock]
) -> list[StageClock]:
    """Of those that are changed, how they stood, where the history does not tell it: clocks that a
    migration made. Without it, what changed them could not be taken back."""
    seqs = {clock.seq for clock in changed}
    made = [c for c in clocks if c.standard == BEFORE_CLOCKS and c.seq in seqs]
    told = as_told(session, case.no) if made else {}
    return [clock for clock in made if clock.seq not in told]


def _keeps_its_time(case: CaseRow, clock: StageClock) -> bool:
    """A review is due when the case says: it moves only where that was changed."""
    paused = clock.state is ClockState.PAUSED
    return clock.stage is Stage.REVIEW and (paused or clock.due_at == case.review_due_at)


def _record(
    no: str, clock: StageClock, step: Step, since: datetime, at: datetime, who: Text
) -> EscalationRow:
    return EscalationRow(
        case_no=no,
        clock=clock.seq,
        level=step.level,
        stage=clock.stage,
        at=since,
        recorded_at=at,
        who=who,
    )
