"""The tables of clocks: by when a stage should be over, who heard that it was late, and by which
limits and which calendar that was reckoned."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, String, text
from sqlalchemy.orm import Mapped, mapped_column

from cases.columns import Document, word
from cases.table_base import CASE_NO, Base
from domain.base import Text
from domain.limits import Level, Stage, Standard
from domain.stage_clock import ClockState, StageClock

STANDARD_ID = String(64)
BEFORE_CLOCKS = "before-clocks"
"""The standard of clocks that a migration made of deadlines from before there were clocks."""
_RUNS_OUT = text("runs_out_at IS NOT NULL")
_ESCALATES = text("escalate_at IS NOT NULL")


class ClockRow(Base):
    """A clock as it stands. What it was before, the history tells (`EntryRow.clocks`)."""

    __tablename__ = "clocks"
    __table_args__ = (
        PrimaryKeyConstraint("case_no", "seq"),
        Index(
            "ix_clocks_runs_out_at",
            "runs_out_at",
            sqlite_where=_RUNS_OUT,
            postgresql_where=_RUNS_OUT,
        ),
        Index(
            "ix_clocks_escalate_at",
            "escalate_at",
            sqlite_where=_ESCALATES,
            postgresql_where=_ESCALATES,
        ),
    )

    case_no: Mapped[str] = mapped_column(CASE_NO, ForeignKey("cases.no"))
    seq: Mapped[int]
    stage: Mapped[Stage] = mapped_column(word(Stage))
    state: Mapped[ClockState] = mapped_column(word(ClockState))
    runs_out_at: Mapped[datetime | None]
    """Its deadline, while it runs."""
    escalate_at: Mapped[datetime | None]
    document: Mapped[StageClock] = mapped_column(Document(StageClock))

    def say(self, clock: StageClock) -> None:
        """Make the row say what the clock says."""
        self.stage, self.state, self.document = clock.stage, clock.state, clock
        self.runs_out_at = clock.due_at if clock.state is ClockState.RUNNING else None
        self.escalate_at = clock.escalate_at


class EscalationRow(Base):
    """Who should know since when that a stage is late. Never changed."""

    __tablename__ = "escalations"
    __table_args__ = (PrimaryKeyConstraint("case_no", "clock", "level"),)

    case_no: Mapped[str] = mapped_column(CASE_NO, ForeignKey("cases.no"))
    clock: Mapped[int]
    level: Mapped[Level] = mapped_column(word(Level))
    stage: Mapped[Stage] = mapped_column(word(Stage))
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    who: Mapped[Text]


class StandardRow(Base):
    """One version of all limits. Its id holds a digest of what it says."""

    __tablename__ = "standards"

    id: Mapped[str] = mapped_column(STANDARD_ID, primary_key=True)
    document: Mapped[Standard] = mapped_column(Document(Standard))


class CalendarRow(Base):
    """By which calendar the running clocks were reckoned last."""

    __tablename__ = "calendar_in_use"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(32))
    since: Mapped[datetime]
