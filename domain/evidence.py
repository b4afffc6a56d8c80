"""Evidence 证据: a sealed file, or the plain statement why there is none."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.base import Detail, Text, Utc, Value
from domain.ids import id_of
from domain.incident import Incident
from domain.place import Id

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class EvidenceKind(StrEnum):
    SNAPSHOT = "snapshot"
    SNAPSHOT_BOXED = "snapshot_boxed"
    CLIP = "clip"
    CLIP_PREVIEW = "clip_preview"

    @property
    def words(self) -> Text:
        return _TITLES[self]


class MissingReason(StrEnum):
    STORAGE_FULL = "storage_full"
    STORAGE_FAILED = "storage_failed"
    NOT_BUFFERED = "not_buffered"
    SHUTDOWN = "shutdown"

    @property
    def words(self) -> Text:
        return _MISSING_TITLES[self]


_TITLES = {
    EvidenceKind.SNAPSHOT: Text.of("快照", "Snapshot"),
    EvidenceKind.SNAPSHOT_BOXED: Text.of("标注快照", "Snapshot with boxes"),
    EvidenceKind.CLIP: Text.of("片段", "Clip"),
    EvidenceKind.CLIP_PREVIEW: Text.of("片段预览 (转码)", "Clip preview (transcoded)"),
}
_MISSING_TITLES = {
    MissingReason.STORAGE_FULL: Text.of("磁盘已满", "Disk full"),
    MissingReason.STORAGE_FAILED: Text.of("写入失败", "Could not be written"),
    MissingReason.NOT_BUFFERED: Text.of("当时无码流", "No video at that time"),
    MissingReason.SHUTDOWN: Text.of("程序退出", "Program was stopped"),
}


class Evidence(Value):
    """A sealed file. It lies at `path` below the evidence root and never changes again."""

    id: str
    kind: EvidenceKind
    incident_id: str
    camera_id: Id
    captured_from: Utc
    captured_to: Utc
    sealed_at: Utc
    media_type: str
    size_bytes: int = Field(ge=0)
    sha256: Sha256
    path: str
    status: Literal["sealed"] = "sealed"


class MissingEvidence(Value):
    """Evidence that should be there and is not."""

    id: str
    kind: EvidenceKind
    incident_id: str
    camera_id: Id
    at: Utc
    reason: MissingReason
    detail: Detail = ""
    status: Literal["missing"] = "missing"


def evidence_id(incident: Incident, kind: EvidenceKind) -> str:
    """The id of the one file of a kind that an opening of an incident should have: the same
    whoever says, and however often, what became of it."""
    return id_of("evi", incident.id, incident.reopened, kind.value)
