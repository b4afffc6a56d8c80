"""The first tables: cases and their history, incidents, evidence, cameras, grid plans."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Types as they were at this revision, written out: a migration must not follow later changes.
TIME = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON()
WORD = sa.String(32)
ID = sa.String(64)
LONG_ID = sa.String(128)
CASE_NO = sa.String(32)


def upgrade() -> None:
    _create_registry()
    _create_intake()
    _create_cases()
    _create_entries()
    _forbid_changes_of("entries")


def _create_registry() -> None:
    op.create_table(
        "sites",
        sa.Column("id", ID, nullable=False),
        sa.Column("installed", sa.Boolean(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sites"),
    )
    op.create_table(
        "cameras",
        sa.Column("id", ID, nullable=False),
        sa.Column("installed", sa.Boolean(), nullable=False),
        sa.Column("info", DOCUMENT),
        sa.Column("health_at", TIME),
        sa.Column("health", DOCUMENT),
        sa.Column("looks_from", TIME),
        sa.Column("looks_to", TIME),
        sa.Column("looks", DOCUMENT),
        sa.Column("worker_id", LONG_ID),
        sa.PrimaryKeyConstraint("id", name="pk_cameras"),
    )
    op.create_table(
        "gaps",
        sa.Column("camera_id", ID, nullable=False),
        sa.Column("from_at", TIME, nullable=False),
        sa.Column("to_at", TIME, nullable=False),
        sa.Column("cause", WORD, nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "from_at", name="pk_gaps"),
    )
    op.create_table(
        "grid_plans",
        sa.Column("version", ID, nullable=False),
        sa.Column("valid_from", TIME, nullable=False),
        sa.Column("installed_order", sa.Integer(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_grid_plans"),
    )


def _create_intake() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", LONG_ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.Column("opening", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", LONG_ID, nullable=False),
        sa.Column("incident_id", LONG_ID, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("document", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
    )
    op.create_index("ix_evidence_incident_id", "evidence", ["incident_id"])
    op.create_table(
        "case_numbers",
        sa.Column("day", sa.String(8), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_case_numbers"),
    )


def _create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("no", CASE_NO, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("duty_class", WORD, nullable=False),
        sa.Column("event_code", sa.String(8), nullable=False),
        sa.Column("event_name", DOCUMENT, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("triage", WORD, nullable=False),
        sa.Column("title", DOCUMENT, nullable=False),
        sa.Column("explanation", DOCUMENT, nullable=False),
        sa.Column("incident_id", LONG_ID, nullable=False),
        sa.Column("opening_revision", sa.Integer(), nullable=False),
        *_place_columns(),
        *_time_columns(),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("count", sa.Integer()),
        *_decision_columns(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("moved_version", sa.Integer(), nullable=False),
        sa.Column("search", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_cases"),
        sa.UniqueConstraint("incident_id", name="uq_cases_incident_id"),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name="fk_cases_incident_id_incidents"
        ),
        sa.ForeignKeyConstraint(["duplicate_of"], ["cases.no"], name="fk_cases_duplicate_of_cases"),
    )
    op.create_index("ix_cases_queue", "cases", ["state", "priority", "opened_at"])
    op.create_index("ix_cases_opened_at", "cases", ["opened_at"])
    op.create_index("ix_cases_camera_id", "cases", ["camera_id"])


def _place_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("camera_id", ID, nullable=False),
        sa.Column("camera_name", DOCUMENT, nullable=False),
        sa.Column("site_id", ID),
        sa.Column("site_name", DOCUMENT),
        sa.Column("address", DOCUMENT),
        sa.Column("gb_id", sa.String(20)),
        sa.Column("lon", sa.Double()),
        sa.Column("lat", sa.Double()),
        sa.Column("grid_plan", ID, nullable=False),
        sa.Column("grid_first", ID),
        sa.Column("grid_second", ID),
        sa.Column("grid_third", ID),
        sa.Column("owner", DOCUMENT, nullable=False),
    ]


def _time_columns() -> list[sa.Column[Any]]:
    known = ("first_seen_at", "opened_at", "last_seen_at", "created_at", "updated_at")
    later = ("gone_at", "review_due_at", "decided_at", "closed_at")
    return [
        *(sa.Column(name, TIME, nullable=False) for name in known),
        *(sa.Column(name, TIME) for name in later),
    ]


def _decision_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("verdict", WORD),
        sa.Column("verdict_reason", WORD),
        sa.Column("duplicate_of", CASE_NO),
        sa.Column("reviewer", LONG_ID),
        sa.Column("assignee", LONG_ID),
        sa.Column("notice", DOCUMENT),
        sa.Column("suspended_from", WORD),
    ]


def _create_entries() -> None:
    op.create_table(
        "entries",
        sa.Column("case_no", CASE_NO, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", LONG_ID, nullable=False),
        sa.Column("move", WORD),
        sa.Column("from_state", WORD),
        sa.Column("to_state", WORD, nullable=False),
        sa.Column("note", DOCUMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", LONG_ID),
        sa.Column("before", DOCUMENT),
        sa.PrimaryKeyConstraint("case_no", "seq", name="pk_entries"),
        sa.UniqueConstraint("case_no", "key", name="uq_entries_case_no_key"),
        sa.ForeignKeyConstraint(["case_no"], ["cases.no"], name="fk_entries_case_no_cases"),
    )


def _forbid_changes_of(table: str) -> None:
    """A history that could be rewritten would prove nothing. (Whoever owns the database can
    still drop the triggers; this stops programs, and people who slip.)"""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
