"""A YAML file that remembers on which line each of its keys stands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from domain.errors import ConfigurationError

Location = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """Knows where a value stands that looks like a date or a number and is none."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except ValueError as error:
            words = f"{node.value!r} cannot be read: {error}"
            raise yaml.constructor.ConstructorError(None, None, words, node.start_mark) from error


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a file: where it stands and what was expected."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key or '(file)'}: {self.message}"


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file says, and where it says it."""

    path: Path
    data: Any
    lines: dict[Location, int]
    problems: tuple[Problem, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "YamlFile":
        """Read a file. What cannot be read or parsed comes back as a problem, never as an error."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return cls(path, None, {}, (Problem(str(path), 0, "", f"cannot be read: {reason}"),))
        try:
            root = yaml.compose(text, Loader=_Loader)
            data = yaml.load(text, Loader=_Loader)
        except yaml.YAMLError as error:
            return cls(path, None, {}, (_syntax_problem(path, error),))
        lines: dict[Location, int] = {(): 1}
        doubles: list[Problem] = []
        for location, line, is_double in _walk(root):
            if is_double:
                first = lines[location]
                message = f"expected each key once, it already stands on line {first}"
                doubles.append(Problem(str(path), line, dotted(location), message))
            else:
                lines[location] = line
        return cls(path, data, lines, tuple(doubles))

    def as_settings(self) -> "YamlFile":
        """The file of somebody who wrote settings: none at all are an empty mapping, and anything
        else than a mapping is a problem."""
        if self.problems or isinstance(self.data, dict):
            return self
        if self.data is None:
            return replace(self, data={})
        wrong = self.problem((), "expected a mapping of settings at the top")
        return replace(self, problems=(wrong,))

    def line_of(self, location: Location) -> int:
        """The line of a key, or of the nearest thing around it that the file does hold."""
        while location not in self.lines and location:
            location = location[:-1]
        return self.lines.get(location, 0)

    def location_of(self, words: Sequence[str | int]) -> Location:
        """The location that a validator means by `words`, without what is the validator's own:
        the names of a union's members stand between keys that the file holds."""
        location: Location = ()
        for place, word in enumerate(words):
            is_last = place == len(words) - 1
            if (*location, word) in self.lines or is_last:
                location = (*location, word)
        return location

    def problem(self, location: Location, message: str) -> Problem:
        return Problem(str(self.path), self.line_of(location), dotted(location), message)

    def problems_of(self, error: ValidationError) -> list[Problem]:
        """Everything that a validator found, at its place in the file and in our words."""
        details = error.errors(include_url=False)
        return [self.problem(self.location_of(d["loc"]), _in_our_words(d)) for d in details]


def read_as(model: type[Model], path: Path) -> Model:
    """What a file says, as a model.

    Raises:
        ConfigurationError: everything wrong with it, a line each.
    """
    file = YamlFile.read(path)
    problems = list(file.problems)
    if not problems:
        try:
            return model.model_validate(file.data)
        except ValidationError as error:
            problems = file.problems_of(error)
    raise refusal(problems)


def refusal(problems: Iterable[Problem]) -> ConfigurationError:
    """The error that says all problems, a line each."""
    return ConfigurationError("\n".join(str(problem) for problem in sorted(problems)))


def dotted(location: Location) -> str:
    """``("cameras", 3, "url")`` as people write it: ``cameras[3].url``."""
    words = ""
    for part in location:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += f".{part}" if words else part
    return words


def _in_our_words(detail: Mapping[str, Any]) -> str:
    """One of pydantic's error details."""
    match detail["type"]:
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "expected this key, it is missing"
        case _:
            return str(detail["msg"]).removeprefix("Value error, ")


def _syntax_problem(path: Path, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Problem(str(path), mark.line + 1 if mark else 0, "", f"not valid YAML: {said}")


def _walk(node: yaml.Node | None, location: Location = ()) -> Iterator[tuple[Location, int, bool]]:
    """Every key and item below `node`: its location, its line, whether it repeats a key."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            here = (*location, str(key.value))
            yield here, key.start_mark.line + 1, key.value in seen
            if key.value not in seen:
                yield from _walk(value, here)
            seen.add(key.value)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            here = (*location, index)
            yield here, item.start_mark.line + 1, False
            yield from _walk(item, here)
