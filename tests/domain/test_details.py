"""What goes out in words, by whatever door, holds no password."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from console.status import PartStatus
from domain.base import Text
from domain.errors import BusUnavailable, MoveRefused, PatrolError, StreamRefused
from domain.evidence import EvidenceKind, MissingEvidence, MissingReason
from domain.health import CameraHealth, CameraStatus, CoverageGap, FaultKind
from domain.maintenance import MaintenanceCase
from events_bridge.bus_settings import BusSettings
from streams.probe import ProbeReport

AT = datetime(2026, 11, 29, tzinfo=UTC)
SAID = "cannot open rtsp：//admin:Zq7x@192.0.2.1/main"
MASKED = "cannot open rtsp：//admin:***@192.0.2.1/main"


@pytest.mark.parametrize("kind", [PatrolError, StreamRefused, BusUnavailable, MoveRefused])
def test_no_error_of_ours_shows_a_password(kind: type[PatrolError]) -> None:
    error = kind(SAID)
    assert str(error) == MASKED
    assert "Zq7x" not in repr(error)


@pytest.mark.parametrize(
    "value",
    [
        CameraHealth(
            camera_id="gate", at=AT, since=AT, status=CameraStatus.OFFLINE, detail=SAID
        ),
        CoverageGap(
            camera_id="gate", from_at=AT, to_at=AT, cause=FaultKind.REFUSED, detail=SAID
        ),
        MissingEvidence(
            id="e", kind=EvidenceKind.CLIP, incident_id="i", camera_id="gate", at=AT,
            reason=MissingReason.STORAGE_FAILED, detail=SAID,
        ),
        MaintenanceCase(
            id="m", camera_id="gate", fault=FaultKind.REFUSED, detail=SAID, since=AT,
            opened_at=AT, last_at=AT,
        ),
        PartStatus(name="bus", words=Text.of("总线", "bus"), ok=False, detail=SAID),
        ProbeReport(url="rtsp://192.0.2.1/", detail=SAID),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_no_message_carries_a_password(value) -> None:  # type: ignore[no-untyped-def]
    assert value.detail == MASKED
    assert "Zq7x" not in value.model_dump_json() + repr(value)


def test_a_refused_setting_does_not_quote_what_came() -> None:
    with pytest.raises(ValidationError) as refused:
        BusSettings.model_validate(
            {"url": "redis://:Zq7x@bus", "answer_timeout_s": "redis://:Zq7x@b"}
        )
    assert "Zq7x" not in str(refused.value)
