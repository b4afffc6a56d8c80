"""What each worker's promises take, and what its machine has for them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "workloads",
        sa.Column("worker_id", sa.String(128), nullable=False),
        sa.Column("to_at", TIME, nullable=False),
        sa.Column("taken_at", TIME, nullable=False),
        sa.Column("workload", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name="pk_workloads"),
    )
