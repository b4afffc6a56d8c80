"""Limits 时限: how long each stage of a case may last, who hears when it lasts longer, and who may
allow more. All of it is versioned data after the annexes of the city-management standards."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from domain.base import Settings, Text
from domain.duty import DutyClass
from domain.worktime import WorkCalendar

VERSION_MAX = 40
"""Characters of a standard's version."""


class Stage(StrEnum):
    """What of a case has a clock of its own."""

    REVIEW = "review"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    ARRIVE = "arrive"
    HANDLE = "handle"
    VERIFY = "verify"

    @property
    def words(self) -> Text:
        return _STAGES[self]


class Unit(StrEnum):
    """By which calendar a limit is counted: 日历时 or 工作时."""

    SECOND = "second"
    HOUR = "hour"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"

    @property
    def words(self) -> Text:
        return _UNITS[self]

    @property
    def is_worked(self) -> bool:
        return self in (Unit.WORK_HOUR, Unit.WORK_DAY)


class Level(StrEnum):
    """Who hears of what is late, from the ground up."""

    TEAM = "team"
    SECOND_HEAD = "second_head"
    FIRST_HEAD = "first_head"
    CENTER = "center"

    @property
    def words(self) -> Text:
        return _LEVELS[self]


class Approver(StrEnum):
    """Who may allow more time; each may also what those before it may."""

    OPERATOR = "operator"
    DUTY_CHIEF = "duty_chief"
    LEADER = "leader"

    @property
    def words(self) -> Text:
        return _APPROVERS[self]

    def covers(self, needed: "Approver") -> bool:
        order = list(Approver)
        return order.index(self) >= order.index(needed)


class Limit(Settings):
    """How long a stage may last, and where that is written."""

    amount: float = Field(gt=0, le=100_000_000)
    unit: Unit
    clause: str = Field(default="", max_length=200)
    """The standard's number and clause."""
    provisional: bool = False
    """暂定: no binding text says it; a start value."""

    def budget(self, calendar: WorkCalendar) -> timedelta:
        """Its length in the time of its unit."""
        match self.unit:
            case Unit.SECOND:
                return timedelta(seconds=self.amount)
            case Unit.HOUR | Unit.WORK_HOUR:
                return timedelta(hours=self.amount)
            case Unit.WORK_DAY:
                return self.amount * calendar.day_length

    @property
    def words(self) -> Text:
        amount = f"{self.amount:g}"
        return Text.of(f"{amount} {self.unit.words.zh}", f"{amount} {self.unit.words.en}")


class LimitRow(Limit):
    """A limit, and for which cases. What is left open fits all; of several rows that fit the one
    that names the event code wins, then the duty class, then the urgency, then the later one."""

    stage: Stage
    duty_class: DutyClass | None = None
    event_code: str | None = Field(default=None, pattern=r"^\d{4}$")
    urgent: bool | None = None
    """Only 急事, or only others."""

    def fits(self, matter: "Matter", stage: Stage) -> bool:
        return (
            self.stage is stage
            and self.duty_class in (None, matter.duty_class)
            and self.event_code in (None, matter.event_code)
            and self.urgent in (None, matter.urgent)
        )

    @property
    def precision(self) -> tuple[bool, bool, bool]:
        named = self.event_code, self.duty_class, self.urgent
        return named[0] is not None, named[1] is not None, named[2] is not None


class Matter(Settings):
    """What limits ask of a case."""

    duty_class: DutyClass
    event_code: str
    urgent: bool


class Step(Settings):
    """When a level hears that a stage is late."""

    level: Level
    stages: tuple[Stage, ...] = tuple(Stage)
    after: float = Field(default=0, ge=0, le=100)
    """So many times the limit after the deadline; 0: at the deadline."""


class Approval(Settings):
    """Who may allow the n-th extension, or a suspension."""

    up_to: int | None = Field(default=None, ge=1)
    """Up to which one, counted by case; None: any."""
    by: Approver
    engineering: bool = False
    """For engineering work alone."""


class Standard(Settings):
    """One version of all limits. Cases keep the version that they were opened with."""

    version: str = Field(min_length=1, max_length=VERSION_MAX, pattern=r"^[\w.+-]+$")
    limits: tuple[LimitRow, ...] = ()
    base: tuple[LimitRow, ...] = ()
    """What holds where `limits` say nothing: the town's settings of stages."""
    escalation: tuple[Step, ...] = ()
    extensions: tuple[Approval, ...] = ()
    """延期: who approves; in order, the first that fits."""
    suspension: Approver = Approver.DUTY_CHIEF
    """挂账: who approves."""
    suspend_days: int = Field(default=30, ge=1, le=30)
    """A suspended case comes back after so many days at the latest."""
    returns: int = Field(default=2, ge=0, le=2)
    """退单: so often a case may be given back; then the coordination office decides."""

    @model_validator(mode="after")
    def _one_row_one_meaning(self) -> Self:
        seen = set()
        for row in self.limits:
            key = (row.stage, row.duty_class, row.event_code, row.urgent)
            if key in seen:
                named = ", ".join(str(part) for part in key if part is not None)
                raise ValueError(
                    f"version {self.version}: expected one limit each, got two: {named}"
                )
            seen.add(key)
        return self

    @model_validator(mode="after")
    def _each_level_hears_once(self) -> Self:
        for stage in Stage:
            levels = [step.level for step in self.escalation if stage in step.stages]
            if twice := sorted({level for level in levels if levels.count(level) > 1}):
                raise ValueError(
                    f"version {self.version}: expected each level once, "
                    f"got {twice[0]} twice for {stage}"
                )
        return self

    @cached_property
    def id(self) -> str:
        """The version, and a digest: what differs has another id, so none is ever rewritten."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:10]
        return f"{self.version}-{digest}"

    def over(self, base: Sequence[LimitRow]) -> "Standard":
        """This one, with rows that hold where it says nothing."""
        said = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**(said | {"base": tuple(base)}))

    def limit(self, matter: Matter, stage: Stage) -> Limit | None:
        """The limit of a stage of such a case; None: it has none."""
        fitting = [row for row in self.limits if row.fits(matter, stage)]
        fitting = fitting or [row for row in self.base if row.fits(matter, stage)]
        if not fitting:
            return None
        best = max(enumerate(fitting), key=lambda each: (each[1].precision, each[0]))[1]
        return Limit.model_validate({name: getattr(best, name) for name in Limit.model_fields})

    def steps(self, stage: Stage) -> tuple[Step, ...]:
        """Who hears of a late stage, the first first."""
        found = [step for step in self.escalation if stage in step.stages]
        return tuple(sorted(found, key=lambda step: step.after))

    def extension_by(self, number: int, *, engineering: bool) -> Approver:
        """Who may approve the `number`-th extension of a case; a leader where nothing fits."""
        for each in self.extensions:
            fits = each.up_to is None or number <= each.up_to
            if fits and each.engineering is engineering:
                return each.by
        return Approver.LEADER


_STAGES = {
    Stage.REVIEW: Text.of("受理", "Review"),
    Stage.DISPATCH: Text.of("派遣", "Dispatch"),
    Stage.ACCEPT: Text.of("签收", "Accept"),
    Stage.ARRIVE: Text.of("到场", "Arrive"),
    Stage.HANDLE: Text.of("处置", "Handle"),
    Stage.VERIFY: Text.of("核查", "Verify"),
}
_UNITS = {
    Unit.SECOND: Text.of("秒", "s"),
    Unit.HOUR: Text.of("小时", "h"),
    Unit.WORK_HOUR: Text.of("工作时", "working hours"),
    Unit.WORK_DAY: Text.of("工作日", "working days"),
}
_LEVELS = {
    Level.TEAM: Text.of("网格员队伍", "Grid team"),
    Level.SECOND_HEAD: Text.of("二级网格长", "Head of the level-2 grid"),
    Level.FIRST_HEAD: Text.of("一级网格长", "Head of the level-1 grid"),
    Level.CENTER: Text.of("协同指挥中心", "Coordination center"),
}
_APPROVERS = {
    Approver.OPERATOR: Text.of("值班员", "Operator"),
    Approver.DUTY_CHIEF: Text.of("值班长", "Duty chief"),
    Approver.LEADER: Text.of("领导", "Leader"),
}
