"""What rules held back, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.String(64)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "held_back",
        sa.Column("camera_id", ID, nullable=False),
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("zone_id", ID, nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("from_at", TIME, nullable=False),
        sa.Column("to_at", TIME, nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "camera_id", "rule_id", "zone_id", "reason", "from_at", name="pk_held_back"
        ),
    )
    op.create_index("ix_held_back_to_at", "held_back", ["to_at"])
