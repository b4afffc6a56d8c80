"""The whole configuration: every package's own settings, composed, and what binds them.

The file's form is in `docs/configuration.md`. `load` gives a frozen `Configuration` or all the
problems at once, each with file, line and key.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator

from cases.settings import CaseSettings
from console.settings import ConsoleSettings
from domain.base import Settings, Text
from domain.errors import ConfigurationError
from domain.place import CameraInfo, GbId, GridPlan, Id, Site
from events_bridge.settings import BusSettings
from evidence.settings import EvidenceSettings
from models.settings import DetectorSettings
from patrol.yamlfile import Location, Problem, YamlFile
from streams.address import CameraAddress
from streams.settings import StreamSettings
from vision.settings import RulesSettings, ZoneSettings

DEFAULT_DATA_DIR = Path("patrol-data")
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
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"expected a time zone such as Asia/Shanghai, got {name!r}") from error
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


class Defaults(Settings):
    """What a camera gets unless it says otherwise."""

    look_every_s: float = Field(default=2.0, gt=0)
    """The coverage promise: at least one look in this many seconds."""
    rules: RulesSettings = Field(default_factory=dict)
    """Rules of every camera that names none of its own."""


class CameraSettings(Settings):
    """One camera: where it stands, how it is read, what is watched for."""

    id: Id
    name: Text
    site_id: Id
    url: SecretStr
    """rtsp://user:password@host/path, or a file. ``${NAME}`` is taken from the environment."""
    gb_id: GbId | None = None
    enabled: bool = True
    look_every_s: float | None = Field(default=None, gt=0)
    """Seconds between looks at most; none means the default."""
    notice: Text | None = None
    """Said wherever its pictures are shown."""
    zones: tuple[ZoneSettings, ...] = ()
    rules: RulesSettings | None = None
    """None means the default rules; an empty mapping means no rules."""

    @field_validator("url")
    @classmethod
    def _parses(cls, url: SecretStr) -> SecretStr:
        filled = fill_in_variables(url.get_secret_value(), os.environ)
        CameraAddress.parse(filled)
        return SecretStr(filled)

    @property
    def address(self) -> CameraAddress:
        return CameraAddress.parse(self.url.get_secret_value())


class Configuration(Settings):
    """Everything a process of the product is told at its start."""

    town: TownSettings = TownSettings()
    data_dir: Path = DEFAULT_DATA_DIR
    bus: BusSettings = BusSettings()
    database: DatabaseSettings = DatabaseSettings()
    detector: DetectorSettings = DetectorSettings()
    streams: StreamSettings = StreamSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    cases: CaseSettings = CaseSettings()
    console: ConsoleSettings = ConsoleSettings()
    worker: WorkerSettings = WorkerSettings()
    defaults: Defaults = Defaults()
    grids: GridPlan | None = None
    sites: tuple[Site, ...] = ()
    cameras: tuple[CameraSettings, ...] = ()

    def rules_of(self, camera: CameraSettings) -> RulesSettings:
        return self.defaults.rules if camera.rules is None else camera.rules

    def look_every_s(self, camera: CameraSettings) -> float:
        return camera.look_every_s or self.defaults.look_every_s

    def info_of(self, camera: CameraSettings) -> CameraInfo:
        """What the center may know of a camera."""
        return CameraInfo(
            id=camera.id,
            name=camera.name,
            site_id=camera.site_id,
            gb_id=camera.gb_id,
            look_every_s=self.look_every_s(camera),
            notice=camera.notice,
        )

    @property
    def enabled_cameras(self) -> tuple[CameraSettings, ...]:
        return tuple(camera for camera in self.cameras if camera.enabled)

    @property
    def models_dir(self) -> Path:
        return self.data_dir / "models"

    @property
    def evidence_dir(self) -> Path:
        return self.data_dir / "evidence"

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


def read(path: Path) -> tuple[Configuration | None, YamlFile, list[Problem]]:
    """Read a configuration file: what it says, where it says it, and everything wrong in it."""
    file = YamlFile.read(path)
    problems = list(file.problems)
    if file.data is None and not problems:
        file = YamlFile(path, {}, {(): 1})
    if not isinstance(file.data, dict):
        if not problems:
            problems.append(file.problem((), "expected a mapping of settings at the top"))
        return None, file, problems
    try:
        return Configuration.model_validate(file.data), file, problems
    except ValidationError as error:
        problems += [validation_problem(file, detail) for detail in error.errors(include_url=False)]
        return None, file, sorted(set(problems))


def load(
    path: Path | None, *, data_dir: Path | None = None, port: int | None = None
) -> Configuration:
    """The configuration of `path`, or the defaults without one; `data_dir` and the console's
    `port` override its own.

    Raises:
        ConfigurationError: everything wrong with it, a line each.
    """
    configuration: Configuration | None = Configuration()
    problems: list[Problem] = []
    if path is not None:
        configuration, file, problems = read(path)
        if configuration is not None:
            problems += [file.problem(*found) for found in contradictions(configuration)]
    if problems or configuration is None:
        raise ConfigurationError("\n".join(str(problem) for problem in sorted(problems)))
    if data_dir is not None:
        configuration = configuration.model_copy(update={"data_dir": data_dir})
    if port is not None:
        console = configuration.console.model_copy(update={"port": port})
        configuration = configuration.model_copy(update={"console": console})
    return configuration.model_copy(update={"data_dir": configuration.data_dir.absolute()})


def contradictions(configuration: Configuration) -> list[tuple[Location, str]]:
    """What no single field can know: names used twice, and names that nothing has."""
    found = [
        *_doubles("cameras", [camera.id for camera in configuration.cameras]),
        *_doubles("sites", [site.id for site in configuration.sites]),
        *_double_gb_ids(configuration.cameras),
    ]
    sites = {site.id for site in configuration.sites}
    for index, camera in enumerate(configuration.cameras):
        here: Location = ("cameras", index)
        if camera.site_id not in sites:
            message = f"camera {camera.id}: expected one of the sites' ids, got {camera.site_id!r}"
            found.append(((*here, "site_id"), message))
        found += [((*here, *where), said) for where, said in _zone_problems(camera)]
    return found


def _doubles(section: str, ids: list[str]) -> list[tuple[Location, str]]:
    return [
        ((section, index, "id"), f"expected each id once, {section}[{ids.index(id_)}] has {id_!r}")
        for index, id_ in enumerate(ids)
        if ids.index(id_) != index
    ]


def _double_gb_ids(cameras: tuple[CameraSettings, ...]) -> list[tuple[Location, str]]:
    owners: dict[str, str] = {}
    found: list[tuple[Location, str]] = []
    for index, camera in enumerate(cameras):
        if camera.gb_id is None:
            continue
        if (owner := owners.setdefault(camera.gb_id, camera.id)) != camera.id:
            message = f"expected each GB id once, camera {owner} already has {camera.gb_id}"
            found.append((("cameras", index, "gb_id"), message))
    return found


def _zone_problems(camera: CameraSettings) -> list[tuple[Location, str]]:
    ids = [zone.id for zone in camera.zones]
    found = _doubles("zones", ids)
    for rule_id, rule in (camera.rules or {}).items():
        for number, zone_id in enumerate(rule.zones):
            if zone_id not in ids:
                known = ", ".join(ids) or "none"
                message = (
                    f"camera {camera.id}: expected one of its zones ({known}), got {zone_id!r}"
                )
                found.append((("rules", rule_id, "zones", number), message))
    return found


def validation_problem(file: YamlFile, detail: Mapping[str, Any]) -> Problem:
    """One of pydantic's error details, at its place in the file and in our words."""
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = "unknown key"
    elif detail["type"] == "missing":
        message = "expected this key, it is missing"
    return file.problem(file.location_of(detail["loc"]), message)
