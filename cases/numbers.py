"""Case numbers: HS-20261123-0001, counted from 1 on each day of the town.

The day is the one the center made the case on, not the one the incident opened on: numbers then
only ever grow, and a day that is over never gets another case slipped in.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from cases.case_settings import CaseSettings

# One statement, so that the database orders those who count at once; the row stays locked until
# the commit, so that a number whose case was rolled back is given again and none is missing.
_NEXT = text(
    "INSERT INTO case_numbers (day, last) VALUES (:day, 1) "
    "ON CONFLICT (day) DO UPDATE SET last = case_numbers.last + 1 RETURNING last"
)


def next_number(session: Session, settings: CaseSettings, at: datetime) -> str:
    """The next free case number of the town's day at `at`."""
    day = at.astimezone(settings.zone).strftime("%Y%m%d")
    number: int = session.execute(_NEXT, {"day": day}).scalar_one()
    return f"{settings.number_prefix}-{day}-{number:04d}"
