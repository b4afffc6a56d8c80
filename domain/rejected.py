"""Rejected places 误报点位: where dispatchers found that a rule had been fooled, so that the same
thing at the same place is not told of again for a week.

The center tells of each camera all that is rejected now, never what changed: a rejection that is
undone, or a week old, is simply not in the next list, and a worker that missed some lacks nothing.
"""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from domain.base import Utc, Value
from domain.incident import LabelledBox
from domain.place import Id

REMEMBERED_FOR = timedelta(days=7)
"""After so long the same thing is told of again: somebody has to find anew that it is nothing."""
MOST_OF_CAMERA = 32
"""Rejected incidents of one camera that are told, the newest."""


class RejectedIncident(Value):
    """An incident whose case was found to be false."""

    incident_id: str = Field(max_length=128)
    case_no: str = Field(max_length=64)
    rule_id: Id
    zone_id: Id
    score: float = Field(ge=0, le=1)
    """At its oldest revision, like the boxes."""
    boxes: tuple[LabelledBox, ...] = Field(max_length=100)
    rejected_at: Utc


class RejectedPlaces(Value):
    """All that is rejected on one camera."""

    version: Literal[1] = 1
    camera_id: Id
    incidents: tuple[RejectedIncident, ...] = Field(default=(), max_length=MOST_OF_CAMERA)
