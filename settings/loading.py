"""From a configuration file to a `Configuration`, or to everything that is wrong with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ConfigurationError
from settings.as_written import as_written
from settings.config import Configuration
from settings.contradictions import contradictions
from settings.doubts import missing_files
from settings.salvage import Salvaged, salvage
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
    def configuration(self) -> Configuration | None:
        """What of the file can be judged; the whole of it where there are no problems."""
        return self.salvaged.configuration if self.salvaged else None

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
    if salvaged.configuration is not None:
        problems |= set(reading.told(contradictions(salvaged.configuration)))
    return Reading(file, salvaged, tuple(sorted(problems)), tuple(doubts))


def load(
    path: Path | None, *, data_dir: Path | None = None, port: int | None = None
) -> Configuration:
    """The configuration of `path`, or the defaults without one; `data_dir` and the console's
    `port` override its own.

    Raises:
        ConfigurationError: everything wrong with it, a line each.
    """
    configuration = Configuration() if path is None else _whole(read(path))
    if data_dir is not None:
        configuration = configuration.model_copy(update={"data_dir": data_dir})
    if port is not None:
        console = configuration.console.model_copy(update={"port": port})
        configuration = configuration.model_copy(update={"console": console})
    return configuration.model_copy(update={"data_dir": configuration.data_dir.absolute()})


def _whole(reading: Reading) -> Configuration:
    if reading.problems or reading.configuration is None:
        raise refusal(reading.problems)
    return reading.configuration


def prepare(
    path: Path | None,
    *,
    data_dir: Path | None = None,
    port: int | None = None,
    with_files: bool = False,
) -> Configuration:
    """As `load`, with the data directory made; `with_files` for who reads the cameras.

    Raises:
        ConfigurationError: as `load`, or the data directory cannot be made, or `with_files` a
            file that shall play a camera is not there.
    """
    configuration = load(path, data_dir=data_dir, port=port)
    if with_files and path is not None:
        file = YamlFile.read(path)
        if missing := [file.problem(*each) for each in missing_files(configuration)]:
            raise refusal(missing)
    try:
        configuration.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = "expected a folder, it is none" if type(error) is FileExistsError else error.strerror
        message = f"data directory {configuration.data_dir}: {said}"
        raise ConfigurationError(message) from error
    return configuration
