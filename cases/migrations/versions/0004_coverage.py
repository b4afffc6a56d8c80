"""Looks done and missed, by camera and hour."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "coverage",
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("hour", TIME, nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("longest_interval_s", sa.Double()),
        sa.Column("missed", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "hour", name="pk_coverage"),
    )
    op.create_index("ix_coverage_hour", "coverage", ["hour"])
    op.create_table(
        "looks_pages",
        sa.Column("worker_id", sa.String(128), nullable=False),
        sa.Column("to_at", TIME, nullable=False),
        sa.Column("taken_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("worker_id", "to_at", name="pk_looks_pages"),
    )
