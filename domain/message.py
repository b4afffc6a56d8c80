"""A message: what crosses the bus, whichever way."""

from datetime import datetime
from typing import ClassVar

from domain.base import Value


class Message(Value):
    """A message knows its CloudEvents type, its subject, its time, and a name that is the same
    each time the same news is sent (so that consumers can be idempotent)."""

    type: ClassVar[str]

    @property
    def name(self) -> str:
        raise NotImplementedError

    @property
    def subject(self) -> str:
        raise NotImplementedError

    @property
    def at(self) -> datetime:
        raise NotImplementedError
