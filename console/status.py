"""What the program says about itself: given by the wiring, shown by ``/api/health``."""

from domain.base import Detail, Text, Utc, Value


class PartStatus(Value):
    """One part of the program: the bus, a worker, the disk …"""

    name: str
    """For machines, such as ``bus``."""
    words: Text
    ok: bool
    detail: Detail = ""
    """What is wrong, or a figure; never a secret."""


class SystemStatus(Value):
    """All parts the wiring can see, at one moment."""

    at: Utc
    version: str
    started_at: Utc
    parts: tuple[PartStatus, ...] = ()

    @property
    def ok(self) -> bool:
        return all(part.ok for part in self.parts)
