"""Small, complete values for tests: incidents, evidence, a grid plan, sites, cameras.

Every builder gives something valid and takes the fields a test cares about by name.
All places are made up.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.actor import Actor
from domain.base import Text
from domain.case import CaseSource, Permit
from domain.duty import DutyClass
from domain.evidence import Evidence, EvidenceKind, MissingEvidence, MissingReason
from domain.geometry import Box, Point
from domain.holding import Holding
from domain.incident import (
    CloseReason,
    Incident,
    IncidentKind,
    IncidentState,
    LabelledBox,
    ModelRef,
)
from domain.messages import IncidentClosed, IncidentOpened, IncidentUpdated
from domain.place import CameraInfo, Grid, GridLevel, GridPlan, Site
from domain.report import Report

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""12:00:00 in the town on 2026-11-23."""

LI, WANG = Actor.person("li", Text.of("李", "Li")), Actor.person("wang", Text.of("王", "Wang"))
"""Two who decide."""

PERMIT = Permit(no="城管许〔2026〕12 号", until=datetime(2026, 12, 31, 10, 0, tzinfo=UTC))
"""An approval until 18:00 in the town on the last day of 2026."""

WEST, MIDDLE, EAST = 103.88, 103.90, 103.92
SOUTH, CENTRE, NORTH = 30.49, 30.51, 30.53


def rectangle(west: float, south: float, east: float, north: float) -> tuple[Point, ...]:
    return ((west, south), (east, south), (east, north), (west, north))


def make_plan(version: str = "test-1", *, valid_from: datetime | None = None) -> GridPlan:
    """Two level-1 grids west and east, two level-2 grids south and north across both, and one
    micro-grid in the south-west. Nothing lies outside 103.88-103.92 E, 30.49-30.53 N."""
    return GridPlan(
        version=version,
        valid_from=valid_from or datetime(2026, 1, 1, tzinfo=UTC),
        synthetic=True,
        grids=(
            _grid("hs-1", GridLevel.FIRST, "空港花田网格", rectangle(WEST, SOUTH, MIDDLE, NORTH)),
            _grid("hs-3", GridLevel.FIRST, "川藏路网格", rectangle(MIDDLE, SOUTH, EAST, NORTH)),
            _grid("c-01", GridLevel.SECOND, "示例社区01", rectangle(WEST, SOUTH, EAST, CENTRE)),
            _grid("c-02", GridLevel.SECOND, "示例社区02", rectangle(WEST, CENTRE, EAST, NORTH)),
            _grid(
                "m-011", GridLevel.THIRD, "示例微网格011", rectangle(WEST, SOUTH, MIDDLE, CENTRE)
            ),
        ),
    )


def _grid(grid_id: str, level: GridLevel, name: str, polygon: tuple[Point, ...]) -> Grid:
    return Grid(id=grid_id, level=level, name=Text.of(name, f"Grid {grid_id}"), polygon=polygon)


def make_sites() -> tuple[Site, ...]:
    """One in the south-west (three levels), one in the north-east (two), one on no grid."""
    return (
        _site("s-1", "示例路口", 103.89, 30.50),
        _site("s-2", "示例广场", 103.91, 30.52),
        _site("s-3", "镇外示例点", 104.50, 31.00),
    )


def _site(site_id: str, name: str, lon: float, lat: float) -> Site:
    return Site(
        id=site_id,
        name=Text.of(name, f"Sample {site_id}"),
        address=Text.of(f"{name} 1 号", f"1 Sample {site_id}"),
        lon=lon,
        lat=lat,
    )


def make_cameras() -> tuple[CameraInfo, ...]:
    """gate-1 and gate-2 at s-1, square-1 at s-2, far-1 at s-3."""
    return tuple(
        CameraInfo(
            id=camera_id,
            name=Text.of(name, camera_id),
            site_id=site_id,
            gb_id=f"5101160000132000{number:04d}",
        )
        for number, (camera_id, name, site_id) in enumerate(
            (
                ("gate-1", "路口东", "s-1"),
                ("gate-2", "路口西", "s-1"),
                ("square-1", "广场全景", "s-2"),
                ("far-1", "镇外", "s-3"),
            ),
            start=1,
        )
    )


_EXPLANATIONS = {
    IncidentKind.FIRE: Text.of(
        "5 次巡看中 4 次见火焰, 历时 3.2 s", "Flames in 4 of 5 looks, for 3.2 s"
    ),
    IncidentKind.ROAD_OCCUPATION: Text.of("车辆静止停留 31 s", "A vehicle stood for 31 s"),
    IncidentKind.CROWDING: Text.of("18 人, 持续 60 s", "18 people for 60 s"),
}
_LABELS = {
    IncidentKind.FIRE: "flame",
    IncidentKind.ROAD_OCCUPATION: "car",
    IncidentKind.CROWDING: "person",
}


def make_incident(
    incident_id: str = "inc_1",
    kind: IncidentKind = IncidentKind.ROAD_OCCUPATION,
    *,
    at: datetime = NOON,
    **changes: Any,
) -> Incident:
    """An open incident at revision 1, first seen 31 s before `at`; any field by name."""
    fields: dict[str, Any] = {
        "id": incident_id,
        "revision": 1,
        "state": IncidentState.OPEN,
        "kind": kind,
        "camera_id": "gate-1",
        "rule_id": kind.value,
        "rule_version": "r1",
        "zone_id": "frame",
        "zone": ((0.1, 0.4), (0.6, 0.4), (0.6, 1.0), (0.1, 1.0)),
        "first_seen_at": at - timedelta(seconds=31),
        "opened_at": at,
        "last_seen_at": at,
        "score": 0.82,
        "count": 18 if kind is IncidentKind.CROWDING else None,
        "looks": 16,
        "hits": 15,
        "explanation": _EXPLANATIONS[kind],
        "boxes": (
            LabelledBox(label=_LABELS[kind], score=0.82, box=Box(x1=0.2, y1=0.5, x2=0.4, y2=0.8)),
        ),
        "model": ModelRef(name="test-model", sha256="ab" * 32),
    }
    return Incident.model_validate({**fields, **changes})


def next_revision(incident: Incident, *, seconds: float = 10, **changes: Any) -> Incident:
    """The same incident, seen again `seconds` later; any field by name."""
    later = {
        "revision": incident.revision + 1,
        "last_seen_at": incident.last_seen_at + timedelta(seconds=seconds),
    }
    return incident.model_copy(update={**later, **changes})


def closed_revision(
    incident: Incident, *, seconds: float = 30, reason: CloseReason = CloseReason.GONE
) -> Incident:
    """The same incident, closed `seconds` after it was last seen."""
    return incident.model_copy(
        update={
            "revision": incident.revision + 1,
            "state": IncidentState.CLOSED,
            "closed_at": incident.last_seen_at + timedelta(seconds=seconds),
            "close_reason": reason,
        }
    )


def reopened_revision(incident: Incident, *, seconds: float = 60) -> Incident:
    """The same closed incident, seen again `seconds` after it was last seen."""
    return incident.model_copy(
        update={
            "revision": incident.revision + 1,
            "state": IncidentState.OPEN,
            "closed_at": None,
            "close_reason": None,
            "reopened": incident.reopened + 1,
            "last_seen_at": incident.last_seen_at + timedelta(seconds=seconds),
        }
    )


def opened(incident: Incident, held: Holding | None = None) -> IncidentOpened:
    return IncidentOpened(incident=incident, held=held)


def updated(incident: Incident, held: Holding | None = None) -> IncidentUpdated:
    return IncidentUpdated(incident=incident, held=held)


def closed(incident: Incident, held: Holding | None = None) -> IncidentClosed:
    return IncidentClosed(incident=incident, held=held)


def make_report(**changes: Any) -> Report:
    """A heap of rubbish that a citizen saw beside the sample junction; any field by name."""
    fields: dict[str, Any] = {
        "source": CaseSource.SNAP,
        "title": "垃圾成堆",
        "description": "菜市场门口垃圾成堆\n已有两天",
        "duty_class": DutyClass.ENVIRONMENT,
        "lon": 103.8901,
        "lat": 30.5001,
        "address": "示例路 8 号",
    }
    return Report.model_validate({**fields, **changes})


def make_evidence(
    evidence_id: str = "evi_1",
    kind: EvidenceKind = EvidenceKind.SNAPSHOT,
    *,
    incident_id: str | None = "inc_1",
    at: datetime = NOON,
    **changes: Any,
) -> Evidence:
    """A sealed file's record; the file itself is the test's business."""
    sha256 = hashlib.sha256(evidence_id.encode()).hexdigest()
    clip = kind in (EvidenceKind.CLIP, EvidenceKind.CLIP_PREVIEW)
    suffix, media_type = (".mp4", "video/mp4") if clip else (".jpg", "image/jpeg")
    fields: dict[str, Any] = {
        "id": evidence_id,
        "kind": kind,
        "incident_id": incident_id,
        "camera_id": "gate-1",
        "captured_from": at - timedelta(seconds=10) if clip else at,
        "captured_to": at + timedelta(seconds=10) if clip else at,
        "sealed_at": at + timedelta(seconds=11 if clip else 1),
        "media_type": media_type,
        "size_bytes": 1_000,
        "sha256": sha256,
        "path": f"{sha256[:2]}/{sha256}{suffix}",
    }
    return Evidence.model_validate({**fields, **changes})


def make_missing(
    evidence_id: str = "evi_2",
    kind: EvidenceKind = EvidenceKind.CLIP,
    *,
    incident_id: str = "inc_1",
    at: datetime = NOON,
    **changes: Any,
) -> MissingEvidence:
    fields: dict[str, Any] = {
        "id": evidence_id,
        "kind": kind,
        "incident_id": incident_id,
        "camera_id": "gate-1",
        "at": at,
        "reason": MissingReason.STORAGE_FULL,
        "detail": "No space left on device",
    }
    return MissingEvidence.model_validate({**fields, **changes})
