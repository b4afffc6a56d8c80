"""What of a broken configuration can still be judged: everything else wrong with it is found in the
same run, not one mistake after another."""

import copy
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from domain.words import details_of, in_our_words
from settings.townfile import TownFile
from settings.yamlfile import Location, Problem, YamlFile

_ROUNDS = 12
"""A mended value may show what its mistake hid, and that another."""
MOST_PROBLEMS = 1_000
"""So many are told at once; a file with more is of another kind, or made to keep us busy."""
_TRIANGLE = [[0, 0], [1, 0], [1, 1]]
_OF_A_KNOWN_ZONE = ("polygon", "name", "kind")
"""What may be wrong with a zone whose id is known all the same."""
_TELLS_WHOSE = ("id", "site_id", "worker")
"""What of a camera tells which worker takes it."""
_STAND_INS: dict[str, Any] = {
    "name": "-",
    "site_id": "stand-in",
    "url": "rtsp://stand-in.invalid/",
    "lon": 0.0,
    "lat": 0.0,
    "polygon": _TRIANGLE,
    "version": "stand-in",
    "valid_from": "2000-01-01T00:00:00Z",
    "level": 3,
    "look_every_s": 1.0,
}
"""What stands in for a required value that is wrong."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What a file says, in which other values stand where its own are wrong."""

    town: TownFile | None
    """None where too much is wrong."""
    broken: frozenset[Location]
    problems: tuple[Problem, ...]

    def trusts(self, location: Location) -> bool:
        """Whether nothing that was replaced lies at, above or below a place, or is meant by it."""
        return not any(
            location[: len(each)] == each or each[: len(location)] == location
            for each in (*self.broken, *self._meant_by(location))
        )

    def _meant_by(self, location: Location) -> list[Location]:
        """The place itself, if what it names is among what was replaced."""
        if location[-1:] == ("site_id",) and ("sites",) in self.broken:
            return [location]
        if location[:1] == ("workers",) or location[-1:] == ("worker",):
            return [location] if self._unsure_of_ids() else []
        if "rules" not in location:
            return []
        zones = [each for each in self.broken if each[:3] == (*location[:2], "zones")]
        names_one = "zones" in location
        unsure = [each for each in zones if not names_one or each[-1] not in _OF_A_KNOWN_ZONE]
        return [location] if unsure else []

    def _unsure_of_ids(self) -> bool:
        """Whether something was replaced that tells which worker takes which camera."""
        return any(
            each[:1] in (("workers",), ("sites",), ("grids",))
            or (each[:1] == ("cameras",) and (each[-1] in _TELLS_WHOSE or len(each) <= 2))
            for each in self.broken
        )


def salvage(file: YamlFile) -> Salvaged:
    """Everything wrong with single values of a file, and a configuration without them."""
    data = copy.deepcopy(file.data)
    broken: set[Location] = set()
    told = {problem.line for problem in file.problems}
    problems: set[Problem] = set()
    for _ in range(_ROUNDS):
        try:
            return Salvaged(
                TownFile.model_validate(data), frozenset(broken), tuple(sorted(problems))
            )
        except ValidationError as error:
            details = details_of(error)
            found = [(file.location_of(each["loc"]), each) for each in details[:MOST_PROBLEMS]]
            again = [_lies_in(location, broken) for location, _ in found]
            for (location, detail), is_known in zip(found, again, strict=True):
                if not is_known and file.line_of(location) not in told:
                    problems.add(file.problem(location, in_our_words(detail)))
                broken.add(_mend(data, location, str(detail["type"]), again=is_known))
        if len(details) > MOST_PROBLEMS:
            words = f"{len(details)} mistakes: these are the first {MOST_PROBLEMS}"
            problems.add(file.problem((), words))
            break
    return Salvaged(None, frozenset(broken), tuple(sorted(problems)))


def _lies_in(location: Location, broken: Set[Location]) -> bool:
    return any(location[:depth] in broken for depth in range(len(location) + 1))


def _mend(data: Any, location: Location, kind: str, *, again: bool) -> Location:
    """Take a wrong value out of `data`, or put another in its place. Answers what was touched."""
    if not location:
        return location
    parent = _at(data, location[:-1])
    key = location[-1]
    if isinstance(parent, dict) and isinstance(key, str):
        if kind == "missing" or (again and key in parent):
            stand_in = _stand_in(location)
            if stand_in is not None and (kind == "missing" or parent.get(key) != stand_in):
                parent[key] = stand_in
                return location
            parent.pop(key, None)
            return location if kind != "missing" else _mend(data, location[:-1], "", again=True)
        if kind == "extra_forbidden" or key in parent:
            parent.pop(key, None)
            return location
        if not again:
            return location  # it was taken out with something else
    if isinstance(parent, list) and isinstance(key, int) and len(location) == 2:
        parent[key] = {}  # cameras and sites keep their numbers
        return location
    if parent is None and not again:
        return location
    return _mend(data, location[:-1], "", again=again)


def _stand_in(location: Location) -> Any:
    if location[-1] == "id":
        return "stand-in-" + "-".join(str(part) for part in location[:-1])
    return _STAND_INS.get(str(location[-1]))


def _at(data: Any, location: Location) -> Any:
    for part in location:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data
