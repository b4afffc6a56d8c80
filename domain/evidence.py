"""Evidence 证据: a sealed file, or the plain statement why there is none."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

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
    PHOTO = "photo"
    """Taken by a person, and handed in for a case."""

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
    EvidenceKind.PHOTO: Text.of("照片", "Photo"),
}
_MISSING_TITLES = {
    MissingReason.STORAGE_FULL: Text.of("磁盘已满", "Disk full"),
    MissingReason.STORAGE_FAILED: Text.of("写入失败", "Could not be written"),
    MissingReason.NOT_BUFFERED: Text.of("当时无码流", "No video at that time"),
    MissingReason.SHUTDOWN: Text.of("程序退出", "Program was stopped"),
}


class OfOne(Value):
    """What belongs to one incident, or to one case: an incident's camera made it, or a person
    handed it in for the case."""

    incident_id: str | None = None
    case_no: str | None = None
    camera_id: Id | None = None
    """None for what no camera of ours took."""

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        if (self.incident_id is None) is (self.case_no is None):
            raise ValueError(
                "expected evidence of an incident or of a case, "
                f"got incident_id={self.incident_id!r} and case_no={self.case_no!r}"
            )
        return self

    @property
    def about(self) -> str:
        """The camera that took it, else the case that it was handed in for."""
        return self.camera_id or self.case_no or str(self.incident_id)


class Evidence(OfOne):
    """A sealed file. It lies at `path` below the evidence root and never changes again."""

    id: str
    kind: EvidenceKind
    captured_from: Utc
    captured_to: Utc
    sealed_at: Utc
    media_type: str
    size_bytes: int = Field(ge=0)
    sha256: Sha256
    path: str
    status: Literal["sealed"] = "sealed"


class MissingEvidence(OfOne):
    """Evidence that should be there and is not."""

    id: str
    kind: EvidenceKind
    at: Utc
    reason: MissingReason
    detail: Detail = ""
    status: Literal["missing"] = "missing"


def evidence_id(incident: Incident, kind: EvidenceKind) -> str:
    """The id of the one file of a kind that an opening of an incident should have: the same
    whoever says, and however often, what became of it."""
    return id_of("evi", incident.id, incident.reopened, kind.value)
