"""By how much the clock of the worker that looked was set."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "coverage", sa.Column("clock_set_s", sa.Double(), nullable=False, server_default="0")
    )
