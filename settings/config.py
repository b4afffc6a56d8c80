"""The whole configuration: every package's own settings, composed, and what binds them.

The file's form is in `docs/configuration.md`. `load` gives a frozen `Configuration` or all the
problems at once, each with file, line and key.
"""

import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from cases.settings import CaseSettings
from console.settings import ConsoleSettings
from domain.base import Settings, Text
from domain.masking import holds_secret
from domain.place import CameraInfo, GbId, GridPlan, Id, Site
from domain.words import shown
from events_bridge.settings import BusSettings
from evidence.settings import EvidenceSettings
from models.settings import DetectorSettings
from settings.approvals import Approvals, Withheld, approval_of, may_watch, withheld
from streams.address import CameraAddress
from streams.settings import RtspReader, RtspTransport, StreamSettings
from vision.attention_speed import AttentionSettings
from vision.look_step import LookSettings
from vision.picture.diagnosis import PictureSettings
from vision.schedule import Window, is_on
from vision.second_look.taking import SecondLookSettings
from vision.settings import RulesSettings, ZoneSettings

DEFAULT_DATA_DIR = Path("patrol-data")
CLIP_WRITING_S = 5.0
"""What writing, hashing and sealing a clip may take after its last packet has come."""
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<fallback>[^}]*))?\}")


class TownSettings(Settings):
    """Whose cameras these are."""

    name: Text = Text.of("示例镇", "Example town")
    timezone: str = "Asia/Shanghai"
    """The zone of display, schedules and case numbers. Everything else is UTC."""

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (
            ZoneInfoNotFoundError,
            ValueError,
            OSError,
        ) as error:  # a folder of zones, a long name
            raise ValueError(
                f"expected a time zone such as Asia/Shanghai, got {shown(name)}"
            ) from error
        return name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class DatabaseSettings(Settings):
    """Where cases are kept."""

    url: SecretStr | None = None
    """An SQLAlchemy URL; none means SQLite below the data directory."""


class WorkerSettings(Settings):
    """One edge worker 小脑."""

    id: Id = "edge-1"
    lookers: int = Field(default=3, ge=1, le=64)
    """Threads that look; one decodes while another detects (default 3)."""
    early_share: float = Field(default=0.1, ge=0, le=1)
    """So many looks more, as a share of those that are promised, are taken early where packets are
    suddenly larger than usual, while nothing is overdue (default 0.1); 0: none."""
    kept_looks_bytes: int = Field(default=4 * 1024 * 1024, ge=0)
    """What detectors saw is kept for `patrol rules replay`, without pictures: for each camera a
    file of this size and one older (default 4 MiB, 12 h of looks every 4 s with 10 boxes); 0:
    none."""
    kept_looks_s: float = Field(default=259_200.0, gt=0)
    """A file is set aside, and the older one lost, when its first look is so old (3 days)."""


class LookHours(Window):
    """Another coverage promise for some hours of the week."""

    look_every_s: float = Field(gt=0)
    """The promise in these hours: at least one look in this many seconds."""


class Defaults(Settings):
    """What a camera gets unless it says otherwise."""

    look_every_s: float = Field(default=2.0, gt=0)
    """The coverage promise: at least one look in this many seconds."""
    look_hours: tuple[LookHours, ...] = ()
    """Other promises for hours of the week, in the town's time: the first that holds counts, and
    outside of them `look_every_s`."""
    risk: float = Field(default=1.0, gt=0, le=100)
    """Who suffers less when there is more to look at than time: 2 is stretched half as much as 1.
    The same for all stretches all alike (default 1)."""
    rules: RulesSettings = Field(default_factory=dict)
    """Rules of every camera that names none of its own."""


class CameraSettings(Settings):
    """One camera: where it stands, how it is read, what is watched for."""

    id: Id
    name: Text
    site_id: Id
    url: SecretStr
    """rtsp://user:password@host/path, or a file. ``${NAME}`` is taken from the environment."""
    detect_url: SecretStr | None = None
    """A smaller stream of the same view (子码流) for the looks; `url` is then read only for
    evidence. None means that looks are taken from `url`."""
    reader: RtspReader | None = None
    """Who reads this camera, as `streams.rtsp`; none means that one."""
    transport: RtspTransport | None = None
    """How its video comes, as `streams.transport`; none means that one."""
    allow_basic: bool | None = None
    """Whether it may be told the password itself, as `streams.allow_basic`; none means that one."""
    gb_id: GbId | None = None
    enabled: bool = True
    look_every_s: float | None = Field(default=None, gt=0)
    """Seconds between looks at most; none means the default, with its hours."""
    look_hours: tuple[LookHours, ...] = ()
    """Other promises for hours of the week, in the town's time: the first that holds counts."""
    risk: float | None = Field(default=None, gt=0, le=100)
    """As in `defaults`; none means that one."""
    overlaps: tuple[Id, ...] = ()
    """Cameras that see the same place: what they find of one kind at one time is one case. Said of
    one of the two it holds for both."""
    keeps_view: bool = True
    """False for a camera that turns by itself: nobody asks whether its view is still the same."""
    notice: Text | None = None
    """Said wherever its pictures are shown."""
    zones: tuple[ZoneSettings, ...] = ()
    rules: RulesSettings | None = None
    """None means the default rules; an empty mapping means no rules."""

    @field_validator("url", "detect_url")
    @classmethod
    def _parses(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        filled = fill_in_variables(url.get_secret_value(), os.environ)
        CameraAddress.parse(filled)
        return SecretStr(filled)

    @property
    def address(self) -> CameraAddress:
        return CameraAddress.parse(self.url.get_secret_value())

    def streams(self, settings: StreamSettings) -> StreamSettings:
        """How it is read: as all cameras are, but for what is said of it alone."""
        own = {"rtsp": self.reader, "transport": self.transport, "allow_basic": self.allow_basic}
        return settings.model_copy(
            update={name: value for name, value in own.items() if value is not None}
        )

    @property
    def detect_address(self) -> CameraAddress | None:
        """Where looks are taken from, if not from `address`."""
        if self.detect_url is None:
            return None
        return CameraAddress.parse(self.detect_url.get_secret_value())


class Configuration(Settings):
    """Everything a process of the product is told at its start."""

    town: TownSettings = TownSettings()
    data_dir: Path = DEFAULT_DATA_DIR
    bus: BusSettings = BusSettings()
    database: DatabaseSettings = DatabaseSettings()
    detector: DetectorSettings = DetectorSettings()
    streams: StreamSettings = StreamSettings()
    picture: PictureSettings = PictureSettings()
    second_look: SecondLookSettings = SecondLookSettings()
    attention: AttentionSettings = AttentionSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    cases: CaseSettings = CaseSettings()
    console: ConsoleSettings = ConsoleSettings()
    worker: WorkerSettings = WorkerSettings()
    defaults: Defaults = Defaults()
    approvals: Approvals = Field(default_factory=dict)
    grids: GridPlan | None = None
    sites: tuple[Site, ...] = ()
    cameras: tuple[CameraSettings, ...] = ()

    @field_validator("bus", "database", "detector", mode="before")
    @classmethod
    def _from_the_environment(cls, data: Any) -> Any:
        """Addresses hold passwords, and like the model they differ between machines: they too
        may name environment variables. A value that comes out empty is left out."""
        if not isinstance(data, Mapping):
            return data
        filled = {
            key: fill_in_variables(value, os.environ)
            for key, value in data.items()
            if key in ("url", "model") and isinstance(value, str)
        }
        return {key: value for key, value in {**data, **filled}.items() if value != ""}

    @field_validator("data_dir")
    @classmethod
    def _is_a_path(cls, path: Path) -> Path:
        words = str(path)
        if "\0" in words or "://" in words or holds_secret(words):
            raise ValueError(f"expected the path of a folder, got {shown(words)}")
        try:
            is_other = path.exists() and not path.is_dir()
        except OSError as error:
            raise ValueError(f"expected the path of a folder: {error.strerror}") from None
        if is_other:
            raise ValueError(f"expected the path of a folder, {shown(words)} is a file")
        return path

    def written_rules_of(self, camera: CameraSettings) -> RulesSettings:
        """The rules that are written down for a camera, whether they may watch or not."""
        return self.defaults.rules if camera.rules is None else camera.rules

    def rules_of(self, camera: CameraSettings) -> RulesSettings:
        """The rules that serve public safety, and those with an approval, which `permits` limits
        to its days."""
        return {
            rule_id: rule
            for rule_id, rule in self.written_rules_of(camera).items()
            if rule.public_safety or approval_of(self.approvals, camera.id, rule_id, rule)
        }

    def permits(self, camera: CameraSettings) -> Callable[[str, datetime], bool]:
        """Whether a rule of the camera, by its id, may watch at a time."""
        rules, zone = self.written_rules_of(camera), self.town.zone

        def permits(rule_id: str, at: datetime) -> bool:
            on = at.astimezone(zone).date()
            return may_watch(self.approvals, camera.id, rule_id, rules[rule_id], on)

        return permits

    def withheld_at(self, at: datetime) -> list[Withheld]:
        """The enabled rules of enabled cameras that are off for want of an approval."""
        rules = [
            (camera.id, rule_id, rule)
            for camera in self.enabled_cameras
            for rule_id, rule in self.written_rules_of(camera).items()
        ]
        return withheld(self.approvals, rules, at.astimezone(self.town.zone).date())

    def look_every_s(self, camera: CameraSettings, at: datetime | None = None) -> float:
        """What is promised of a camera at a time; without one, outside of all special hours."""
        if at is not None:
            for hours in self.look_hours_of(camera):
                if is_on((hours,), at, self.town.zone):
                    return hours.look_every_s
        return camera.look_every_s or self.defaults.look_every_s

    def look_hours_of(self, camera: CameraSettings) -> tuple[LookHours, ...]:
        """The hours in which another promise holds: a camera with a promise of its own keeps it
        at all hours but those that it names itself."""
        if camera.look_hours or camera.look_every_s is not None:
            return camera.look_hours
        return self.defaults.look_hours

    def risk_of(self, camera: CameraSettings) -> float:
        return camera.risk or self.defaults.risk

    def overlaps_of(self, camera: CameraSettings) -> tuple[str, ...]:
        """The cameras that see the same place as this one, whichever of the two says so."""
        told_by_others = (c.id for c in self.cameras if camera.id in c.overlaps)
        return tuple(dict.fromkeys((*camera.overlaps, *told_by_others)))

    def info_of(self, camera: CameraSettings) -> CameraInfo:
        """What the center may know of a camera."""
        return CameraInfo(
            id=camera.id,
            name=camera.name,
            site_id=camera.site_id,
            gb_id=camera.gb_id,
            look_every_s=max(
                self.look_every_s(camera),
                *(hours.look_every_s for hours in self.look_hours_of(camera)),
                0.0,
            ),
            overlaps=self.overlaps_of(camera),
            notice=camera.notice,
        )

    @property
    def looking(self) -> LookSettings:
        """How each camera is looked at, by whoever looks: a worker, a replay."""
        return LookSettings(self.picture, self.attention, self.second_look)

    @property
    def case_settings(self) -> CaseSettings:
        """Cases, numbered by the town's own days."""
        return self.cases.model_copy(update={"timezone": self.town.timezone})

    @property
    def console_settings(self) -> ConsoleSettings:
        """The console, with the town's name and time, and clips expected when they are due."""
        derived = {
            "timezone": self.town.timezone,
            "town": self.town.name,
            "clip_expected_s": self.evidence.post_roll_s + CLIP_WRITING_S,
        }
        return self.console.model_copy(update=derived)

    @property
    def enabled_cameras(self) -> tuple[CameraSettings, ...]:
        return tuple(camera for camera in self.cameras if camera.enabled)

    @property
    def models_dir(self) -> Path:
        return self.data_dir / "models"

    @property
    def detector_settings(self) -> DetectorSettings:
        """The detector, with built engines kept in the data directory."""
        engines_dir = self.detector.engines_dir or self.data_dir / "engines"
        return self.detector.model_copy(update={"engines_dir": engines_dir})

    @property
    def evidence_dir(self) -> Path:
        return self.evidence.root or self.data_dir / "evidence"

    @property
    def bus_dir(self) -> Path:
        return self.data_dir / "bus"

    @property
    def worker_dir(self) -> Path:
        return self.data_dir / "worker" / self.worker.id

    @property
    def database_url(self) -> str:
        if self.database.url is not None:
            return self.database.url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'patrol.db'}"


def fill_in_variables(text: str, variables: Mapping[str, str]) -> str:
    """`text` with every ``${NAME}`` and ``${NAME:-fallback}`` replaced.

    Raises:
        ValueError: a name that is not set and has no fallback (no value is ever shown).
    """

    def value_of(match: re.Match[str]) -> str:
        value = variables.get(match["name"], match["fallback"])
        if value is None:
            raise ValueError(f"expected the environment variable {match['name']} to be set")
        return value

    return _VARIABLE.sub(value_of, text)
