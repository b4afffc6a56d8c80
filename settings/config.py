"""The configuration: what a town's file says, with everything filled in that it leaves open.

`settings.loading` reads it. A part of the program is not handed the whole: a worker gets its
`WorkerShare`, the center its `CenterTown`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cases.case_settings import CaseSettings
from console.console_settings import ConsoleSettings
from domain.errors import ConfigurationError
from domain.place import GridPlan, Site
from events_bridge.bus_settings import BusSettings
from evidence.evidence_settings import EvidenceSettings
from models.detector_settings import DetectorSettings
from settings.approvals import Approvals, Withheld
from settings.camera import Camera, resolved
from settings.sharing import Sharing
from settings.slices import CenterTown, WorkerShare
from settings.townfile import Defaults, ShareSettings, TownFile, TownSettings, WorkerSettings
from streams.stream_settings import StreamSettings
from vision.attention_speed import AttentionSettings
from vision.first_look import FirstLookSettings
from vision.look_step import LookSettings
from vision.picture.diagnosis import PictureSettings
from vision.picture.unchanged import UnchangedSettings
from vision.second_look.taking import SecondLookSettings

WORKER_VARIABLE = "PATROL_WORKER"
"""Names the worker that a machine is, for `patrol worker` and for its health check."""
CLIP_WRITING_S = 5.0
"""What writing, hashing and sealing a clip may take after its last packet has come."""


@dataclass(frozen=True)
class Configuration:
    """Everything that a town's file means. Nothing in it is still to be filled in."""

    town: TownSettings
    data_dir: Path
    bus: BusSettings
    database_url: str = field(repr=False)
    detector: DetectorSettings
    """With built engines kept in the data directory."""
    streams: StreamSettings
    picture: PictureSettings
    second_look: SecondLookSettings
    attention: AttentionSettings
    unchanged_looks: UnchangedSettings
    first_looks: FirstLookSettings
    evidence: EvidenceSettings
    evidence_dir: Path
    cases: CaseSettings
    """Cases, numbered by the town's own days."""
    console: ConsoleSettings
    """The console, with the town's name and time, and clips expected when they are due."""
    each_worker: WorkerSettings
    """What holds for each worker; who they are is in `worker_ids`."""
    defaults: Defaults
    approvals: Approvals
    grids: GridPlan | None
    """None while the town has drawn none."""
    sites: tuple[Site, ...]
    cameras: tuple[Camera, ...]
    worker_ids: tuple[str, ...]
    """All workers of the town, in the file's order."""
    shares: Mapping[str, ShareSettings]
    """What the file says of each worker; nothing where it names none."""

    @classmethod
    def of(
        cls,
        file: TownFile | Mapping[str, Any],
        *,
        data_dir: Path | None = None,
        port: int | None = None,
    ) -> "Configuration":
        """What a file means; `data_dir` and the console's `port` override its own.

        Raises:
            ValidationError: a mapping that is none of a town's file.
        """
        file = file if isinstance(file, TownFile) else TownFile.model_validate(file)
        data_dir = (data_dir or file.data_dir).absolute()
        evidence_dir = file.evidence.root or data_dir / "evidence"
        sharing = Sharing(file)
        return cls(
            town=file.town,
            data_dir=data_dir,
            bus=file.bus,
            database_url=_database_url(file, data_dir),
            detector=_detector(file, data_dir),
            streams=file.streams,
            picture=file.picture,
            second_look=file.second_look,
            attention=file.attention,
            unchanged_looks=file.unchanged_looks,
            first_looks=file.first_looks,
            evidence=file.evidence.model_copy(update={"root": evidence_dir}),
            evidence_dir=evidence_dir,
            cases=file.cases.model_copy(update={"timezone": file.town.timezone}),
            console=_console(file, port),
            each_worker=file.worker,
            defaults=file.defaults,
            approvals=file.approvals,
            grids=file.grids,
            sites=file.sites,
            cameras=tuple(resolved(file, each, sharing.worker_of(each)) for each in file.cameras),
            worker_ids=sharing.worker_ids,
            shares=file.workers,
        )

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

    @property
    def enabled_cameras(self) -> tuple[Camera, ...]:
        return tuple(camera for camera in self.cameras if camera.enabled)

    def camera(self, camera_id: str) -> Camera:
        """One camera. Raises ConfigurationError, which names them all."""
        for camera in self.cameras:
            if camera.id == camera_id:
                return camera
        known = ", ".join(camera.id for camera in self.cameras) or "none configured"
        raise ConfigurationError(f"expected a camera id ({known}), got {camera_id!r}")

    def withheld_at(self, at: datetime) -> list[Withheld]:
        """The enabled rules of enabled cameras that are off for want of an approval."""
        return [off for camera in self.enabled_cameras for off in camera.withheld_at(at)]

    @property
    def models_dir(self) -> Path:
        return self.data_dir / "models"

    @property
    def bus_dir(self) -> Path:
        return self.data_dir / "bus"

    @property
    def workers_dir(self) -> Path:
        """Where each worker has a folder of its own."""
        return self.data_dir / "worker"

    def share(self, worker_id: str | None = None) -> WorkerShare:
        """What one worker needs: its cameras, and what holds for all.

        Raises:
            ConfigurationError: no such worker, or none was named and there are several.
        """
        worker_id = self._known_worker(worker_id)
        said = self.shares.get(worker_id)
        lookers = {"lookers": said.lookers} if said and said.lookers else {}
        return WorkerShare(
            id=worker_id,
            dir=self.workers_dir / worker_id,
            settings=self.each_worker.model_copy(update={"id": worker_id, **lookers}),
            cameras=tuple(c for c in self.enabled_cameras if c.worker_id == worker_id),
            timezone=self.town.zone,
            bus=self.bus,
            models_dir=self.models_dir,
            detector=self.detector,
            streams=self.streams,
            picture=self.picture,
            second_look=self.second_look,
            attention=self.attention,
            unchanged_looks=self.unchanged_looks,
            first_looks=self.first_looks,
            evidence=self.evidence,
            evidence_dir=self.evidence_dir,
        )

    @property
    def center(self) -> CenterTown:
        """What the center needs: the whole town as it is promised, and how it is kept."""
        return CenterTown(
            sites=self.sites,
            cameras=tuple(camera.info for camera in self.enabled_cameras),
            grids=self.grids,
            data_dir=self.data_dir,
            bus=self.bus,
            database_url=self.database_url,
            cases=self.cases,
            console=self.console,
            evidence_dir=self.evidence_dir,
            evidence_min_free_bytes=self.evidence.min_free_bytes,
        )

    def _known_worker(self, worker_id: str | None) -> str:
        known = ", ".join(self.worker_ids)
        if worker_id is None and len(self.worker_ids) > 1:
            raise ConfigurationError(f"expected --id with one of the file's workers ({known})")
        if worker_id is not None and worker_id not in self.worker_ids:
            raise ConfigurationError(
                f"expected one of the file's workers ({known}), got {worker_id!r}"
            )
        return worker_id or self.worker_ids[0]


def _database_url(file: TownFile, data_dir: Path) -> str:
    if file.database.url is not None:
        return file.database.url.get_secret_value()
    return f"sqlite:///{data_dir / 'patrol.db'}"


def _detector(file: TownFile, data_dir: Path) -> DetectorSettings:
    engines_dir = file.detector.engines_dir or data_dir / "engines"
    return file.detector.model_copy(update={"engines_dir": engines_dir})


def _console(file: TownFile, port: int | None) -> ConsoleSettings:
    derived = {
        "timezone": file.town.timezone,
        "town": file.town.name,
        "clip_expected_s": file.evidence.post_roll_s + CLIP_WRITING_S,
        "port": file.console.port if port is None else port,
    }
    return file.console.model_copy(update=derived)
