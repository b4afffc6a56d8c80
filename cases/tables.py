"""The tables of cases and their evidence; those of sites and cameras are `cases.place_tables`. Rows
stay inside this package; everyone else sees domain values."""

from datetime import datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy import (
    Computed,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from cases.columns import WORD_LENGTH, Document
from cases.decided import Decided
from cases.table_base import CASE_NO, ID, LONG, LONG_ID
from cases.table_base import Base as Base
from domain.actor import ACTOR_ID_MAX, Actor, ActorKind
from domain.base import Text
from domain.case import CaseSource, CaseState, FalseReason, Move, Priority, Triage, Verdict
from domain.change import ChangeKind
from domain.duty import DutyClass
from domain.evidence import Evidence, EvidenceKind, MissingEvidence
from domain.incident import Incident, IncidentKind
from domain.stage_clock import StageClock

SealedOrMissing = Annotated[Evidence | MissingEvidence, Field(discriminator="status")]


class IncidentRow(Base):
    """An incident at the newest revision that came, and at the oldest."""

    __tablename__ = "incidents"
    __table_args__ = (
        Index("ix_incidents_case_no", "case_no"),
        Index("ix_incidents_camera_id", "camera_id", "ended_at"),
    )

    id: Mapped[str] = mapped_column(LONG_ID, primary_key=True)
    revision: Mapped[int]
    document: Mapped[Incident] = mapped_column(Document(Incident))
    opening: Mapped[Incident] = mapped_column(Document(Incident))
    """The oldest revision seen: its boxes are those of the snapshot."""
    case_no: Mapped[str | None] = mapped_column(CASE_NO)
    """The case it belongs to. A case begins with one incident (`CaseRow.incident_id`); others
    join it. No foreign key, which would go round in a circle."""
    camera_id: Mapped[str | None] = mapped_column(ID)
    rule_id: Mapped[str | None] = mapped_column(ID)
    zone_id: Mapped[str | None] = mapped_column(ID)
    ended_at: Mapped[datetime | None]
    """None while it is open."""
    epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    """The highest epoch under which it was told or handed over; what comes under a lower one is
    refused (`cases.holders`)."""
    book: Mapped[str | None] = mapped_column(LONG_ID)
    """The book of its last teller; None from a worker that has none."""
    superseded_by: Mapped[str | None] = mapped_column(LONG_ID)
    """The incident of the same case that tells of the same thing in its place."""


_ORDER = ("standing", "priority", "opened_at", "no")
_DUE_ORDER = ("priority", "due_at", "no", "standing")
_WAITS = text("due_at IS NOT NULL")
_ASIDE = text("suspended_until IS NOT NULL")
FOUND_BY = ("kind", "camera_id", "grid_first", "grid_second", "grid_third")
"""What narrows a heap and has an index in the heap's order (the one by camera serves joining)."""
HANDMADE = ("case_gram", "ix_case_texts_grams")
"""What names of the database begin with that only the migrations know: an index of texts, which
each database makes in its own way."""
UNREVIEWED = "?"
"""What the standing of a case ends with that is in the field and that nobody has reviewed."""


class CaseRow(Base):
    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("incident_id"),
        Index("ix_cases_found", *_ORDER),
        *(Index(f"ix_cases_found_by_{name}", name, *_ORDER) for name in FOUND_BY),
        Index("ix_cases_opened_at", "opened_at"),
        # Only what waits for somebody; with its standing, so that counting reads nothing else.
        Index("ix_cases_due", *_DUE_ORDER, sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index(
            "ix_cases_suspended_until",
            "suspended_until",
            sqlite_where=_ASIDE,
            postgresql_where=_ASIDE,
        ),
        Index("ix_cases_decided_at", "decided_at", "verdict"),
        Index("ix_cases_closed_at", "closed_at"),
        Index("ix_cases_request_key", "request_key", unique=True),
    )

    no: Mapped[str] = mapped_column(CASE_NO, primary_key=True)
    external_no: Mapped[str | None] = mapped_column(ID)
    request_key: Mapped[str | None] = mapped_column(String(256))
    """Of a case that was reported: what the same report has when it comes again."""
    source: Mapped[CaseSource]
    state: Mapped[CaseState]
    kind: Mapped[IncidentKind | None]
    duty_class: Mapped[DutyClass]
    event_code: Mapped[str] = mapped_column(String(8))
    event_name: Mapped[Text]
    priority: Mapped[Priority]
    triage: Mapped[Triage]
    title: Mapped[Text]
    explanation: Mapped[Text]

    incident_id: Mapped[str | None] = mapped_column(LONG_ID, ForeignKey("incidents.id"))
    opening_revision: Mapped[int | None]
    """The oldest revision seen: what the title and the duty class were taken from."""
    camera_id: Mapped[str | None] = mapped_column(ID)
    camera_name: Mapped[Text | None]
    site_id: Mapped[str | None] = mapped_column(ID)
    site_name: Mapped[Text | None]
    address: Mapped[Text | None]
    gb_id: Mapped[str | None] = mapped_column(String(20))
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    grid_plan: Mapped[str] = mapped_column(ID)
    grid_first: Mapped[str | None] = mapped_column(ID)
    grid_second: Mapped[str | None] = mapped_column(ID)
    grid_third: Mapped[str | None] = mapped_column(ID)
    owner: Mapped[Text]

    first_seen_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    review_due_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    """By when the first of its clocks runs out (`cases.clocks`)."""
    decided_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    score: Mapped[float | None]
    count: Mapped[int | None]

    verdict: Mapped[Verdict | None]
    verdict_reason: Mapped[FalseReason | None]
    duplicate_of: Mapped[str | None] = mapped_column(CASE_NO, ForeignKey("cases.no"))
    permit_no: Mapped[str | None] = mapped_column(ID)
    permit_until: Mapped[datetime | None]
    reviewer: Mapped[Actor | None]
    assignee: Mapped[str | None] = mapped_column(LONG_ID)
    notice: Mapped[Text | None]
    suspended_from: Mapped[CaseState | None]
    suspended_until: Mapped[datetime | None]
    """When a case that was set aside comes back by itself."""
    standard: Mapped[str | None] = mapped_column(ID)
    """The version of the limits that it was opened with; None from before there were any."""
    returns: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was given back since it was opened."""
    version: Mapped[int]
    moved_version: Mapped[int]
    """The version the last move left behind; a decision on an older one conflicts."""
    search: Mapped[str]
    """Lower-case words that a search finds the case by."""
    standing: Mapped[str] = mapped_column(
        String(40),
        Computed("", persisted=None),  # the migration says how; it is only ever read
        deferred=True,
    )
    """The state, with `UNREVIEWED` behind it where that puts the case on another heap. The database
    computes it, so that whoever writes cannot forget it."""


class CaseTallyRow(Base):
    """How many cases there are of each sort. The database's triggers keep it, in the transaction of
    what they count (`cases.tally`); no row counts nothing."""

    __tablename__ = "case_tally"

    standing: Mapped[str] = mapped_column(String(40), primary_key=True)
    priority: Mapped[Priority] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(WORD_LENGTH), primary_key=True)
    """Empty for none, as the camera and the grids may be: NULL equals nothing."""
    source: Mapped[CaseSource] = mapped_column(primary_key=True)
    camera_id: Mapped[str] = mapped_column(ID, primary_key=True)
    grid_first: Mapped[str] = mapped_column(ID, primary_key=True)
    grid_second: Mapped[str] = mapped_column(ID, primary_key=True)
    grid_third: Mapped[str] = mapped_column(ID, primary_key=True)
    cases: Mapped[int]


class CaseTextRow(Base):
    """What a search finds a case by, apart from the case, so that little is read. Triggers keep it
    too; where texts are indexed, that index follows by triggers of its own."""

    __tablename__ = "case_texts"
    __table_args__ = (UniqueConstraint("no"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    no: Mapped[str] = mapped_column(CASE_NO)
    words: Mapped[str]
    """Those of the case and its assignee, in lower case."""


class EntryRow(Base):
    """A line of a case's history. The database refuses to change or delete it."""

    __tablename__ = "entries"
    __table_args__ = (PrimaryKeyConstraint("case_no", "seq"), UniqueConstraint("case_no", "key"))

    case_no: Mapped[str] = mapped_column(CASE_NO, ForeignKey("cases.no"))
    seq: Mapped[int]
    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind]
    actor_id: Mapped[str] = mapped_column(String(ACTOR_ID_MAX))
    actor_name: Mapped[Text]
    """How they were shown then."""
    move: Mapped[Move | None]
    from_state: Mapped[CaseState | None]
    to_state: Mapped[CaseState]
    note: Mapped[Text]
    version: Mapped[int]
    key: Mapped[str | None] = mapped_column(LONG_ID)
    """The idempotency key of the request that made it."""
    before: Mapped[Decided | None] = mapped_column(Document(Decided))
    """What a person's move replaced; undo puts it back."""
    clocks: Mapped[tuple[StageClock, ...] | None] = mapped_column(Document(tuple[StageClock, ...]))
    """The clocks that it changed, as they were then: the last word on each is what the table of
    clocks says."""

    @property
    def actor(self) -> Actor:
        return Actor(kind=self.actor_kind, id=self.actor_id, name=self.actor_name)


class EvidenceRow(Base):
    """Of an incident or of a case. It may come before its incident, hence no foreign key."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_incident_id", "incident_id"),
        Index("ix_evidence_case_no", "case_no"),
    )

    id: Mapped[str] = mapped_column(LONG_ID, primary_key=True)
    incident_id: Mapped[str | None] = mapped_column(LONG_ID)
    case_no: Mapped[str | None] = mapped_column(CASE_NO)
    kind: Mapped[EvidenceKind]
    at: Mapped[datetime]
    document: Mapped[Evidence | MissingEvidence] = mapped_column(Document(SealedOrMissing))


class OutboxRow(Base):
    """What changed, in the transaction of the change (`cases.outbox`)."""

    __tablename__ = "outbox"
    # A number is never given twice, also when all rows were pruned.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - the form SQLAlchemy asks for

    seq: Mapped[int] = mapped_column(LONG, Identity(), primary_key=True)
    at: Mapped[datetime]
    what: Mapped[ChangeKind]
    case_no: Mapped[str | None] = mapped_column(CASE_NO)
    version: Mapped[int]
    camera_id: Mapped[str | None] = mapped_column(ID)


class OutboxReaderRow(Base):
    """How far one of those has come who read the outbox and must miss nothing."""

    __tablename__ = "outbox_readers"

    name: Mapped[str] = mapped_column(LONG_ID, primary_key=True)
    cursor: Mapped[int] = mapped_column(LONG)
    marked_at: Mapped[datetime]
    missed: Mapped[int]
    """Changes that grew too old before it read them."""


class NumberRow(Base):
    """The last case number given on one day of the town."""

    __tablename__ = "case_numbers"

    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int]
