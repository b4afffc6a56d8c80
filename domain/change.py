"""What changed, for whoever follows: the center's outbox holds these."""

from enum import StrEnum

from domain.base import Utc, Value


class ChangeKind(StrEnum):
    OPENED = "opened"
    MOVED = "moved"
    UPDATED = "updated"
    EVIDENCE = "evidence"
    CAMERA = "camera"


class CaseChange(Value):
    """One thing that changed; whoever wants more asks for the case."""

    what: ChangeKind
    no: str | None
    """None for a camera."""
    version: int
    """The case's version; 0 for a camera."""
    camera_id: str | None
    at: Utc

    @property
    def subject(self) -> str:
        return self.no or f"camera:{self.camera_id}"
