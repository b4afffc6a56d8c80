"""From a configuration file to a `Configuration`, or to everything that is wrong with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ConfigurationError
from settings.as_written import as_written
from settings.camera import Camera
from settings.config import Configuration
from settings.contradictions import contradictions
from settings.doubts import missing_files
from settings.salvage import Salvaged, salvage
from settings.townfile import TownFile
from settings.yamlfile import Location, Problem, YamlFile, refusal


@dataclass(frozen=True, slots=True)
class Reading:
    """A configuration file: what it says, where it says it, and everything wrong in it."""

    file: YamlFile
    salvaged: Salvaged | None
    """None if the file could not even be parsed."""
    problems: tuple[Problem, ...]
    doubts: tuple[Problem, ...] = ()
    """What was taken to be meant otherwise than YAML reads it."""

    @property
    def town(self) -> TownFile | None:
        """What of the file can be judged; the whole of it where there are no problems."""
        return self.salvaged.town if self.salvaged else None

    def told(self, found: Iterable[tuple[Location, str]]) -> list[Problem]:
        """What was found in the configuration, without what only stand-ins brought about."""
        salvaged = self.salvaged
        return [
            self.file.problem(where, words)
            for where, words in found
            if salvaged is None or salvaged.trusts(where)
        ]


def read(path: Path) -> Reading:
    """Read a configuration file, and judge what of it can be judged."""
    file = YamlFile.read(path).as_settings()
    if not isinstance(file.data, dict):
        return Reading(file, None, file.problems)
    file, doubts = as_written(file)
    salvaged = salvage(file)
    reading = Reading(file, salvaged, (), tuple(doubts))
    problems = {*file.problems, *salvaged.problems}
    if salvaged.town is not None:
        problems |= set(reading.told(contradictions(salvaged.town)))
    return Reading(file, salvaged, tuple(sorted(problems)), tuple(doubts))


def load(
    path: Path | None, *, data_dir: Path | None = None, port: int | None = None
) -> Configuration:
    """The configuration of `path`, or the defaults without one; `data_dir` and the console's
    `port` override its own.

    Raises:
        ConfigurationError: everything wrong with it, a line each.
    """
    town = TownFile() if path is None else _whole(read(path))
    return Configuration.of(town, data_dir=data_dir, port=port)


def _whole(reading: Reading) -> TownFile:
    if reading.problems or reading.town is None:
        raise refusal(reading.problems)
    return reading.town


def prepare(
    path: Path | None, *, data_dir: Path | None = None, port: int | None = None
) -> Configuration:
    """As `load`, with the data directory made.

    Raises:
        ConfigurationError: as `load`, or the data directory cannot be made.
    """
    configuration = load(path, data_dir=data_dir, port=port)
    try:
        configuration.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = "expected a folder, it is none" if type(error) is FileExistsError else error.strerror
        message = f"data directory {configuration.data_dir}: {said}"
        raise ConfigurationError(message) from error
    return configuration


def require_files(
    path: Path | None, configuration: Configuration, cameras: Iterable[Camera]
) -> None:
    """For who reads these cameras of the configuration at `path`.

    Raises:
        ConfigurationError: a file that shall play one of them is not there.
    """
    missing = list(missing_files(configuration, {camera.id for camera in cameras}))
    if missing and path is not None:
        file = YamlFile.read(path)
        raise refusal(file.problem(*each) for each in missing)
