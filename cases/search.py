"""Finding cases: filters to SQL, pages by keyset, rows to domain values.

How many there are the counters know (`cases.tally`), unless words or times are asked for. A page
is read in its order (`cases.pages`). What rare words leave, and what waits for somebody, are few:
those are looked at one by one.
"""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from cases import pages, tally, texts
from cases.needs import needing
from cases.pages import Place
from cases.queries import CaseFilter, CaseOrder, CasePage, in_group, overdue
from cases.tables import CaseRow
from domain.base import to_utc
from domain.case import Case, Priority
from domain.errors import CaseNotFound
from domain.place import GridPath


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
    after = _parse(wanted.order, wanted.cursor) if wanted.cursor is not None else None
    total, rows = _found(session, wanted, at, after)
    page = rows[: wanted.limit]
    more = len(rows) > wanted.limit
    return CasePage(
        cases=tuple(to_case(row) for row in page),
        next_cursor=_cursor(wanted.order, page[-1]) if more else None,
        total=total,
    )


Found = tuple[int, Sequence[CaseRow]]
"""How many there are on all pages; the rows of this page, and one more if there is any."""


def _found(session: Session, wanted: CaseFilter, at: datetime, after: Place | None) -> Found:
    levels = tally.levels(session, wanted)
    if not levels:
        return 0, ()
    words = texts.words_of(wanted.search)
    few = texts.few_with(session, words) if words else None
    if few is not None:
        return _of_few(session, wanted, at, [CaseRow.no.in_(few)], after)
    if _waits(wanted):
        return _of_few(session, wanted, at, _with_words(wanted), after)
    return _of_all(session, wanted, levels, after)


def _waits(wanted: CaseFilter) -> bool:
    """Whether it asks only for cases that have a time to be over by: they have an index."""
    return wanted.needs or wanted.overdue or wanted.order is CaseOrder.DUE


def _of_few(
    session: Session, wanted: CaseFilter, at: datetime, few: pages.Conditions, after: Place | None
) -> Found:
    """Of few cases: they are looked at one by one."""
    conditions = [*few, *_all_conditions(wanted, at)]
    total = session.scalar(select(func.count()).select_from(CaseRow).where(*conditions)) or 0
    query = _ordered(select(CaseRow).where(*conditions), wanted.order)
    if after is not None:
        query = query.where(_after(wanted.order, after))
    return total, session.scalars(query.limit(wanted.limit + 1)).all()


def _of_all(
    session: Session, wanted: CaseFilter, levels: pages.Levels, after: Place | None
) -> Found:
    """Of all cases: the counters say how many, the indexes which."""
    beside = [*_within(wanted), *_with_words(wanted)]
    narrowed = [[*grid, *beside] for grid in _narrowed(session, wanted)]
    total = sum(levels.values())
    if _uncounted(wanted) and total:
        total = _total(session, wanted, levels, narrowed)
    if not total:
        return 0, ()
    nos = pages.numbers(session, wanted.order, levels, narrowed, after, wanted.limit + 1)
    found = {row.no: row for row in session.scalars(select(CaseRow).where(CaseRow.no.in_(nos)))}
    return total, [found[no] for no in nos]


def _uncounted(wanted: CaseFilter) -> bool:
    """Whether it asks for what no counter tells apart."""
    times = wanted.opened_from is not None or wanted.opened_to is not None
    return times or bool(texts.words_of(wanted.search))


def _total(
    session: Session, wanted: CaseFilter, levels: pages.Levels, narrowed: pages.Narrowed
) -> int:
    """Counts what is asked of: the texts alone, where nothing else narrows the choice."""
    words = texts.words_of(wanted.search)
    if words and wanted == CaseFilter(search=wanted.search, **_of_the_page(wanted)):
        return texts.count_with(session, words)
    return pages.count(session, levels, narrowed)


def _of_the_page(wanted: CaseFilter) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in ("order", "limit", "cursor")}


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


_GRIDS = (CaseRow.grid_first, CaseRow.grid_second, CaseRow.grid_third)


def _all_conditions(wanted: CaseFilter, at: datetime) -> pages.Conditions:
    conditions = [*_plain(wanted), *_within(wanted)]
    if wanted.states:
        conditions.append(CaseRow.state.in_(wanted.states))
    if wanted.priorities:
        conditions.append(CaseRow.priority.in_(wanted.priorities))
    if wanted.group is not None:
        conditions.append(in_group(wanted.group))
    if _waits(wanted):
        conditions.append(CaseRow.due_at.is_not(None))
    if wanted.overdue:
        conditions.append(overdue(CaseRow.due_at, at))
    if wanted.needs:
        conditions.append(needing(at))
    if wanted.grid is not None:
        conditions.append(or_(*(column == wanted.grid for column in _GRIDS)))
    return conditions


def _plain(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    """Conditions on what the branches of a page do not tell apart by themselves."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.kinds:
        conditions.append(CaseRow.kind.in_(wanted.kinds))
    if wanted.sources:
        conditions.append(CaseRow.source.in_(wanted.sources))
    if wanted.camera_id is not None:
        conditions.append(CaseRow.camera_id == wanted.camera_id)
    if wanted.unrouted:
        conditions += [column.is_(None) for column in _GRIDS]
    return conditions


def _within(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    """Conditions on times, which no counter knows."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.opened_from is not None:
        conditions.append(CaseRow.opened_at >= wanted.opened_from)
    if wanted.opened_to is not None:
        conditions.append(CaseRow.opened_at < wanted.opened_to)
    return conditions


def _with_words(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    words = texts.words_of(wanted.search)
    return [texts.has_words(words)] if words else []


def _narrowed(session: Session, wanted: CaseFilter) -> pages.Narrowed:
    """The other conditions, once for each kind and each level of grid, which have indexes."""
    without_kinds = wanted.model_copy(update={"kinds": ()})
    plain = _plain(without_kinds)
    kinds = [[CaseRow.kind == kind] for kind in dict.fromkeys(wanted.kinds)] or [[]]
    grids: list[list[ColumnElement[bool]]] = [[]]
    if wanted.grid is not None:
        columns = [getattr(CaseRow, name) for name in tally.grid_columns(session, wanted.grid)]
        # A case that lies in grids of one name on two levels belongs to the first one only.
        grids = [
            [column == wanted.grid, *(other.is_distinct_from(wanted.grid) for other in columns[:n])]
            for n, column in enumerate(columns)
        ]
    return [[*kind, *grid, *plain] for kind in kinds for grid in grids]


def _ordered(query: Select[CaseRow], order: CaseOrder) -> Select[CaseRow]:
    if order is CaseOrder.DUE:
        return query.order_by(CaseRow.priority, CaseRow.due_at, CaseRow.no)
    newest = CaseRow.opened_at.desc(), CaseRow.no.desc()
    if order is CaseOrder.QUEUE:
        return query.order_by(CaseRow.priority, *newest)
    return query.order_by(*newest)


def _after(order: CaseOrder, place: Place) -> ColumnElement[bool]:
    """What comes after the case that the cursor names, itself left out."""
    if order is CaseOrder.DUE:
        due_order = tuple_(CaseRow.priority, CaseRow.due_at, CaseRow.no)
        return due_order > (place.priority, place.at, place.no)
    tied = and_(CaseRow.opened_at == place.at, CaseRow.no < place.no)
    later = or_(CaseRow.opened_at < place.at, tied)
    if order is CaseOrder.NEWEST:
        return later
    same = and_(CaseRow.priority == place.priority, later)
    return or_(CaseRow.priority > place.priority, same)


def _cursor(order: CaseOrder, row: CaseRow) -> str:
    at = row.due_at if order is CaseOrder.DUE and row.due_at is not None else row.opened_at
    place = [order.value, int(row.priority), at.isoformat(), row.no]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _parse(order: CaseOrder, cursor: str) -> Place:
    try:
        made_for, priority, at, no = json.loads(base64.urlsafe_b64decode(cursor))
        if made_for != order or not isinstance(no, str):
            raise ValueError(f"made for the order {made_for}")
        return Place(Priority(priority), to_utc(datetime.fromisoformat(at)), no)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"expected a cursor of the order {order}, got {cursor!r}") from error
