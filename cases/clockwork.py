"""What a move does to the clocks of its case. Pure: clocks and a time in, changed clocks out.

    a stage begins        its clock starts, with the limit that holds then
    the move answers it   met, or missed if it was late
    the case is void      every clock that runs is void: nobody is late with what is nothing
    it is set aside 挂账   clocks pause, each with what it has left; one that is late runs on:
                          nothing silences what is overdue
    it comes back         each goes on with what it had left
    it is opened again    a new round

At most one clock of a stage lives at a time, and what a move does not end goes on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.case import CaseState as S
from domain.case import Move
from domain.limits import Limit, Stage, Standard, Step
from domain.stage_clock import ClockState, StageClock
from domain.worktime import WorkCalendar

_RUNS: dict[S, frozenset[Stage]] = {
    S.ALERT: frozenset({Stage.REVIEW}),
    S.PENDING_REVIEW: frozenset({Stage.REVIEW}),
    S.FILED: frozenset({Stage.DISPATCH}),
    S.RETURNED: frozenset({Stage.DISPATCH}),
    S.REOPENED: frozenset({Stage.DISPATCH}),
    S.DISPATCHED: frozenset({Stage.ACCEPT}),
    S.ACCEPTED: frozenset({Stage.ARRIVE, Stage.HANDLE}),
    S.HANDLING: frozenset({Stage.HANDLE}),
    S.REWORK: frozenset({Stage.HANDLE}),
    S.FEEDBACK: frozenset({Stage.VERIFY}),
    S.VERIFYING: frozenset({Stage.VERIFY}),
}
"""What runs in each state that waits for somebody."""
_ANSWERS: dict[Move, frozenset[Stage]] = {
    Move.CONFIRM: frozenset({Stage.REVIEW}),
    Move.REJECT: frozenset({Stage.REVIEW}),
    Move.DISPATCH: frozenset({Stage.DISPATCH}),
    Move.ACCEPT: frozenset({Stage.ACCEPT}),
    Move.RETURN: frozenset({Stage.ACCEPT}),
    Move.HANDLE: frozenset({Stage.ARRIVE}),
    Move.REPORT: frozenset({Stage.ARRIVE, Stage.HANDLE}),
    Move.REWORK: frozenset({Stage.VERIFY}),
    Move.CLOSE: frozenset({Stage.VERIFY}),
}
"""Which clocks a move stops as an answer."""
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Turn:
    """A move as clocks see it: where it led, whether somebody has said by now what the case is,
    and for a case set aside the state that it comes back to."""

    move: Move
    to_state: S
    reviewed: bool
    reopens: bool = False


@dataclass(frozen=True, slots=True)
class Clockwork:
    """The clocks' rules by one calendar and one standard. `limit` says how long a stage of the case
    may last that begins now."""

    calendar: WorkCalendar
    standard: Standard
    limit: Callable[[Stage], Limit | None]

    def turn(
        self, clocks: Sequence[StageClock], turn: Turn, at: datetime
    ) -> tuple[StageClock, ...]:
        """The clocks that a move changes or starts."""
        live = [clock for clock in clocks if clock.state.is_live]
        if turn.to_state is S.SUSPENDED:
            return tuple(self._paused(clock, at) for clock in live if self._pauses(clock, at))
        wanted = stages_of(turn.to_state, reviewed=turn.reviewed)
        changed = []
        for clock in live:
            if turn.reopens or clock.stage not in wanted:
                changed.append(_ended(clock, turn, at))
            elif clock.state is ClockState.PAUSED:
                changed.append(self._resumed(clock, at))
        going = set() if turn.reopens else {clock.stage for clock in live}
        first = max((clock.seq for clock in clocks), default=0) + 1
        number = max((clock.round for clock in clocks), default=1) + turn.reopens
        begun = [stage for stage in Stage if stage in wanted and stage not in going]
        changed += [self._begun(first + n, stage, number, at) for n, stage in enumerate(begun)]
        return tuple(changed)

    def extend(self, clock: StageClock, more: Limit) -> StageClock:
        """延期: the clock with so much more time."""
        if clock.budget is None:
            return clock
        budget = clock.budget + more.budget(self.calendar)
        return self._timed(clock, budget=budget, extensions=clock.extensions + 1)

    def with_limit(self, clock: StageClock, limit: Limit | None) -> StageClock:
        """The clock by another limit, as if it had had that from its start: the case turned out to
        be another matter. What was granted on top stays granted."""
        if limit == clock.limit or not clock.state.is_live:
            return clock
        if limit is None or clock.limit is None or clock.budget is None:
            budget = None if limit is None else limit.budget(self.calendar)
            return self._timed(clock, limit=limit, since=clock.started_at, budget=budget)
        if limit.unit.is_worked is clock.limit.unit.is_worked:
            more = limit.budget(self.calendar) - clock.limit.budget(self.calendar)
            return self._timed(clock, limit=limit, budget=clock.budget + more)
        return self._timed(
            clock, limit=limit, since=clock.started_at, budget=limit.budget(self.calendar)
        )

    def by_calendar(self, clock: StageClock) -> StageClock:
        """The clock with the deadline that this calendar tells."""
        return self._timed(clock) if clock.state is ClockState.RUNNING else clock

    def tell(
        self, clock: StageClock, at: datetime
    ) -> tuple[StageClock, tuple[tuple[Step, datetime], ...]]:
        """The clock after all have heard who should know before `at` that it is late; and who,
        since when."""
        found = []
        while clock.state is ClockState.RUNNING and clock.escalate_at and clock.escalate_at < at:
            found.append((self.standard.steps(clock.stage)[clock.told], clock.escalate_at))
            clock = self._to_escalate(clock.model_copy(update={"told": clock.told + 1}))
        return clock, tuple(found)

    def _begun(self, seq: int, stage: Stage, number: int, at: datetime) -> StageClock:
        limit = self.limit(stage)
        clock = StageClock(
            seq=seq,
            stage=stage,
            round=number,
            state=ClockState.RUNNING,
            started_at=at,
            since=at,
            budget=None if limit is None else limit.budget(self.calendar),
            limit=limit,
            standard=self.standard.id,
            due_at=None,
        )
        return self._timed(clock)

    def _pauses(self, clock: StageClock, at: datetime) -> bool:
        return clock.state is ClockState.RUNNING and not clock.is_late(at)

    def _paused(self, clock: StageClock, at: datetime) -> StageClock:
        left = clock.left(at, self.calendar)
        gone = {"due_at": None, "escalate_at": None, "tentative": False}
        return clock.model_copy(update={"state": ClockState.PAUSED, "budget": left, **gone})

    def _resumed(self, clock: StageClock, at: datetime) -> StageClock:
        return self._timed(clock, state=ClockState.RUNNING, since=at)

    def _timed(self, clock: StageClock, **changes: Any) -> StageClock:
        """The clock with its deadline worked out anew."""
        clock = clock.model_copy(update=changes)
        if clock.budget is None or clock.limit is None or clock.state is ClockState.PAUSED:
            gone = {"due_at": None, "escalate_at": None, "tentative": False}
            return clock.model_copy(update=gone)
        due_at = self._after(clock.since, max(clock.budget, _NONE), clock.limit)
        tentative = clock.limit.unit.is_worked and self.calendar.is_tentative(clock.since, due_at)
        return self._to_escalate(
            clock.model_copy(update={"due_at": due_at, "tentative": tentative})
        )

    def _to_escalate(self, clock: StageClock) -> StageClock:
        steps, at = self.standard.steps(clock.stage), None
        if clock.told < len(steps) and clock.due_at is not None and clock.limit is not None:
            later = steps[clock.told].after * clock.limit.budget(self.calendar)
            at = self._after(clock.due_at, later, clock.limit)
        return clock.model_copy(update={"escalate_at": at})

    def _after(self, start: datetime, budget: timedelta, limit: Limit) -> datetime:
        worked = limit.unit.is_worked
        return self.calendar.add(start, budget) if worked else start + budget


def taken_back(
    before: Mapping[int, StageClock], changed: Iterable[StageClock], at: datetime
) -> tuple[StageClock, ...]:
    """What undo makes of the clocks that a move changed: as they were `before`, by number; what the
    move started is void. Who has heard meanwhile has heard."""
    return tuple(
        clock.model_copy(update={"state": ClockState.VOID, "ended_at": at, "escalate_at": None})
        if (was := before.get(clock.seq)) is None
        else was.model_copy(update={"told": max(was.told, clock.told)})
        for clock in changed
    )


def stages_of(state: S, *, reviewed: bool) -> frozenset[Stage]:
    """What runs while a case is in a state; the review goes on beside, wherever the case was sent
    ahead of it."""
    stages = _RUNS.get(state, frozenset())
    return stages if reviewed or not stages else stages | {Stage.REVIEW}


def due_at(clocks: Iterable[StageClock]) -> datetime | None:
    """By when somebody should have acted: a review is due when it is, wherever the case has gone
    ahead of it; else the first clock that runs out. None: it waits for nobody."""
    running = [c for c in clocks if c.state is ClockState.RUNNING and c.due_at is not None]
    reviews = [clock for clock in running if clock.stage is Stage.REVIEW]
    return min((clock.due_at for clock in reviews or running if clock.due_at), default=None)


def _ended(clock: StageClock, turn: Turn, at: datetime) -> StageClock:
    """Met or missed by an answer. What nothing answered is void, unless it was late already and
    the case is not void: giving work back makes nobody punctual."""
    late = clock.is_late(at)
    answered = clock.stage in _ANSWERS.get(turn.move, frozenset())
    if answered or (late and turn.to_state is not S.VOIDED):
        state = ClockState.MISSED if late else ClockState.MET
    else:
        state = ClockState.VOID
    gone = {"ended_at": at, "escalate_at": None}
    return clock.model_copy(update={"state": state, **gone})
