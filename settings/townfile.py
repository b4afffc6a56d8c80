"""What the file of a town may say: every package's own settings, composed, as they are written.

The file's form is in `docs/configuration.md`. Nothing runs by this: what is left open here is
filled in by `settings.config`, and who takes which camera follows in `settings.sharing`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from cases.case_settings import CaseSettings
from console.console_settings import ConsoleSettings
from domain.base import Settings, Text
from domain.masking import holds_secret
from domain.place import GbId, GridPlan, Id, Site
from domain.words import shown
from events_bridge.bus_settings import BusSettings
from evidence.evidence_settings import EvidenceSettings
from models.detector_settings import DetectorSettings
from settings.approvals import Approvals
from settings.variables import fill_in_variables
from streams.address import CameraAddress
from streams.stream_settings import RtspReader, RtspTransport, StreamSettings
from vision.attention_speed import AttentionSettings
from vision.first_look import FirstLookSettings
from vision.picture.diagnosis import PictureSettings
from vision.picture.unchanged import UnchangedSettings
from vision.rule_register import RulesSettings, ZoneSettings
from vision.schedule import Window
from vision.second_look.taking import SecondLookSettings

DEFAULT_DATA_DIR = Path("patrol-data")

Selector = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.*-]{1,64}$")]
"""An id, or with ``*`` for any letters: ``w-*``."""


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
    """The edge workers 小脑: the one that takes all cameras, or each of those in `workers`."""

    id: Id = "edge-1"
    """What the worker is called that takes all cameras. Where `workers` names several it is not
    said."""
    lookers: int = Field(default=3, ge=1, le=64)
    """Threads that look; one decodes while another detects (default 3)."""
    early_share: float = Field(default=0.1, ge=0, le=1)
    """So many looks more, as a share of those that are promised, are taken early where packets are
    suddenly larger than usual, while nothing is overdue (default 0.1); 0: none."""
    longest_wait_s: float = Field(default=30.0, gt=0)
    """When there is more to look at than time, looks go where risk is; yet no camera waits longer
    than this for one, or than three of its promises, or than three rounds over all cameras if the
    machine takes longer for them (default 30 s)."""
    kept_looks_bytes: int = Field(default=4 * 1024 * 1024, ge=0)
    """What detectors saw is kept for `patrol rules replay`, without pictures: for each camera a
    file of this size and one older (default 4 MiB, 12 h of looks every 4 s with 10 boxes); 0:
    none."""
    kept_looks_s: float = Field(default=259_200.0, gt=0)
    """A file is set aside, and the older one lost, when its first look is so old (3 days)."""


class ShareSettings(Settings):
    """Which cameras one of several workers takes: those of these sites and grids, those that are
    named here, and those that name it by their own `worker`. No camera may have two."""

    sites: tuple[Selector, ...] = ()
    """Sites by their ids, ``*`` for any letters: all their cameras."""
    cameras: tuple[Selector, ...] = ()
    """Cameras by their ids, ``*`` for any letters."""
    grids: tuple[Id, ...] = ()
    """Grids, of any level: the cameras of all sites that lie in them."""
    lookers: int | None = Field(default=None, ge=1, le=64)
    """As `worker.lookers`, for a machine with more cores or fewer; none means that one."""


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
    worker: Id | None = None
    """The worker that reads it, one of `workers`; where that one takes it by its own words, none
    need be said here."""
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

    @property
    def detect_address(self) -> CameraAddress | None:
        """Where looks are taken from, if not from `address`."""
        if self.detect_url is None:
            return None
        return CameraAddress.parse(self.detect_url.get_secret_value())


class TownFile(Settings):
    """All that the one file of a town says, for every process of the program."""

    town: TownSettings = TownSettings()
    data_dir: Path = DEFAULT_DATA_DIR
    bus: BusSettings = BusSettings()
    database: DatabaseSettings = DatabaseSettings()
    detector: DetectorSettings = DetectorSettings()
    streams: StreamSettings = StreamSettings()
    picture: PictureSettings = PictureSettings()
    second_look: SecondLookSettings = SecondLookSettings()
    attention: AttentionSettings = AttentionSettings()
    unchanged_looks: UnchangedSettings = UnchangedSettings()
    first_looks: FirstLookSettings = FirstLookSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    cases: CaseSettings = CaseSettings()
    console: ConsoleSettings = ConsoleSettings()
    worker: WorkerSettings = WorkerSettings()
    workers: dict[Id, ShareSettings] = Field(default_factory=dict)
    defaults: Defaults = Defaults()
    approvals: Approvals = Field(default_factory=dict)
    grids: GridPlan | None = None
    sites: tuple[Site, ...] = ()
    cameras: tuple[CameraSettings, ...] = ()

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

    def written_rules_of(self, camera: CameraSettings) -> RulesSettings:
        """The rules that are written down for a camera, whether they may watch or not."""
        return self.defaults.rules if camera.rules is None else camera.rules
