"""Finding cases: filters to SQL, pages by keyset, rows to domain values."""

import base64
import json
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from cases.needs import needing
from cases.queries import CaseFilter, CaseOrder, CasePage, in_group, overdue
from cases.tables import CaseRow
from domain.base import to_utc
from domain.case import Case, Priority
from domain.errors import CaseNotFound
from domain.place import GridPath

WORDS_MAX = 8
"""Words of a search that count."""


def get(session: Session, no: str) -> CaseRow:
    """The case's row.

    Raises:
        CaseNotFound
    """
    case = session.get(CaseRow, no)
    if case is None:
        raise CaseNotFound(f"no case has the number {no!r}")
    return case


def find(session: Session, wanted: CaseFilter, at: datetime) -> CasePage:
    """One page of cases.

    Raises:
        ValueError: the cursor is none of a page in this order.
    """
    conditions = _conditions(wanted, at)
    total = session.scalar(select(func.count()).select_from(CaseRow).where(*conditions)) or 0
    query = _ordered(select(CaseRow).where(*conditions), wanted.order)
    if wanted.cursor is not None:
        query = query.where(_after(wanted.order, wanted.cursor))
    rows = session.scalars(query.limit(wanted.limit + 1)).all()
    page = rows[: wanted.limit]
    more = len(rows) > wanted.limit
    return CasePage(
        cases=tuple(to_case(row) for row in page),
        next_cursor=_cursor(wanted.order, page[-1]) if more else None,
        total=total,
    )


def to_case(row: CaseRow) -> Case:
    named = {name: getattr(row, name) for name in Case.model_fields if name != "grids"}
    return Case(grids=grids_of(row), **named)


def grids_of(row: CaseRow) -> GridPath:
    return GridPath(
        plan_version=row.grid_plan,
        first=row.grid_first,
        second=row.grid_second,
        third=row.grid_third,
    )


def _conditions(wanted: CaseFilter, at: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        column.in_(values)
        for column, values in (
            (CaseRow.state, wanted.states),
            (CaseRow.kind, wanted.kinds),
            (CaseRow.priority, wanted.priorities),
            (CaseRow.source, wanted.sources),
        )
        if values
    ]
    if wanted.group is not None:
        conditions.append(in_group(wanted.group))
    if wanted.overdue:
        conditions.append(overdue(at))
    if wanted.order is CaseOrder.DUE:
        conditions.append(CaseRow.due_at.is_not(None))
    if wanted.needs:
        conditions.append(needing(at))
    if wanted.camera_id is not None:
        conditions.append(CaseRow.camera_id == wanted.camera_id)
    if wanted.opened_from is not None:
        conditions.append(CaseRow.opened_at >= wanted.opened_from)
    if wanted.opened_to is not None:
        conditions.append(CaseRow.opened_at < wanted.opened_to)
    return [*conditions, *_in_place(wanted), *_with_words(wanted.search)]


_GRIDS = (CaseRow.grid_first, CaseRow.grid_second, CaseRow.grid_third)


def _in_place(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.grid is not None:
        conditions.append(or_(*(column == wanted.grid for column in _GRIDS)))
    if wanted.unrouted:
        conditions.append(and_(*(column.is_(None) for column in _GRIDS)))
    return conditions


def _with_words(search: str) -> list[ColumnElement[bool]]:
    words = search.replace("\x00", " ").lower().split()[:WORDS_MAX]
    assignee = func.lower(func.coalesce(CaseRow.assignee, ""))
    return [
        or_(
            CaseRow.search.contains(word, autoescape=True), assignee.contains(word, autoescape=True)
        )
        for word in words
    ]


def _ordered(query: Select[CaseRow], order: CaseOrder) -> Select[CaseRow]:
    if order is CaseOrder.DUE:
        return query.order_by(CaseRow.priority, CaseRow.due_at, CaseRow.no)
    newest = CaseRow.opened_at.desc(), CaseRow.no.desc()
    if order is CaseOrder.QUEUE:
        return query.order_by(CaseRow.priority, *newest)
    return query.order_by(*newest)


def _after(order: CaseOrder, cursor: str) -> ColumnElement[bool]:
    """What comes after the case that the cursor names, itself left out."""
    priority, at, no = _parse(order, cursor)
    if order is CaseOrder.DUE:
        return tuple_(CaseRow.priority, CaseRow.due_at, CaseRow.no) > (priority, at, no)
    later = or_(CaseRow.opened_at < at, and_(CaseRow.opened_at == at, CaseRow.no < no))
    if order is CaseOrder.NEWEST:
        return later
    return or_(CaseRow.priority > priority, and_(CaseRow.priority == priority, later))


def _cursor(order: CaseOrder, row: CaseRow) -> str:
    at = row.due_at if order is CaseOrder.DUE and row.due_at is not None else row.opened_at
    place = [order.value, int(row.priority), at.isoformat(), row.no]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _parse(order: CaseOrder, cursor: str) -> tuple[Priority, datetime, str]:
    try:
        made_for, priority, at, no = json.loads(base64.urlsafe_b64decode(cursor))
        if made_for != order or not isinstance(no, str):
            raise ValueError(f"made for the order {made_for}")
        return Priority(priority), to_utc(datetime.fromisoformat(at)), no
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"expected a cursor of the order {order}, got {cursor!r}") from error
