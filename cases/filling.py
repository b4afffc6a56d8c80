"""A case book filled in bulk, for measurements: real cases, copied many times.

The samples are cases that came through the intake and were moved by the state table. A copy takes
place and kind from one of them, state and decisions from another, and numbers and times of its
own. The copying is the database's work, so that a hundred thousand take seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    MetaData,
    String,
    Table,
    bindparam,
    func,
    insert,
    literal,
    null,
    select,
    text,
)
from sqlalchemy.orm import Session, aliased

from cases.case_settings import CaseSettings
from cases.columns import UtcDateTime
from cases.database import Database
from cases.decided import Decided
from cases.table_base import CASE_NO, LONG_ID
from cases.tables import CaseRow, EntryRow, IncidentRow, NumberRow

CHUNK = 5_000
"""Cases copied in one transaction."""
DECIDED_AFTER = timedelta(seconds=90)
CLOSED_AFTER = timedelta(hours=3)
REVIEW_WITHIN = timedelta(minutes=10)

Tell = Callable[[int], None]
"""Called with the number of cases that are there."""

_COPIES = Table(
    "copies",
    MetaData(),
    Column("no", CASE_NO, primary_key=True),
    Column("incident_id", LONG_ID),
    Column("place", CASE_NO),
    Column("decided", CASE_NO),
    *(
        Column(name, UtcDateTime)
        for name in ("opened_at", "review_due_at", "due_at", "decided_at", "closed_at")
    ),
    prefixes=["TEMPORARY"],
)
_FROM_DECIDED = {*Decided.model_fields, "version", "moved_version"}
_OWN_TIMES = ("first_seen_at", "opened_at", "last_seen_at", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Samples:
    """Numbers of the cases that are copied."""

    places: Sequence[str]
    """A case of each place and kind."""
    decided: Sequence[str]
    """A case in each state, repeated as often as the state is to be frequent."""


def fill(
    database: Database,
    settings: CaseSettings,
    samples: Samples,
    *,
    cases: int,
    newest_at: datetime,
    every: timedelta,
    tell: Tell,
) -> None:
    """Copy the samples until the book holds `cases`, one opened `every` so long, back in time."""
    book = _Numbers(settings)
    with database.session() as session:
        book.read(session)
        held = session.scalar(select(func.count()).select_from(CaseRow)) or 0
        delays = _delays(session, samples)
    for first in range(held, cases, CHUNK):
        last = min(first + CHUNK, cases)
        rows = [
            _copy(number, samples, delays, newest_at - (number - held) * every, book)
            for number in range(first, last)
        ]
        with database.session() as session:
            _insert(session, rows)
        tell(last)
    with database.session() as session:
        book.write(session)
    if database.dialect == "postgresql":  # what its own housekeeping does by and by
        with database.session() as session:
            session.execute(text("ANALYZE"))


class _Numbers:
    """Case numbers of many days, given from the newest case back."""

    def __init__(self, settings: CaseSettings) -> None:
        self._settings = settings
        self._last: dict[str, int] = {}

    def read(self, session: Session) -> None:
        self._last = {row.day: row.last for row in session.scalars(select(NumberRow))}

    def next(self, at: datetime) -> str:
        day = at.astimezone(self._settings.zone).strftime("%Y%m%d")
        self._last[day] = self._last.get(day, 0) + 1
        return f"{self._settings.number_prefix}-{day}-{self._last[day]:04d}"

    def write(self, session: Session) -> None:
        for day, last in self._last.items():
            session.merge(NumberRow(day=day, last=last))


Delays = Mapping[str, Mapping[str, timedelta | None]]
"""By sample and column: so long after a copy's opening; None: never."""


def _delays(session: Session, samples: Samples) -> Delays:
    rows = session.scalars(select(CaseRow).where(CaseRow.no.in_(set(samples.decided))))
    return {
        row.no: {
            "review_due_at": REVIEW_WITHIN,
            "due_at": _due_after(row),
            "decided_at": DECIDED_AFTER if row.decided_at else None,
            "closed_at": CLOSED_AFTER if row.closed_at else None,
        }
        for row in rows
    }


def _due_after(row: CaseRow) -> timedelta | None:
    if row.due_at is None:
        return None
    return REVIEW_WITHIN if row.due_at == row.review_due_at else CLOSED_AFTER


def _copy(
    number: int,
    samples: Samples,
    delays: Delays,
    at: datetime,
    numbers: _Numbers,
) -> dict[str, Any]:
    # A large odd step goes through all samples before it comes back, and mixes their order.
    decided = samples.decided[number * 7919 % len(samples.decided)]
    return {
        "no": numbers.next(at),
        "incident_id": f"copy_{number}",
        "place": samples.places[number * 104_729 % len(samples.places)],
        "decided": decided,
        "opened_at": at,
        **{name: None if wait is None else at + wait for name, wait in delays[decided].items()},
    }


def _insert(session: Session, rows: list[dict[str, Any]]) -> None:
    """Copies of incidents, cases and entries, in the order that their keys ask for."""
    connection = session.connection()
    _COPIES.create(connection)
    names = [column.name for column in _COPIES.columns]
    session.execute(insert(_COPIES).values({name: bindparam(name) for name in names}), rows)
    copy, place, decided = _COPIES.c, aliased(CaseRow), aliased(CaseRow)
    _copy_incidents(session, place)
    values = _case_columns(place, decided)
    source = (
        select(*values.values())
        .select_from(_COPIES)
        .join(place, place.no == copy.place)
        .join(decided, decided.no == copy.decided)
    )
    session.execute(insert(CaseRow).from_select(list(values), source))
    _copy_entries(session)
    _COPIES.drop(connection)


def _copy_incidents(session: Session, place: type[CaseRow]) -> None:
    copy = _COPIES.c
    source = (
        select(
            copy.incident_id,
            IncidentRow.revision,
            IncidentRow.document,
            IncidentRow.opening,
            copy.no,
        )
        .select_from(_COPIES)
        .join(place, place.no == copy.place)
        .join(IncidentRow, IncidentRow.id == place.incident_id)
    )
    names = ["id", "revision", "document", "opening", "case_no"]
    session.execute(insert(IncidentRow).from_select(names, source))


def _case_columns(place: type[CaseRow], decided: type[CaseRow]) -> dict[str, ColumnElement[Any]]:
    """Where each column of a copy comes from, in the order of the table."""
    copy = _COPIES.c
    own: dict[str, ColumnElement[Any]] = {
        **{name: copy.opened_at for name in _OWN_TIMES},
        **{column.name: column for column in copy if column.name not in ("place", "decided")},
        "search": func.replace(place.search, func.lower(place.no), func.lower(copy.no)),
        "gone_at": null(),
        "duplicate_of": null(),
    }
    found: dict[str, ColumnElement[Any]] = {}
    for column in CaseRow.__table__.columns:
        if column.computed is None:
            sample = decided if column.name in _FROM_DECIDED else place
            value = own.get(column.name)
            found[column.name] = getattr(sample, column.name) if value is None else value
    return found


def _copy_entries(session: Session) -> None:
    copy, entry = _COPIES.c, EntryRow
    values: dict[str, Any] = {
        column.name: getattr(entry, column.name) for column in EntryRow.__table__.columns
    }
    values |= {"case_no": copy.no, "at": copy.opened_at, "key": literal(None, String())}
    values["clocks"] = null()  # a copy has no clocks; its next move starts them
    source = (
        select(*values.values()).select_from(_COPIES).join(entry, entry.case_no == copy.decided)
    )
    session.execute(insert(EntryRow).from_select(list(values), source))
