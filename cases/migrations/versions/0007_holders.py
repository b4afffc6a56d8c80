"""Who holds each camera, and what is known of incidents without reading them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TIME = sa.DateTime(timezone=True)
FILL = {
    "sqlite": """
        UPDATE incidents SET
            camera_id = json_extract(document, '$.camera_id'),
            rule_id = json_extract(document, '$.rule_id'),
            zone_id = json_extract(document, '$.zone_id'),
            ended_at = replace(replace(json_extract(document, '$.closed_at'), 'T', ' '), 'Z', '')
    """,
    "postgresql": """
        UPDATE incidents SET
            camera_id = document->>'camera_id',
            rule_id = document->>'rule_id',
            zone_id = document->>'zone_id',
            ended_at = (document->>'closed_at')::timestamptz
    """,
}


def upgrade() -> None:
    op.create_table(
        "holders",
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.String(128), nullable=False),
        sa.Column("book", sa.String(128), nullable=False),
        sa.Column("granted_start", sa.Integer(), nullable=False),
        sa.Column("granted_at", TIME, nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("claimed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "epoch", name="pk_holders"),
    )
    for name in ("camera_id", "rule_id", "zone_id"):
        op.add_column("incidents", sa.Column(name, sa.String(64)))
    op.add_column("incidents", sa.Column("ended_at", TIME))
    op.add_column("incidents", sa.Column("epoch", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("incidents", sa.Column("book", sa.String(128)))
    op.add_column("incidents", sa.Column("superseded_by", sa.String(128)))
    op.execute(FILL[op.get_bind().dialect.name])
    op.create_index("ix_incidents_camera_id", "incidents", ["camera_id", "ended_at"])
