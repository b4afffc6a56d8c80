"""By when each stage is due, and by which permit a case is void."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)
_LIMITS_S = {
    "filed": 900,
    "returned": 900,
    "reopened": 900,
    "dispatched": 1800,
    "accepted": 14400,
    "handling": 14400,
    "rework": 14400,
    "feedback": 7200,
    "verifying": 7200,
}
"""The defaults at this revision; the settings rule from the next move on."""
_CASES = sa.table(
    "cases",
    sa.column("no", sa.String()),
    sa.column("state", sa.String()),
    sa.column("verdict", sa.String()),
    sa.column("updated_at", TIME),
    sa.column("review_due_at", TIME),
    sa.column("due_at", TIME),
)


def upgrade() -> None:
    op.add_column("cases", sa.Column("due_at", TIME))
    op.add_column("cases", sa.Column("permit_no", sa.String(64)))
    op.add_column("cases", sa.Column("permit_until", TIME))
    op.create_index("ix_cases_due", "cases", ["priority", "due_at", "no"])
    op.create_index("ix_cases_due_at", "cases", ["due_at"])
    _give_open_cases_their_time()


def _give_open_cases_their_time() -> None:
    """Of a stage that has begun only the last change is kept as a time; it counts from there."""
    cases = _CASES.c
    unreviewed = sa.and_(cases.verdict.is_(None), cases.state.in_(list(_LIMITS_S)))
    in_review = sa.or_(cases.state.in_(["alert", "pending_review"]), unreviewed)
    due = sa.func.coalesce(cases.review_due_at, cases.updated_at)
    op.execute(sa.update(_CASES).where(in_review).values(due_at=due))
    in_work = sa.select(cases.no, cases.state, cases.updated_at).where(
        cases.verdict.is_not(None), cases.state.in_(list(_LIMITS_S))
    )
    connection = op.get_bind()
    for no, state, since in connection.execute(in_work).all():
        due_at = since + timedelta(seconds=_LIMITS_S[state])
        connection.execute(sa.update(_CASES).where(cases.no == no).values(due_at=due_at))
