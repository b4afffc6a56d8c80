"""What all tables of the center stand on: how ids, words and values are kept."""

from datetime import datetime

from sqlalchemy import BigInteger, Double, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase

from cases.columns import Document, Number, UtcDateTime, word
from domain.actor import Actor, ActorKind
from domain.base import Text
from domain.case import CaseSource, CaseState, FalseReason, Move, Priority, Triage, Verdict
from domain.change import ChangeKind
from domain.duty import DutyClass
from domain.evidence import EvidenceKind
from domain.health import FaultKind
from domain.held_back import HeldBackReason
from domain.incident import IncidentKind

ID = String(64)
"""Ids of cameras, sites and grids (domain.place.Id)."""
LONG_ID = String(128)
"""Ids made by workers, and people's names."""
CASE_NO = String(32)
LONG = BigInteger().with_variant(Integer(), "sqlite")
"""A number that never comes round; SQLite counts up by itself in plain integers only."""


class Base(DeclarativeBase):
    # Named constraints, so that a migration can change them on both databases.
    metadata = MetaData(
        naming_convention={
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - the form SQLAlchemy asks for
        datetime: UtcDateTime,
        float: Double,
        Actor: Document(Actor),
        Text: Document(Text),
        ActorKind: word(ActorKind),
        ChangeKind: word(ChangeKind),
        CaseSource: word(CaseSource),
        CaseState: word(CaseState),
        DutyClass: word(DutyClass),
        EvidenceKind: word(EvidenceKind),
        FalseReason: word(FalseReason),
        FaultKind: word(FaultKind),
        HeldBackReason: word(HeldBackReason),
        IncidentKind: word(IncidentKind),
        Move: word(Move),
        Priority: Number(Priority),
        Triage: word(Triage),
        Verdict: word(Verdict),
    }
