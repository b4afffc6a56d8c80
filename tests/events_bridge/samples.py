"""One message of every type, and many of them in a row."""

from datetime import timedelta

from domain.answers import CommandAnswered, PauseHeld, Refusal
from domain.base import Text
from domain.commands import AskedBy, AskerKind, CommandAsked, Pause
from domain.evidence import EvidenceKind
from domain.health import CameraHealth, CameraLooks, CameraStatus, CoverageGap, FaultKind
from domain.held_back import HeldBack, HeldBackReason
from domain.holding import CameraClaim, Holding
from domain.incident import IncidentKind
from domain.messages import (
    CameraHealthChanged,
    CamerasClaimed,
    CoverageGapEnded,
    EvidenceMissed,
    EvidenceSealed,
    FindingsHeldBack,
    IncidentOpened,
    LooksDone,
    Message,
    RingsHeld,
)
from domain.workload import Workload
from tests.builders import (
    NOON,
    closed,
    closed_revision,
    make_evidence,
    make_incident,
    make_missing,
    next_revision,
    opened,
    updated,
)

_INCIDENT = make_incident(
    "inc_01JDCM3J00000000000000000A",
    IncidentKind.CROWDING,
    notice=Text.of("合成画面 (演示)", "Composed picture (demo)"),
)

_LI = AskedBy(kind=AskerKind.PERSON, id="li", name="李(示例)", role="dispatcher")

MESSAGES_OF_EACH_TYPE: tuple[Message, ...] = (
    opened(_INCIDENT, Holding(book="book_01JDCM3J00000000000000000B", epoch=7)),
    updated(next_revision(_INCIDENT)),
    closed(closed_revision(next_revision(_INCIDENT))),
    EvidenceSealed(evidence=make_evidence("evi_1", EvidenceKind.CLIP)),
    EvidenceMissed(evidence=make_missing("evi_2")),
    CameraHealthChanged(
        health=CameraHealth(
            camera_id="gate-1",
            at=NOON,
            status=CameraStatus.OFFLINE,
            since=NOON - timedelta(seconds=12.5),
            fault=FaultKind.UNAUTHORIZED,
            detail="rtsp://admin:***@10.0.0.1/1: 401",
            codec="h264",
            size_wh=(1920, 1080),
            fps=25.0,
            keyframe_every_s=2.0,
            last_packet_at=NOON - timedelta(seconds=13),
            reconnects=3,
        )
    ),
    CoverageGapEnded(
        gap=CoverageGap(
            camera_id="gate-1",
            from_at=NOON - timedelta(hours=1),
            to_at=NOON,
            cause=FaultKind.STALLED,
            detail="no packet for 10 s",
        )
    ),
    FindingsHeldBack(
        held_back=HeldBack(
            camera_id="gate-1",
            rule_id="parking",
            zone_id="kerb",
            reason=HeldBackReason.QUEUE,
            from_at=NOON - timedelta(minutes=2),
            to_at=NOON,
            looks=58,
        )
    ),
    CamerasClaimed(
        worker_id="edge-1",
        book="book_01JDCM3J00000000000000000B",
        start=3,
        claimed_at=NOON,
        cameras=(CameraClaim(camera_id="gate-1", epoch=7), CameraClaim(camera_id="gate-2")),
        carried=(_INCIDENT.id,),
    ),
    CommandAsked(
        id="cmd_01JDCM3J00000000000000000C",
        worker_id="edge-1",
        command=Pause(camera_id="gate-1", reason="杆件检修(示例)"),
        asked_by=_LI,
        asked_at=NOON,
        within_s=15.0,
    ),
    CommandAnswered(
        id="cmd_01JDCM3J00000000000000000C",
        worker_id="edge-1",
        answered_at=NOON + timedelta(seconds=0.4),
        answer=PauseHeld(
            camera_id="gate-1",
            command_id="cmd_01JDCM3J00000000000000000C",
            reason="杆件检修(示例)",
            paused_by=_LI,
            paused_at=NOON + timedelta(seconds=0.3),
        ),
    ),
    LooksDone(
        worker_id="edge-1",
        from_at=NOON - timedelta(seconds=10),
        to_at=NOON,
        cameras=(
            CameraLooks(
                camera_id="gate-1",
                looks=5,
                on_activity=1,
                unchanged=2,
                first=1,
                last_look_at=NOON,
                longest_interval_s=2.04,
                intervals_s=(2.0, 1.96, 2.04, 2.0, 2.0),
                skipped={"overload": 1},
                counts={"person": 3},
                runs_on="cpu fp32, 1 thread (onnxruntime 1.26.0)",
            ),
        ),
        rings=RingsHeld(held_bytes=1_150_000_000, max_bytes=2_147_483_648, cut=0),
        workload=Workload(
            over_s=60.0,
            looks=372,
            unchanged=41,
            look_core_s=0.0726,
            looks_cores=0.45,
            reading_cores=0.65,
            other_cores=0.25,
            idle_cores=0.04,
            cores=2,
            lookers=3,
            busy_share=0.994,
            promises=114,
            kept=0,
            can_keep=24,
            wanted_cores=2.069,
            have_cores=0.453,
        ),
    ),
)

REFUSED = CommandAnswered(
    id="cmd_01JDCM3J00000000000000000D",
    worker_id="edge-1",
    answered_at=NOON,
    refusal=Refusal.NO_PICTURE,
    detail="rtsp://admin:s3cret@10.0.0.1/1: no packet for 12 s",
)


def incident_message(number: int) -> IncidentOpened:
    return opened(make_incident(f"inc_{number:05d}"))


def looks_message(number: int) -> LooksDone:
    at = NOON + timedelta(seconds=10 * number)
    return LooksDone(worker_id="edge-1", from_at=at - timedelta(seconds=10), to_at=at, cameras=())
