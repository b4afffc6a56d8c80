"""A case's clocks as a page shows them: the present round's, each with how it stands."""

from dataclasses import dataclass

from console.services import Services
from console.signs import Tone
from console.times import Times
from console.words import say
from domain.limits import Unit
from domain.stage_clock import ClockState, Escalation, StageClock

_TONES: dict[ClockState, Tone] = {
    ClockState.RUNNING: "blue",
    ClockState.PAUSED: "grey",
    ClockState.MET: "green",
    ClockState.MISSED: "red",
    ClockState.VOID: "grey",
}


@dataclass(frozen=True)
class ClockLine:
    """One clock: its stage, how it stands, by when, and by which limit."""

    clock: StageClock
    stage: str
    state: str
    tone: Tone
    late: str
    """By how much it is overdue; empty while it is not."""
    left: str
    """Of one that is paused: how much of its time it has left."""
    limit: str
    who: tuple[str, ...]
    """Who should know that it is late, the first first."""


def clock_lines(services: Services, times: Times, no: str) -> tuple[ClockLine, ...]:
    """The clocks of the case's present round, in the order in which they started."""
    clocks = services.book.clocks(no)
    told = services.book.escalations(no)
    present = max((clock.round for clock in clocks), default=1)
    return tuple(_line(clock, told, times) for clock in clocks if clock.round == present)


def _line(clock: StageClock, told: tuple[Escalation, ...], times: Times) -> ClockLine:
    late = clock.is_late(times.now)
    late_s = (times.now - clock.due_at).total_seconds() if clock.due_at else 0.0
    left = clock.budget if clock.state is ClockState.PAUSED else None
    return ClockLine(
        clock=clock,
        stage=clock.stage.words.to(times.language),
        state=clock.state.words.to(times.language),
        tone="red" if late else _TONES[clock.state],
        late=say("overdue_by", times.language, span=times.age(late_s)) if late else "",
        left="" if left is None else times.span(left.total_seconds()),
        limit=_limit(clock, times),
        who=tuple(each.who.to(times.language) for each in told if each.clock == clock.seq),
    )


def _limit(clock: StageClock, times: Times) -> str:
    if clock.limit is None:
        return say("clock.no_limit", times.language)
    words = clock.limit.words.to(times.language)
    if clock.limit.unit is Unit.SECOND:
        words = times.span(clock.limit.amount)
    if clock.limit.provisional:
        words = say("clock.provisional", times.language, limit=words)
    # Seconds are the town's own setting: what names it there is a key, and no clause for people.
    has_clause = clock.limit.clause and clock.limit.unit is not Unit.SECOND
    return f"{words} · {clock.limit.clause}" if has_clause else words
