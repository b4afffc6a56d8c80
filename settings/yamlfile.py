"""A YAML file that remembers on which line each of its keys stands."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from domain.documents import UnreadableText, read_text
from domain.errors import ConfigurationError
from domain.masking import mask_secrets
from domain.words import details_of, in_our_words
from models.catalogue.bounded_yaml import BoundedLoader, in_words

Location = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class _Loader(BoundedLoader):
    texts_as_keys = True


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a file: where it stands and what was expected."""

    file: str
    line: int
    key: str
    message: str

    def __post_init__(self) -> None:
        """What a file holds in the wrong place may be a password."""
        object.__setattr__(self, "key", mask_secrets(self.key))
        object.__setattr__(self, "message", mask_secrets(self.message))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key or '(file)'}: {self.message}"


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file says, and where it says it."""

    path: Path
    data: Any
    lines: dict[Location, int]
    problems: tuple[Problem, ...] = ()
    written: dict[Location, str] = field(default_factory=dict)
    """What stands in the file, without quotes around it, for each single value."""

    @classmethod
    def read(cls, path: Path) -> "YamlFile":
        """Read a file. What cannot be read or parsed comes back as a problem, never as an error."""
        try:
            text = read_text(path)
        except UnreadableText as error:
            return cls(path, None, {}, (Problem(str(path), error.line, "", str(error)),))
        try:
            loader = _Loader(text)
            root = loader.get_single_node()
            values = list(_walk(root))  # before merges are resolved, which changes the nodes
            data = loader.construct_document(root) if root is not None else None
        except yaml.YAMLError as error:
            told = in_words(error, text)
            return cls(path, None, {}, (Problem(str(path), told.line, "", str(told)),))
        lines: dict[Location, int] = {(): 1}
        written: dict[Location, str] = {}
        found: list[Problem] = []
        for location, node, line, is_double in values:
            if is_double:
                first = lines[location]
                message = f"expected each key once, it already stands on line {first}"
                found.append(Problem(str(path), line, dotted(location), message))
                continue
            lines[location] = line
            if isinstance(node, yaml.ScalarNode) and node.style is None:
                written[location] = node.value
        for wrong in loader.wrong:
            of_line = [where for where, line in lines.items() if line == wrong.line]
            key = dotted(max(of_line, key=len, default=()))
            found.append(Problem(str(path), wrong.line, key, wrong.message))
        return cls(path, data, lines, tuple(found), written)

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
            if word == "[key]":
                continue  # the name itself is wrong
            if (*location, word) in self.lines or is_last:
                location = (*location, word)
        return location

    def problem(self, location: Location, message: str) -> Problem:
        return Problem(str(self.path), self.line_of(location), dotted(location), message)

    def problems_of(self, error: ValidationError) -> list[Problem]:
        """Everything that a validator found, at its place in the file and in our words. What the
        file's own problems already say of a line is not said twice."""
        told = {problem.line for problem in self.problems}
        details = [(self.location_of(each["loc"]), each) for each in details_of(error)]
        return [
            self.problem(location, in_our_words(each))
            for location, each in details
            if self.line_of(location) not in told
        ]


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


def _walk(
    node: yaml.Node | None, location: Location = ()
) -> Iterator[tuple[Location, yaml.Node, int, bool]]:
    """Every key and item below `node`: its location, its value, its line, whether it repeats a
    key."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            here = (*location, name)
            yield here, value, key.start_mark.line + 1, name in seen
            if name not in seen:
                yield from _walk(value, here)
            seen.add(name)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            here = (*location, index)
            yield here, item, item.start_mark.line + 1, False
            yield from _walk(item, here)
