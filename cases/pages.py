"""One page of the queue, in its order, without reading what is not on it.

The cases of one standing and one priority lie in order in an index. The counters tell which such
branches hold anything that a filter lets through; the first cases of each are merged. So a page
costs the same however many cases there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union_all
from sqlalchemy.orm import Session

from cases.queries import CaseOrder
from cases.tables import CaseRow
from domain.case import Priority

Levels = Mapping[tuple[str, Priority], int]
"""Cases by standing and priority (`cases.tally.levels`)."""
Conditions = Sequence[ColumnElement[bool]]
Narrowed = Sequence[Conditions]
"""What narrows a branch: each of these alternatives is read from an index of its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an order a page begins: after this case."""

    priority: Priority
    at: datetime
    """When it was opened; in the order of `CaseOrder.DUE`, when it is due."""
    no: str

    def beyond(self, order: CaseOrder, priority: Priority) -> Conditions | None:
        """What holds for the cases of a priority that come later; None: none of them does."""
        if order is CaseOrder.QUEUE and priority != self.priority:
            return () if priority > self.priority else None
        row = CaseRow
        tied = and_(row.opened_at == self.at, row.no < self.no)
        # The first one says nothing new; it is what an index can begin with.
        return row.opened_at <= self.at, or_(row.opened_at < self.at, tied)


def numbers(
    session: Session,
    order: CaseOrder,
    levels: Levels,
    narrowed: Narrowed,
    after: Place | None,
    limit: int,
) -> list[str]:
    """The numbers of the first `limit` cases after a place."""
    found: list[str] = []
    for branches in _in_turn(order, levels):
        queries = [
            _first_of(standing, priority, (*narrow, *beyond), limit - len(found))
            for standing, priority in branches
            if (beyond := after.beyond(order, priority) if after else ()) is not None
            for narrow in narrowed
        ]
        if queries:
            found += session.scalars(_merged(queries, limit - len(found)))
        if len(found) >= limit:
            break
    return found


def count(session: Session, levels: Levels, narrowed: Narrowed) -> int:
    """How many cases the branches hold, where the counters alone cannot tell."""
    counted = [
        select(func.count().label("cases")).select_from(CaseRow).where(*_branch(*key), *narrow)
        for key in sorted(levels)
        for narrow in narrowed
    ]
    if not counted:
        return 0
    every = union_all(*counted).subquery()
    return int(session.scalar(select(func.sum(every.c.cases))) or 0)


def _in_turn(order: CaseOrder, levels: Levels) -> Iterable[list[tuple[str, Priority]]]:
    """Branches that have to be merged with each other; later groups come wholly after them."""
    keys = sorted(levels, key=lambda key: (key[1], key[0]))
    if order is CaseOrder.NEWEST:
        return [keys]
    return [list(group) for _, group in groupby(keys, key=lambda key: key[1])]


def _branch(standing: str, priority: Priority) -> Conditions:
    return CaseRow.standing == standing, CaseRow.priority == priority


def _first_of(standing: str, priority: Priority, narrow: Conditions, limit: int) -> Select[Any]:
    first = (
        select(CaseRow.no, CaseRow.opened_at)
        .where(*_branch(standing, priority), *narrow)
        .order_by(CaseRow.opened_at.desc(), CaseRow.no.desc())
        .limit(limit)
        .subquery()
    )
    return select(first.c.no, first.c.opened_at)


def _merged(queries: Sequence[Select[Any]], limit: int) -> Select[Any]:
    every = union_all(*queries).subquery()
    newest = every.c.opened_at.desc(), every.c.no.desc()
    return select(every.c.no).order_by(*newest).limit(limit)
