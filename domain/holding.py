"""Who holds a camera 持有: the worker's book that tells of it, under a number of the center's.

The center grants each camera to one book at a time, under an epoch that only grows. Whoever
claims it later, with another book, is given the next epoch and what is open; what the former
holder then says of those incidents is refused.
"""

from pydantic import Field

from domain.base import Utc, Value
from domain.incident import Incident
from domain.place import Id


class Holding(Value):
    """Under what a camera is held when something is said of it."""

    book: str
    """The id that the worker's book gave itself when it was begun."""
    epoch: int | None = None
    """None until a center has granted one."""


class CameraClaim(Value):
    """A camera that a worker watches from now on, and the last epoch that its book knows."""

    camera_id: Id
    epoch: int | None = None


class CameraGrant(Value):
    """The center's answer: who holds a camera. Kept on the bus until there is another holder."""

    camera_id: Id
    epoch: int = Field(ge=1)
    worker_id: str
    book: str
    start: int
    """The holder's start that the answer is for."""
    granted_at: Utc
    former: tuple[Holding, ...] = ()
    """The holders before, newest first: one that never heard of its own grant finds it here."""
    incidents: tuple[Incident, ...] = ()
    """What the former holder left: open, or closed not long ago. The new one carries it on."""
