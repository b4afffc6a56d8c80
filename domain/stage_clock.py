"""A clock of a case: by when one stage should be over, and how it ended. Clocks are records: a
deadline that was told stays told."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.base import Text, Utc, Value
from domain.limits import Level, Limit, Stage
from domain.worktime import WorkCalendar


class ClockState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    VOID = "void"

    @property
    def words(self) -> Text:
        return _STATES[self]

    @property
    def is_live(self) -> bool:
        return self in (ClockState.RUNNING, ClockState.PAUSED)


_STATES = {
    ClockState.RUNNING: Text.of("计时中", "Running"),
    ClockState.PAUSED: Text.of("暂停", "Paused"),
    ClockState.MET: Text.of("按时", "Met"),
    ClockState.MISSED: Text.of("超时", "Missed"),
    ClockState.VOID: Text.of("不计", "Void"),
}


class StageClock(Value):
    """One stage's clock, as it stands."""

    seq: int
    """Counts a case's clocks from 1."""
    stage: Stage
    round: int
    """1, and one more each time that the case was opened again."""
    state: ClockState
    started_at: Utc
    since: Utc
    """When it last began to run."""
    budget: timedelta | None
    """How much of its unit's time it had left then; None: it has no limit, and is only measured."""
    limit: Limit | None
    standard: str
    """The version of the limits that it was started by."""
    due_at: Utc | None
    """None while it is paused, and without a limit."""
    tentative: bool = False
    """暂定: its deadline reaches into a year whose working days are not announced."""
    ended_at: Utc | None = None
    extensions: int = 0
    told: int = 0
    """So many levels have heard that it is late."""
    escalate_at: Utc | None = None
    """When the next one hears."""

    def is_late(self, at: datetime) -> bool:
        """It runs, and its time is over."""
        return self.state is ClockState.RUNNING and self.due_at is not None and self.due_at < at

    def left(self, at: datetime, calendar: WorkCalendar) -> timedelta | None:
        """How much of its unit's time is left; None without a limit."""
        if self.budget is None or self.limit is None or self.state is ClockState.PAUSED:
            return self.budget
        worked = self.limit.unit.is_worked
        used = calendar.between(self.since, at) if worked else at - self.since
        return max(self.budget - max(used, timedelta(0)), timedelta(0))


class Escalation(Value):
    """Who should know since when that a stage is late."""

    clock: int
    stage: Stage
    level: Level
    at: Utc
    """Since when."""
    recorded_at: Utc
    who: Text
