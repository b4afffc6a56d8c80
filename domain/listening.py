"""Who listens 在线: a worker's sign that it takes commands, dated by the bus's clock."""

from domain.base import Utc, Value
from domain.place import Id


class Listening(Value):
    """The last sign of one worker."""

    worker_id: Id
    book: str
    program_version: str
    listens: bool = True
    """False: it has said goodbye."""


class WorkerPresence(Value):
    """A worker's last sign, and how old it is by the bus's clock alone."""

    sign: Listening
    said_at: Utc
    silent_s: float
    is_here: bool
    """Whether it listens now: it has not said goodbye, and the sign is not old."""
