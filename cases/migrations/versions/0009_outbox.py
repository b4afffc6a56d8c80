"""The outbox of the center: what changed, and how far its readers have come."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TIME = sa.DateTime(timezone=True)
LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", LONG, sa.Identity(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("case_no", sa.String(32)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("camera_id", sa.String(64)),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outbox_readers",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("cursor", LONG, nullable=False),
        sa.Column("marked_at", TIME, nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_outbox_readers"),
    )
