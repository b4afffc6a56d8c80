"""The queue of the desk: which cases are asked for, and how a row reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, field_validator

from cases.queries import PAGE_MAX, CaseCounts, CaseFilter, CaseOrder, StateGroup
from console.case_view import grid_names, is_urgent, overdue_words, place_of
from console.services import Services
from console.signs import Sign, case_symbol, state_sign
from console.times import Times
from console.words import say
from domain.case import Case, CaseState, Priority
from domain.incident import IncidentKind
from domain.place import Grid, GridLevel

NEEDS = "needs"
ALL = "all"
DEFAULT_LIMIT = 50
LIMIT_DIGITS = 6
TEXT_MAX = 100
"""Characters of a filter that count."""
_FRESH = timedelta(seconds=4)
"""A case that came so recently is marked softly when it appears in the queue."""


class Choice(BaseModel):
    """What the filters say; it is the address of the page. An old or mistyped one must still show
    the desk: what means nothing counts as not said, and what is too long is cut."""

    group: str = ""
    overdue: bool = False
    kind: IncidentKind | None = None
    priority: Priority | None = None
    grid: str = ""
    camera: str = ""
    q: str = ""
    case: str = ""
    limit: int = DEFAULT_LIMIT

    @field_validator("kind", mode="before")
    @classmethod
    def _unknown_is_any(cls, value: object) -> object:
        return value if value in set(IncidentKind) else None

    @field_validator("priority", mode="before")
    @classmethod
    def _unknown_is_every_one(cls, value: object) -> object:
        return next((one for one in Priority if str(int(one)) == str(value)), None)

    @field_validator("overdue", mode="before")
    @classmethod
    def _only_one_is_yes(cls, value: object) -> object:
        return str(value) in ("1", "true", "True")

    @field_validator("limit", mode="before")
    @classmethod
    def _no_number_is_the_usual_one(cls, value: object) -> object:
        said = str(value)
        plain = said.isascii() and said.isdigit() and 0 < len(said) <= LIMIT_DIGITS
        return max(int(said), 1) if plain else DEFAULT_LIMIT

    @field_validator("group", "grid", "camera", "q", "case")
    @classmethod
    def _cut(cls, value: str) -> str:
        return value[:TEXT_MAX]

    @property
    def group_value(self) -> str:
        """The chosen tab; anything unknown is the first, what needs a dispatcher. Who asks for all
        that is overdue means every tab."""
        known = (NEEDS, *StateGroup, ALL)
        first = ALL if self.overdue and not self.group else NEEDS
        return self.group if self.group in known else first

    @property
    def narrowed(self) -> bool:
        """Whether anything but the tab leaves cases out."""
        return bool(
            self.kind or self.priority or self.grid or self.camera or self.q or self.overdue
        )

    def to_filter(self) -> CaseFilter:
        """Where cases wait for somebody, the most overdue comes first within a priority."""
        group = None if self.group_value in (NEEDS, ALL) else StateGroup(self.group_value)
        waiting = self.overdue or self.group_value in _WAITING
        return CaseFilter(
            group=group,
            needs=self.group_value == NEEDS,
            overdue=self.overdue,
            order=CaseOrder.DUE if waiting else CaseOrder.QUEUE,
            kinds=(self.kind,) if self.kind else (),
            priorities=(self.priority,) if self.priority else (),
            grid=self.grid or None,
            camera_id=self.camera or None,
            search=self.q,
            limit=min(self.limit, PAGE_MAX),
        )


_WAITING = (NEEDS, StateGroup.REVIEW, StateGroup.WORK)
Chosen = Annotated[Choice, Query()]
"""The filters, as a parameter of a route."""


@dataclass(frozen=True)
class Tab:
    value: str
    words: str
    count: int


@dataclass(frozen=True)
class Row:
    """One case in the queue."""

    case: Case
    state: Sign
    symbol: str
    urgent: bool
    overdue: str
    """By how much it is overdue, in words; empty while it is not."""
    fresh: bool
    waiting: bool
    """For its review, as most of the first tab does."""
    back: bool
    """It was closed, and is back."""
    place: str


@dataclass(frozen=True)
class Queue:
    """One page of the queue with the figures above it."""

    rows: tuple[Row, ...]
    total: int
    tabs: tuple[Tab, ...]
    counts: CaseCounts
    next_limit: int | None
    """How many cases "show more" asks for; None: no more can be shown."""


def queue_of(services: Services, times: Times, choice: Choice) -> Queue:
    page = services.book.cases(choice.to_filter())
    counts = services.book.counts()
    more = page.total > len(page.cases) and len(page.cases) < PAGE_MAX
    return Queue(
        rows=tuple(_row(services, times, case) for case in page.cases),
        total=page.total,
        tabs=tabs_of(counts, times),
        counts=counts,
        next_limit=len(page.cases) + services.settings.queue_page if more else None,
    )


def _row(services: Services, times: Times, case: Case) -> Row:
    plan = services.registry.plan(case.grids.plan_version)
    grids = grid_names(plan, case, times)
    return Row(
        case=case,
        state=state_sign(case.state),
        symbol=case_symbol(case),
        urgent=is_urgent(case),
        overdue=overdue_words(case, times),
        fresh=times.now - case.updated_at < _FRESH and case.version <= 2,
        waiting=case.state in (CaseState.ALERT, CaseState.PENDING_REVIEW),
        back=case.state is CaseState.REOPENED,
        place=" · ".join((place_of(case, times), *grids[:1])),
    )


def tabs_of(counts: CaseCounts, times: Times) -> tuple[Tab, ...]:
    first = Tab(NEEDS, say("filter.needs", times.language), counts.needs)
    tabs = [
        Tab(group.value, group.words.to(times.language), counts.by_group[group])
        for group in StateGroup
    ]
    everything = sum(counts.by_group.values())
    return (first, *tabs, Tab(ALL, say("filter.all", times.language), everything))


def grids_by_level(services: Services) -> Mapping[GridLevel, tuple[Grid, ...]]:
    """The grids for the filter, the widest level first; only levels that have any."""
    plan = services.book.current_plan()
    grids = [grid for grid in plan.grids if grid.level is not GridLevel.TOWN] if plan else []
    levels = sorted({grid.level for grid in grids})
    return {level: tuple(grid for grid in grids if grid.level is level) for level in levels}
