"""Clocks as records, with limits and calendar; and of a case its standard, how often it was given
back, and until when it is set aside."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TIME = sa.DateTime(timezone=True)
WORD = sa.String(32)
CASE_NO = sa.String(32)
STANDARD = "before-clocks"
SUSPENDED = timedelta(days=30)
_STAGES = {
    "alert": "review",
    "pending_review": "review",
    "filed": "dispatch",
    "returned": "dispatch",
    "reopened": "dispatch",
    "dispatched": "accept",
    "accepted": "handle",
    "handling": "handle",
    "rework": "handle",
    "feedback": "verify",
    "verifying": "verify",
}
"""Which clock a case has that was open before there were clocks."""
_CASES = sa.table(
    "cases",
    sa.column("no", sa.String()),
    sa.column("state", sa.String()),
    sa.column("verdict", sa.String()),
    sa.column("created_at", TIME),
    sa.column("updated_at", TIME),
    sa.column("review_due_at", TIME),
    sa.column("due_at", TIME),
    sa.column("suspended_until", TIME),
)
_CLOCKS = sa.table(
    "clocks",
    sa.column("case_no", sa.String()),
    sa.column("seq", sa.Integer()),
    sa.column("stage", sa.String()),
    sa.column("state", sa.String()),
    sa.column("runs_out_at", TIME),
    sa.column("document", sa.JSON()),
)


def upgrade() -> None:
    op.add_column("cases", sa.Column("standard", sa.String(64)))
    op.add_column("cases", sa.Column("returns", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("cases", sa.Column("suspended_until", TIME))
    op.add_column("entries", sa.Column("clocks", sa.JSON()))
    waits = sa.text("suspended_until IS NOT NULL")
    op.create_index(
        "ix_cases_suspended_until", "cases", ["suspended_until"],
        sqlite_where=waits, postgresql_where=waits,
    )  # fmt: skip
    _make_tables()
    _give_open_cases_their_clock()


def _make_tables() -> None:
    op.create_table(
        "clocks",
        sa.Column("case_no", CASE_NO, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("stage", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("runs_out_at", TIME),
        sa.Column("escalate_at", TIME),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("case_no", "seq", name="pk_clocks"),
        sa.ForeignKeyConstraint(["case_no"], ["cases.no"], name="fk_clocks_case_no_cases"),
    )
    for name in ("runs_out_at", "escalate_at"):
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_clocks_{name}", "clocks", [name], sqlite_where=there, postgresql_where=there
        )
    op.create_table(
        "escalations",
        sa.Column("case_no", CASE_NO, nullable=False),
        sa.Column("clock", sa.Integer(), nullable=False),
        sa.Column("level", WORD, nullable=False),
        sa.Column("stage", WORD, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("who", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("case_no", "clock", "level", name="pk_escalations"),
        sa.ForeignKeyConstraint(["case_no"], ["cases.no"], name="fk_escalations_case_no_cases"),
    )
    op.create_table(
        "standards",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_standards"),
    )
    op.create_table(
        "calendar_in_use",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_in_use"),
    )


def _give_open_cases_their_clock() -> None:
    """The deadline that was told stays; it tells nobody but who reads it, as it did."""
    cases, connection = _CASES.c, op.get_bind()
    found = sa.select(
        cases.no, cases.state, cases.verdict, cases.created_at, cases.updated_at,
        cases.review_due_at, cases.due_at,
    ).where(cases.due_at.is_not(None), cases.state.in_(list(_STAGES)))  # fmt: skip
    rows = [_clock_of(row) for row in connection.execute(found).all()]
    if rows:
        connection.execute(sa.insert(_CLOCKS), rows)
    aside = sa.select(cases.no, cases.updated_at).where(cases.state == "suspended")
    for no, since in connection.execute(aside).all():
        until = sa.update(_CASES).where(cases.no == no).values(suspended_until=since + SUSPENDED)
        connection.execute(until)


def _clock_of(row: Any) -> dict[str, Any]:
    stage = "review" if row.verdict is None else _STAGES[row.state]
    # When the stage began only its last change tells; a change after the deadline does not.
    begun = min(row.created_at if stage == "review" else row.updated_at, row.due_at)
    lasts = max((row.due_at - begun).total_seconds(), 1.0)
    document = {
        "seq": 1,
        "stage": stage,
        "round": 1,
        "state": "running",
        "started_at": _aware(begun),
        "since": _aware(begun),
        "budget": f"PT{lasts:.6f}S",
        "limit": {"amount": lasts, "unit": "second", "clause": "", "provisional": True},
        "standard": STANDARD,
        "due_at": _aware(row.due_at),
    }
    return {
        "case_no": row.no,
        "seq": 1,
        "stage": stage,
        "state": "running",
        "runs_out_at": row.due_at,
        "document": document,
    }


def _aware(at: datetime) -> str:
    """SQLite keeps no zone: what it keeps is UTC."""
    return at.isoformat() + ("" if at.tzinfo else "+00:00")
