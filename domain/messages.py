"""What crosses the bus. Each message is one of these frozen values in a CloudEvents envelope."""

from datetime import datetime

from domain.answers import CommandAnswered
from domain.base import Utc, Value
from domain.commands import CommandAsked
from domain.evidence import Evidence, MissingEvidence
from domain.health import CameraHealth, CameraLooks, CoverageGap
from domain.held_back import HeldBack
from domain.holding import CameraClaim, Holding
from domain.incident import Incident
from domain.message import Message as Message
from domain.workload import Workload


class _IncidentMessage(Message):
    incident: Incident
    held: Holding | None = None
    """Under what the sender holds the camera; None from a worker that knows no such thing yet."""

    @property
    def name(self) -> str:
        return f"{self.incident.id}:{self.incident.revision}"

    @property
    def subject(self) -> str:
        return self.incident.camera_id

    @property
    def at(self) -> datetime:
        return self.incident.closed_at or self.incident.last_seen_at


class IncidentOpened(_IncidentMessage):
    type = "patrol.incident.opened.v1"


class IncidentUpdated(_IncidentMessage):
    type = "patrol.incident.updated.v1"


class IncidentClosed(_IncidentMessage):
    type = "patrol.incident.closed.v1"


class EvidenceSealed(Message):
    type = "patrol.evidence.sealed.v1"
    evidence: Evidence

    @property
    def name(self) -> str:
        return self.evidence.id

    @property
    def subject(self) -> str:
        return self.evidence.about

    @property
    def at(self) -> datetime:
        return self.evidence.sealed_at


class EvidenceMissed(Message):
    type = "patrol.evidence.missed.v1"
    evidence: MissingEvidence

    @property
    def name(self) -> str:
        return self.evidence.id

    @property
    def subject(self) -> str:
        return self.evidence.about

    @property
    def at(self) -> datetime:
        return self.evidence.at


class CameraHealthChanged(Message):
    type = "patrol.camera.health.v1"
    health: CameraHealth

    @property
    def name(self) -> str:
        return f"{self.health.camera_id}:{self.health.at.isoformat()}"

    @property
    def subject(self) -> str:
        return self.health.camera_id

    @property
    def at(self) -> datetime:
        return self.health.at


class CoverageGapEnded(Message):
    type = "patrol.camera.gap.v1"
    gap: CoverageGap

    @property
    def name(self) -> str:
        return f"{self.gap.camera_id}:{self.gap.from_at.isoformat()}"

    @property
    def subject(self) -> str:
        return self.gap.camera_id

    @property
    def at(self) -> datetime:
        return self.gap.to_at


class RingsHeld(Value):
    """The packets that a worker's rings hold in memory, all cameras together."""

    held_bytes: int
    max_bytes: int
    cut: int = 0
    """Cameras of which less is held than a clip needs, because of `max_bytes`."""


class FindingsHeldBack(Message):
    type = "patrol.findings.held_back.v1"
    held_back: HeldBack

    @property
    def name(self) -> str:
        one = self.held_back
        return ":".join(
            (one.camera_id, one.rule_id, one.zone_id, one.reason, one.from_at.isoformat())
        )

    @property
    def subject(self) -> str:
        return self.held_back.camera_id

    @property
    def at(self) -> datetime:
        return self.held_back.to_at


class CamerasClaimed(Message):
    """A worker begins to watch cameras. The center answers with a `CameraGrant` for each."""

    type = "patrol.cameras.claimed.v1"
    worker_id: str
    book: str
    start: int
    """How often the book was opened: the same claim may come twice, and is granted once."""
    claimed_at: Utc
    cameras: tuple[CameraClaim, ...]
    carried: tuple[str, ...] = ()
    """The incidents of these cameras that the book knows, by id."""

    @property
    def name(self) -> str:
        return f"{self.book}:{self.start}"

    @property
    def subject(self) -> str:
        return self.worker_id

    @property
    def at(self) -> datetime:
        return self.claimed_at


class LooksDone(Message):
    """One worker's looks at all its cameras in one span of time."""

    type = "patrol.looks.done.v1"
    worker_id: str
    from_at: Utc
    to_at: Utc
    cameras: tuple[CameraLooks, ...]
    rings: RingsHeld | None = None
    clock_set_s: float = 0.0
    """By how many seconds the worker's clock was set within this span; both ends are dated by the
    clock as it is now."""
    workload: Workload | None = None
    """What its promises take and its machine has; None while nothing was measured, and from a
    worker that measures nothing yet."""

    @property
    def name(self) -> str:
        return f"{self.worker_id}:{self.to_at.isoformat()}"

    @property
    def subject(self) -> str:
        return self.worker_id

    @property
    def at(self) -> datetime:
        return self.to_at


MESSAGES: dict[str, type[Message]] = {
    message.type: message
    for message in (
        IncidentOpened,
        IncidentUpdated,
        IncidentClosed,
        EvidenceSealed,
        EvidenceMissed,
        CameraHealthChanged,
        CoverageGapEnded,
        FindingsHeldBack,
        CamerasClaimed,
        LooksDone,
        CommandAsked,
        CommandAnswered,
    )
}
"""Every message by its CloudEvents type."""
