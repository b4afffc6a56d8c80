"""How incidents become cases: duty class, event code, priority and review time, all as data.

Codes differ between cities (domain of GB/T 30428 and its local tables), so every value here is a
default that a town's configuration overrides.
"""

from collections.abc import Mapping
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from cases.limits import base_row, read_limits_file, shipped
from cases.workdays import calendar_of, read_calendar_file
from domain.base import Settings, Text
from domain.case import CaseSource, Priority, Triage
from domain.duty import DutyClass
from domain.incident import Incident, IncidentKind
from domain.labels import CYCLES, MOTOR_VEHICLES
from domain.limits import Approver, LimitRow, Stage, Standard
from domain.place import Id
from domain.report import Report
from domain.worktime import WorkCalendar


class PreDispatch(StrEnum):
    """Whether a case may go to its grid while nobody has reviewed it yet (预派遣)."""

    NEVER = "never"
    BY_PERSON = "by_person"
    AUTOMATIC = "automatic"


class CaseRules(Settings):
    """What a case of one kind gets."""

    duty_class: DutyClass
    """Which of the town's 15 duty classes answers for it."""
    event_code: str = Field(pattern=r"^\d{4}$")
    """问题大类/小类, four digits after the local table of the GB/T 30428 line."""
    event_name: Text
    """The local table's words for `event_code`."""
    priority: Priority
    """紧急程度, 1 the most urgent."""
    triage: Triage
    """急事 urgent, 小事 local, 大事 joint."""
    review_alarm_s: float = Field(gt=0)
    """A case nobody has reviewed for so long is overdue."""


class KindVariant(Settings):
    """What differs for some incidents of a kind. It holds when all conditions named hold."""

    when_kinds: tuple[Id, ...] = ()
    """Kinds of rule, e.g. fire_lane, whatever their names; empty: any kind."""
    when_rules: tuple[Id, ...] = ()
    """Rules by their own names, e.g. lane_east; empty: any rule."""
    when_labels: tuple[str, ...] = ()
    """At least one box carries one of these labels; empty: any."""
    when_count: int | None = Field(default=None, ge=1)
    """The incident counts at least so many."""
    duty_class: DutyClass | None = None
    event_code: str | None = Field(default=None, pattern=r"^\d{4}$")
    event_name: Text | None = None
    priority: Priority | None = None
    triage: Triage | None = None
    review_alarm_s: float | None = Field(default=None, gt=0)

    def holds_for(self, incident: Incident) -> bool:
        labels = {box.label for box in incident.boxes}
        # Where nobody says the kind, a rule is named like its kind, as in the configuration.
        rule_kind = incident.rule_kind or incident.rule_id
        return (
            (not self.when_kinds or rule_kind in self.when_kinds)
            and (not self.when_rules or incident.rule_id in self.when_rules)
            and (not self.when_labels or not labels.isdisjoint(self.when_labels))
            and (self.when_count is None or (incident.count or 0) >= self.when_count)
        )

    @property
    def changes(self) -> dict[str, Any]:
        return {
            name: value
            for name in CaseRules.model_fields
            if (value := getattr(self, name)) is not None
        }


class KindSettings(CaseRules):
    """What a case of one kind gets, and what differs for some of them."""

    pre_dispatch: PreDispatch = PreDispatch.NEVER
    """Whether it may be dispatched while the review runs beside it: never, by_person (default of
    fire), or automatic, before anybody has looked."""
    variants: tuple[KindVariant, ...] = ()
    """Applied in order, later ones over earlier ones."""

    def rules_for(self, incident: Incident) -> CaseRules:
        fields: dict[str, Any] = {name: getattr(self, name) for name in CaseRules.model_fields}
        for variant in self.variants:
            if variant.holds_for(incident):
                fields.update(variant.changes)
        return CaseRules.model_validate(fields)


_PARKING = {
    "duty_class": DutyClass.TRAFFIC,
    "event_code": "0505",
    "event_name": Text.of("机动车乱停放", "Illegally parked motor vehicle"),
}
_VENDOR = {
    "duty_class": DutyClass.CITY_MANAGEMENT,
    "event_code": "0501",
    "event_name": Text.of("无照经营游商", "Unlicensed street vendor"),
}

DEFAULT_KINDS: dict[IncidentKind, KindSettings] = {
    IncidentKind.FIRE: KindSettings(
        duty_class=DutyClass.FIRE_SAFETY,
        event_code="0411",
        event_name=Text.of("火灾", "Fire"),
        priority=Priority.URGENT,
        triage=Triage.URGENT,
        review_alarm_s=120,
        pre_dispatch=PreDispatch.BY_PERSON,
    ),
    IncidentKind.ROAD_OCCUPATION: KindSettings(
        **_VENDOR,
        priority=Priority.NORMAL,
        triage=Triage.LOCAL,
        review_alarm_s=900,
        variants=(
            KindVariant(
                when_kinds=("goods",),
                event_code="0507",
                event_name=Text.of("乱堆物堆料", "Goods and materials left about"),
            ),
            KindVariant(
                when_labels=CYCLES,
                event_code="0506",
                event_name=Text.of("非机动车乱停放", "Cycles left about"),
            ),
            KindVariant(when_labels=MOTOR_VEHICLES, **_PARKING),
            KindVariant(when_kinds=("stalls",), **_VENDOR),
            KindVariant(
                when_kinds=("fire_lane",),
                duty_class=DutyClass.FIRE_SAFETY,
                event_code="0505",
                event_name=Text.of("占用消防通道", "Blocked fire lane"),
                priority=Priority.HIGH,
            ),
        ),
    ),
    IncidentKind.CROWDING: KindSettings(
        duty_class=DutyClass.PUBLIC_ORDER,
        event_code="0409",
        event_name=Text.of("群发性事件", "Gathering"),
        priority=Priority.HIGH,
        triage=Triage.JOINT,
        review_alarm_s=300,
        variants=(KindVariant(when_count=30, priority=Priority.URGENT, triage=Triage.URGENT),),
    ),
    IncidentKind.WATCH: KindSettings(
        duty_class=DutyClass.PUBLIC_ORDER,
        event_code="0599",
        event_name=Text.of("其他", "Other"),
        priority=Priority.NORMAL,
        triage=Triage.LOCAL,
        review_alarm_s=900,
    ),
}
"""Start values after the town's duty classes. The codes 0501, 0505 and 0409 are common to two
independent local tables; fire has no code in the national line, 0411 is one city's (Beijing
Chaoyang) and to be replaced by the local one. A blocked fire lane has no code of its own either
and goes under 0505, whatever stands in it. A tricycle is a motor vehicle, unless a stalls rule
found it; what the detector calls a motorcycle is mostly an electric bicycle."""


class MaintenanceSettings(Settings):
    """When a camera's fault becomes work for somebody."""

    stream_after_s: float = Field(default=60, ge=0)
    """A stream must have been away for so long (default 60 s); a reconnect is nobody's work."""
    reopen_s: float = Field(default=1800, ge=0)
    """A fault that comes back within so long after its case was closed re-opens it (default
    1800 s)."""
    listed_days: float = Field(default=7, ge=0)
    """Closed cases are listed for so long (default 7 days)."""


class ReportedSettings(Settings):
    """What a reported case gets where nobody said it."""

    event_code: str = Field(default="0599", pattern=r"^\d{4}$")
    """问题大类/小类 (default 0599 其他)."""
    event_name: Text = Text.of("其他", "Other")
    """The local table's words for `event_code`."""
    priority: Priority = Priority.NORMAL
    """紧急程度, 1 the most urgent (default 3)."""
    triage: Triage = Triage.LOCAL
    """急事 urgent, 小事 local, 大事 joint (default local)."""
    review_alarm_s: float = Field(default=900, gt=0)
    """A case nobody has reviewed for so long is overdue (default 15 minutes)."""


class EmergencySettings(ReportedSettings):
    """The same for 应急上报."""

    priority: Priority = Priority.URGENT
    """紧急程度, 1 the most urgent (default 1)."""
    triage: Triage = Triage.URGENT
    """急事 urgent, 小事 local, 大事 joint (default urgent)."""
    review_alarm_s: float = Field(default=120, gt=0)
    """A case nobody has reviewed for so long is overdue (default 2 minutes)."""


WorkHours = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
"""From-to in the town's time, as 09:00-12:00."""


class StageLimits(Settings):
    """How long each stage after the review may last before a case is overdue 超期, by the clock on
    the wall, where the file of limits says nothing."""

    dispatch_s: float = Field(default=900, gt=0)
    """Filed, given back, or back again: until somebody is sent (default 15 minutes)."""
    accept_s: float = Field(default=1800, gt=0)
    """Until whoever was sent has taken it on (default 30 minutes)."""
    arrive_s: float | None = Field(default=None, gt=0)
    """Until they are on the spot, counted since it was taken on (default: no limit of its own)."""
    handle_s: float = Field(default=14400, gt=0)
    """Until it is handled and reported, counted since it was taken on (default 4 hours)."""
    verify_s: float = Field(default=7200, gt=0)
    """Until the report is verified and the case closed (default 2 hours)."""


class UrgentStageLimits(StageLimits):
    """The same for 急事."""

    dispatch_s: float = Field(default=120, gt=0)
    """Until somebody is sent (default 2 minutes)."""
    accept_s: float = Field(default=300, gt=0)
    """Until whoever was sent has taken it on (default 5 minutes)."""
    handle_s: float = Field(default=3600, gt=0)
    """Until it is handled and reported (default 1 hour)."""
    verify_s: float = Field(default=1800, gt=0)
    """Until the report is verified and the case closed (default 30 minutes)."""


class CaseSettings(Settings):
    """The grid loop's configuration."""

    number_prefix: str = Field(default="HS", pattern=r"^[A-Z]{1,8}$")
    """What every case number of this town begins with: HS-20261123-0001."""
    timezone: str = "Asia/Shanghai"
    """The town's time zone: case numbers and daily figures follow its days."""
    undo_s: float = Field(default=10, ge=0)
    """A person's last move can be undone by the same person for so long."""
    coordination_office: Text = Text.of("协同指挥办公室", "Coordination office")
    """Whose queue takes what no grid can be found for."""
    maintenance: MaintenanceSettings = MaintenanceSettings()
    join_s: float = Field(default=600, ge=0)
    """An incident on a camera that sees the same place joins an open case of its kind while that
    one's incidents last, and for so long after (default 600 s)."""
    stages: StageLimits = StageLimits()
    """How long each stage may last; the review's time goes with the kind (`review_alarm_s`)."""
    urgent_stages: UrgentStageLimits = UrgentStageLimits()
    """The same for cases that are 急事."""
    limits_file: Path | None = None
    """The town's own table of limits, in place of the one that comes with the program."""
    calendar_file: Path | None = None
    """The town's own days off and days worked, over those that are announced for the country."""
    work_hours: tuple[WorkHours, ...] = ("09:00-12:00", "13:00-17:00")
    """When a working day is worked: what 工作时 and 工作日 are counted in."""
    desk_approves: Approver = Approver.DUTY_CHIEF
    """Whose approval 批准 the desk itself stands for while nobody logs in there."""
    near_m: float = Field(default=200, ge=0)
    """A case may be called a duplicate of one within so many metres (default 200 m), or of one on
    the same camera or on one that sees the same place."""
    near_s: float = Field(default=7200, ge=0)
    """… that opened within so long before or after it (default 2 hours)."""
    reported: ReportedSettings = ReportedSettings()
    """What a case gets that was reported, where neither the report nor its kind says it."""
    emergency: EmergencySettings = EmergencySettings()
    """The same for 应急上报."""
    kinds: dict[IncidentKind, KindSettings] = Field(default_factory=lambda: dict(DEFAULT_KINDS))
    """What a case of each kind gets; fields left out keep their default."""

    @field_validator("kinds", mode="before")
    @classmethod
    def _over_defaults(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        unknown = [str(name) for name in data if name not in set(IncidentKind)]
        if unknown:
            known = ", ".join(IncidentKind)
            raise ValueError(f"expected kinds among {known}, got {', '.join(unknown)}")
        return {kind: _merged(kind, data.get(kind, {})) for kind in IncidentKind}

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"expected a time zone like Asia/Shanghai, got {name!r}") from error
        return name

    @model_validator(mode="after")
    def _files_say_something(self) -> Self:
        _ = self.working_calendar, self.standard
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def working_calendar(self) -> WorkCalendar:
        """The town's working time. Raises ValueError if its file says none."""
        hours = [map(time.fromisoformat, each.split("-")) for each in self.work_hours]
        own = read_calendar_file(self.calendar_file) if self.calendar_file else None
        return calendar_of(self.zone, [(begin, end) for begin, end in hours], own)

    @property
    def standard(self) -> Standard:
        """All limits: the file's, and where it says nothing those of the stages."""
        file = read_limits_file(self.limits_file) if self.limits_file else shipped()
        return file.over(
            (*_rows("stages", self.stages), *_rows("urgent_stages", self.urgent_stages))
        )

    def rules_for(self, incident: Incident) -> CaseRules:
        return self.kinds[incident.kind].rules_for(incident)

    def rules_for_report(self, report: Report) -> CaseRules:
        """What the report says itself, over its kind's settings, over those of reports."""
        urgent = report.source is CaseSource.EMERGENCY
        base: CaseRules | ReportedSettings = self.emergency if urgent else self.reported
        said = {name: getattr(report, name) for name in _SAID}
        fields = {name: getattr(base, name) for name in ReportedSettings.model_fields}
        if report.kind is not None:
            usual = self.kinds[report.kind]
            fields |= {name: getattr(usual, name) for name in CaseRules.model_fields}
        fields |= {name: value for name, value in said.items() if value is not None}
        return CaseRules.model_validate(fields)


_SAID = ("duty_class", "event_code", "event_name", "priority", "triage")
"""What a report may say of its case."""


def _rows(name: str, limits: StageLimits) -> list[LimitRow]:
    """What the settings say of stages, as rows of the table of limits."""
    urgent = isinstance(limits, UrgentStageLimits)
    seconds = {
        Stage.DISPATCH: limits.dispatch_s,
        Stage.ACCEPT: limits.accept_s,
        Stage.ARRIVE: limits.arrive_s,
        Stage.HANDLE: limits.handle_s,
        Stage.VERIFY: limits.verify_s,
    }
    return [
        base_row(stage, lasts_s, urgent=urgent, clause=f"cases.{name}.{stage.value}_s")
        for stage, lasts_s in seconds.items()
        if lasts_s is not None
    ]


def _merged(kind: IncidentKind, changes: Any) -> Any:
    if not isinstance(changes, Mapping):
        return changes
    defaults = DEFAULT_KINDS[kind]
    return {**{name: getattr(defaults, name) for name in KindSettings.model_fields}, **changes}
