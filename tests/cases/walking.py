"""A town's random day: incidents come and go, people move cases in every allowed way."""

import itertools
from typing import Any

from hypothesis import strategies as st

from cases.queries import CaseFilter, CaseOrder
from domain.case import Case, FalseReason, Move, Verdict
from domain.errors import MoveRefused
from domain.incident import Incident, IncidentKind
from domain.messages import Message
from tests.builders import (
    LI,
    closed,
    closed_revision,
    make_incident,
    opened,
    reopened_revision,
    updated,
)
from tests.cases.conftest import Desk

KINDS = (IncidentKind.FIRE, IncidentKind.ROAD_OCCUPATION, IncidentKind.CROWDING)
CAMERAS = ("gate-1", "gate-2", "square-1", "far-1", "unknown-1")
_ANY = st.integers(0, 10_000)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["come", "go", "back", "move", "move", "move", "undo", "wait"]), _ANY
    ),
    max_size=12,
)


class Walk:
    """Steps on a desk. Incidents are numbered over all walks, so that none comes twice."""

    _numbers = itertools.count()

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def step(self, what: str, any_number: int) -> None:
        desk = self._desk
        if what == "come":
            desk.book.handle(self._next(any_number))
        elif what == "wait":
            desk.clock.advance(any_number % 5_000)
        elif cases := all_cases(desk):
            case = cases[any_number % len(cases)]
            getattr(self, f"_{what}")(case, any_number)

    def _next(self, any_number: int) -> Message:
        kind = KINDS[any_number % len(KINDS)]
        camera = CAMERAS[any_number // 7 % len(CAMERAS)]
        at = self._desk.clock.now()
        return opened(make_incident(f"inc_{next(self._numbers)}", kind, camera_id=camera, at=at))

    def _incident_of(self, case: Case) -> Incident:
        return self._desk.incident_of(case)

    def _go(self, case: Case, _number: int) -> None:
        self._desk.book.handle(closed(closed_revision(self._incident_of(case))))

    def _back(self, case: Case, _number: int) -> None:
        gone = closed_revision(self._incident_of(case))
        self._desk.book.handle(closed(gone))
        self._desk.book.handle(updated(reopened_revision(gone)))

    def _move(self, case: Case, number: int) -> None:
        moves = self._desk.book.allowed(case)
        if not moves:
            return
        move = moves[number % len(moves)]
        details: dict[str, Any] = {"note": "测试", "assignee": ["王", "Li", None][number % 3]}
        if move is Move.REJECT:
            verdict = [Verdict.FALSE, Verdict.GONE][number % 2]
            reason = FalseReason.LIGHT if verdict is Verdict.FALSE else None
            details |= {"verdict": verdict, "reason": reason}
        try:
            self._desk.book.move(case.no, move, actor=LI, version=case.version, **details)
        except MoveRefused:
            return  # this one wants more than a walk gives; nothing was changed

    def _undo(self, case: Case, _number: int) -> None:
        try:
            self._desk.book.undo(case.no, actor=LI, version=case.version)
        except MoveRefused:
            return


def all_cases(desk: Desk, **wanted: Any) -> list[Case]:
    """The cases on all pages of a filter, read a few at a time."""
    found: list[Case] = []
    asked = CaseFilter(**{"order": CaseOrder.NEWEST, "limit": 200, **wanted})
    while True:
        page = desk.book.cases(asked)
        found += page.cases
        if page.next_cursor is None:
            return found
        asked = asked.model_copy(update={"cursor": page.next_cursor})
