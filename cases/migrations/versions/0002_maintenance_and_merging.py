"""Maintenance cases, and several incidents in one case."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "maintenance",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("fault", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("closed_at", TIME),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance"),
    )
    op.create_index("ix_maintenance_camera_id", "maintenance", ["camera_id", "closed_at"])
    op.create_index("ix_maintenance_closed_at", "maintenance", ["closed_at"])
    op.add_column("incidents", sa.Column("case_no", sa.String(32)))
    op.create_index("ix_incidents_case_no", "incidents", ["case_no"])
    op.execute(
        "UPDATE incidents SET case_no = "
        "(SELECT cases.no FROM cases WHERE cases.incident_id = incidents.id)"
    )
