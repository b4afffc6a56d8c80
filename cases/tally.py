"""Counters of cases, kept by the database's triggers: read here, never written by hand.

One row for each sort of case there is (`CaseTallyRow`): a few thousand in a town, however many
cases. On PostgreSQL a transaction's changes are counted when it commits, so that nobody waits for
a counter before that.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from cases.queries import LIVE, STANDINGS, CaseFilter, standings, state_of
from cases.tables import CaseRow, CaseTallyRow
from domain.case import Priority
from domain.incident import IncidentKind

KEYS = tuple(column.name for column in CaseTallyRow.__table__.primary_key)
GRIDS = ("grid_first", "grid_second", "grid_third")
_MAY_LACK = frozenset({"kind", "camera_id", *GRIDS})
"""What a case need not have; the counters say an empty word there."""


def heaps(session: Session) -> Iterable[tuple[str, IncidentKind | None, Priority, int]]:
    """Cases by standing, kind (None: it has none) and priority."""
    columns = CaseTallyRow.standing, CaseTallyRow.kind, CaseTallyRow.priority
    query = select(*columns, func.sum(CaseTallyRow.cases)).group_by(*columns)
    rows = _rows(session, query)
    return [
        (standing, IncidentKind(kind) if kind else None, priority, int(cases))
        for standing, kind, priority, cases in rows
    ]


def open_by_camera(session: Session) -> dict[str, int]:
    """Cases that still want somebody, by camera."""
    query = (
        select(CaseTallyRow.camera_id, func.sum(CaseTallyRow.cases))
        .where(CaseTallyRow.standing.in_(standings(*LIVE)))
        .group_by(CaseTallyRow.camera_id)
    )
    return {camera_id: int(cases) for camera_id, cases in _rows(session, query) if camera_id}


def levels(session: Session, wanted: CaseFilter) -> dict[tuple[str, Priority], int]:
    """Cases by standing and priority that a filter lets through, its words and times left out."""
    columns = CaseTallyRow.standing, CaseTallyRow.priority
    query = select(*columns, func.sum(CaseTallyRow.cases)).where(*_conditions(wanted))
    rows = _rows(session, query.group_by(*columns))
    return {(standing, priority): int(cases) for standing, priority, cases in rows}


def grid_columns(session: Session, grid: str) -> list[str]:
    """On which levels cases lie in a grid of this name: one, unless plans changed its level."""
    return [
        name
        for name in GRIDS
        if session.scalar(select(literal(1)).where(getattr(CaseTallyRow, name) == grid).limit(1))
    ]


def recount(session: Session) -> Counter[tuple[Any, ...]]:
    """What the counters should say, from the cases themselves."""
    columns = [_of_case(name) for name in KEYS]
    query = select(*columns, func.count()).group_by(*columns)
    return Counter({tuple(row[:-1]): row[-1] for row in _rows(session, query)})


def told(session: Session) -> Counter[tuple[Any, ...]]:
    """What the counters say, in the same form."""
    columns = [getattr(CaseTallyRow, name) for name in KEYS]
    rows = _rows(session, select(*columns, CaseTallyRow.cases))
    return Counter({tuple(row[:-1]): row[-1] for row in rows})


def rebuild(session: Session) -> None:
    """Count anew, for a database that somebody mended by hand."""
    columns = [_of_case(name) for name in KEYS]
    session.execute(delete(CaseTallyRow))
    counted = select(*columns, func.count()).group_by(*columns)
    session.execute(insert(CaseTallyRow).from_select([*KEYS, "cases"], counted))


def _of_case(name: str) -> ColumnElement[Any]:
    column: ColumnElement[Any] = getattr(CaseRow, name)
    return func.coalesce(type_coerce(column, String), "") if name in _MAY_LACK else column


def _rows(session: Session, query: Any) -> list[Any]:
    return list(session.execute(query).all())


def _conditions(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    row = CaseTallyRow
    conditions: list[ColumnElement[bool]] = [
        column.in_(values)
        for column, values in (
            (row.kind, wanted.kinds),
            (row.priority, wanted.priorities),
            (row.source, wanted.sources),
        )
        if values
    ]
    if wanted.states:
        fitting = [one for one in STANDINGS if state_of(one) in wanted.states]
        conditions.append(row.standing.in_(fitting))
    if wanted.group is not None:
        conditions.append(row.standing.in_(standings(wanted.group)))
    if wanted.camera_id is not None:
        conditions.append(row.camera_id == wanted.camera_id)
    if wanted.grid is not None:
        conditions.append(or_(*(getattr(row, name) == wanted.grid for name in GRIDS)))
    if wanted.unrouted:
        conditions.append(and_(*(getattr(row, name) == "" for name in GRIDS)))
    return conditions
