"""Stories of clocks, read from `golden_clocks.yaml` and played: on the pure rules, or on a desk.

A line of `steps` is a moment of the town and what happens then: a move of the state table, or one
of `undo`, `look` (time passes), `extend 2 work_hour`, `matter NAME` (it turns out to be another
matter), `holiday 2026-11-25` (a day becomes one). A line of `clocks` is a clock as it then stands:
stage, state and, while it runs, its deadline, or what it has left. `told` is who should know since
when.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from cases.clockwork import Clockwork, Turn, due_at, taken_back
from cases.states import Standing, Who, find
from cases.workdays import calendar_of
from domain.case import CaseState, Move, Verdict
from domain.limits import Limit, Matter, Standard, Unit
from domain.stage_clock import ClockState, StageClock
from domain.worktime import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
FILE = yaml.safe_load(Path(__file__).with_name("golden_clocks.yaml").read_text("utf-8"))
STANDARD = Standard.model_validate(FILE["standard"])
MATTERS = {name: Matter.model_validate(value) for name, value in FILE["matters"].items()}
STORIES: list[dict[str, Any]] = FILE["stories"]
_VERDICTS = {"false", "duplicate", "permitted", "gone"}
_SYSTEM = {Move.RECEIVE}


@dataclass
class Play:
    """A case of nothing but its state and its clocks."""

    matter: Matter
    calendar: WorkCalendar = field(default_factory=lambda: calendar_of(ZONE))
    state: CaseState = CaseState.ALERT
    verdict: Verdict | None = None
    suspended_from: CaseState | None = None
    clocks: dict[int, StageClock] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    history: list[tuple[StageClock, ...]] = field(default_factory=list)
    """What each step changed, as the book's entries keep it."""
    _undo: tuple[Any, ...] = ()

    @property
    def work(self) -> Clockwork:
        return Clockwork(self.calendar, STANDARD, lambda stage: STANDARD.limit(self.matter, stage))

    def step(self, line: str) -> None:
        day, moment, what, *rest = line.split()
        at = datetime.fromisoformat(f"{day} {moment}").replace(tzinfo=ZONE)
        self._look(at)
        match what:
            case "look":
                return
            case "undo":
                self._take_back(at)
            case "matter":
                self.matter = MATTERS[rest[0]]
                self._each(lambda clock: self.work.with_limit(clock, self.work.limit(clock.stage)))
            case "holiday":
                days = self.calendar.off | {date.fromisoformat(rest[0])}
                self.calendar = replace(self.calendar, off=days)
                self._each(self.work.by_calendar)
            case "extend":
                more = Limit(amount=float(rest[0]), unit=Unit(rest[1]))
                late_first = min(
                    (c for c in self.clocks.values() if c.state is ClockState.RUNNING and c.due_at),
                    key=lambda clock: str(clock.due_at),
                )
                self._keep((self.work.extend(late_first, more),))
            case _:
                self._move(what, at)

    def _move(self, what: str, at: datetime) -> None:
        move = Move.REJECT if what in _VERDICTS else Move(what)
        who = Who.SYSTEM if move in _SYSTEM or what == "reopen" else Who.PERSON
        standing = Standing(self.state, self.verdict, may_pre_dispatch=True)
        transition = find("HS-1", standing, move, who)
        before = (self.state, self.verdict, self.suspended_from, dict(self.clocks))
        to_state = transition.target(self.state, self.suspended_from)
        if move is Move.CONFIRM:
            self.verdict = Verdict.REAL
        elif move is Move.REJECT:
            self.verdict = Verdict(what)
        elif move is Move.REOPEN and self.state is CaseState.VOIDED:
            self.verdict = None
        self.suspended_from = self.state if move is Move.SUSPEND else None
        turn = Turn(move, to_state, self.verdict is not None, reopens=move is Move.REOPEN)
        changed = self.work.turn(tuple(self.clocks.values()), turn, at)
        self.state = to_state
        self._undo = (*before, changed)
        self._keep(changed)

    def _take_back(self, at: datetime) -> None:
        self.state, self.verdict, self.suspended_from, before, changed = self._undo
        now = [self.clocks[clock.seq] for clock in changed]
        self._keep(taken_back(before, now, at))

    def _look(self, at: datetime) -> None:
        for clock in tuple(self.clocks.values()):
            clock, heard = self.work.tell(clock, at)
            self._keep((clock,))
            self.told += [f"{shown(since)} {clock.stage} {step.level}" for step, since in heard]

    def _each(self, change: Any) -> None:
        self._keep(tuple(change(clock) for clock in self.clocks.values()))

    def _keep(self, changed: tuple[StageClock, ...]) -> None:
        self.history.append(changed)
        self.clocks |= {clock.seq: clock for clock in changed}

    @property
    def shown(self) -> list[str]:
        return [told_of(clock) for clock in sorted(self.clocks.values(), key=lambda c: c.seq)]

    @property
    def due(self) -> str | None:
        at = due_at(self.clocks.values())
        return None if at is None else shown(at)


def shown(at: datetime) -> str:
    local = at.astimezone(ZONE)
    return f"{local:%Y-%m-%d %H:%M}" + (f":{local:%S}" if local.second else "")


def told_of(clock: StageClock) -> str:
    """A clock in a line."""
    words = [clock.stage.value, clock.state.value]
    if clock.round > 1:
        words.append(f"round {clock.round}")
    if clock.state is ClockState.RUNNING:
        words.append(shown(clock.due_at) if clock.due_at else "no limit")
    if clock.state is ClockState.PAUSED:
        words.append(f"left {clock.budget}")
    return " ".join([*words, *(["tentative"] if clock.tentative else [])])


def played(story: dict[str, Any]) -> Iterator[Play]:
    """The story after each of its steps."""
    play = Play(MATTERS[story["matter"]])
    for line in lines_of(story):
        play.step(line)
        yield play


def lines_of(story: dict[str, Any]) -> list[str]:
    """The story's steps, from the alarm on."""
    way: list[str] = FILE["way"]
    moves = [line.split()[2] for line in way]
    begun = moves.index(story["up_to"]) + 1 if "up_to" in story else 0
    return [*way[:begun], *story.get("steps", ())]
