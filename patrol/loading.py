"""From a configuration file to a `Configuration`, or to everything that is wrong with it."""

from pathlib import Path

from pydantic import ValidationError

from domain.errors import ConfigurationError
from patrol.config import Configuration
from patrol.contradictions import contradictions
from patrol.yamlfile import Problem, YamlFile, refusal


def read(path: Path) -> tuple[Configuration | None, YamlFile, list[Problem]]:
    """Read a configuration file: what it says, where it says it, and everything wrong in it."""
    file = YamlFile.read(path).as_settings()
    problems = list(file.problems)
    if not isinstance(file.data, dict):
        return None, file, problems
    try:
        return Configuration.model_validate(file.data), file, problems
    except ValidationError as error:
        problems += file.problems_of(error)
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
        raise refusal(problems)
    if data_dir is not None:
        configuration = configuration.model_copy(update={"data_dir": data_dir})
    if port is not None:
        console = configuration.console.model_copy(update={"port": port})
        configuration = configuration.model_copy(update={"console": console})
    return configuration.model_copy(update={"data_dir": configuration.data_dir.absolute()})


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
        message = f"data directory {configuration.data_dir}: {error.strerror}"
        raise ConfigurationError(message) from error
    return configuration
