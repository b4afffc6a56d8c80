"""Slices of the configuration: what a part of the program is handed instead of the whole."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cases.case_settings import CaseSettings
from console.console_settings import ConsoleSettings
from domain.place import CameraInfo, GridPlan, Site
from events_bridge.bus_settings import BusSettings
from evidence.evidence_settings import EvidenceSettings
from models.detector_settings import DetectorSettings
from settings.approvals import Withheld
from settings.camera import Camera
from settings.townfile import WorkerSettings
from streams.stream_settings import StreamSettings
from vision.attention_speed import AttentionSettings
from vision.first_look import FirstLookSettings
from vision.look_step import LookSettings
from vision.picture.diagnosis import PictureSettings
from vision.picture.unchanged import UnchangedSettings
from vision.second_look.taking import SecondLookSettings


@dataclass(frozen=True, slots=True)
class WorkerShare:
    """One worker's part of the town: its cameras, and how they are read, looked at and kept."""

    id: str
    dir: Path
    """Where it keeps its book and what it learned."""
    settings: WorkerSettings
    cameras: tuple[Camera, ...]
    """Those that are its own and enabled; there may be none."""
    timezone: ZoneInfo
    bus: BusSettings
    models_dir: Path
    detector: DetectorSettings
    streams: StreamSettings
    picture: PictureSettings
    second_look: SecondLookSettings
    attention: AttentionSettings
    unchanged_looks: UnchangedSettings
    first_looks: FirstLookSettings
    evidence: EvidenceSettings
    evidence_dir: Path

    @property
    def looking(self) -> LookSettings:
        """How each camera is looked at, by whoever looks: a worker, a replay."""
        return LookSettings(
            self.picture,
            self.attention,
            self.second_look,
            self.unchanged_looks,
            self.first_looks,
        )

    def withheld_at(self, at: datetime) -> Iterator[Withheld]:
        """The enabled rules of its cameras that are off for want of an approval."""
        for camera in self.cameras:
            yield from camera.withheld_at(at)


@dataclass(frozen=True, slots=True)
class CenterTown:
    """The town as its center sees it: what is promised of which camera by which worker, and how
    cases are kept and shown. No camera's address is in it."""

    sites: tuple[Site, ...]
    cameras: tuple[CameraInfo, ...]
    """All that are enabled, whichever worker they have."""
    grids: GridPlan | None
    data_dir: Path
    bus: BusSettings
    database_url: str = field(repr=False)
    cases: CaseSettings
    console: ConsoleSettings
    evidence_dir: Path
    evidence_min_free_bytes: int
