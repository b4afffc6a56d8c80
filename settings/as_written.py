"""Names that YAML reads as numbers or truth values: taken as they are written.

YAML makes 83 of an unquoted ``0123``, 750 of ``12:30``, and false of the name ``NO``.
"""

import copy
import math
import re
from dataclasses import replace
from typing import Any

from settings.yamlfile import Location, Problem, YamlFile

_NAMES = frozenset(
    "id site_id gb_id overlaps name zh en parent_id external_code address notice model version "
    "zones exempt_zones cameras worker sites grids".split()
)
"""Keys whose values, or the items of whose lists, are names."""
_TIMES = frozenset({"from", "to"})
"""Keys of times of day, which take what YAML makes of ``8:30`` for what it is."""
_PLAIN_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d*|(?:\d+\.\d*|\.\d+))(?:[eE][-+]?\d+)?")


def as_written(file: YamlFile) -> tuple[YamlFile, list[Problem]]:
    """The file with such names as texts, and a doubt for each."""
    data = copy.deepcopy(file.data)
    doubts = [
        doubt
        for location, text in file.written.items()
        if _is_name(location) and (doubt := _taken(file, data, location, text))
    ]
    doubts += [
        file.problem(location, f"YAML reads {read} of {text}: write {read}, or the text in quotes")
        for location, text in file.written.items()
        if not _is_name(location) and (read := _other_number(file.data, location, text)) is not None
    ]
    return (replace(file, data=data), doubts) if doubts else (file, [])


def _other_number(data: Any, location: Location, text: str) -> int | float | None:
    """The number that YAML reads where people see another, or a time: 8 of ``010``, 90 of
    ``1:30``."""
    if _PLAIN_NUMBER.fullmatch(text):
        return None
    try:
        for part in location:
            data = data[part]
    except (KeyError, IndexError, TypeError):
        return None
    is_odd = isinstance(data, int | float) and not isinstance(data, bool) and math.isfinite(data)
    return data if is_odd and location[-1] not in _TIMES else None


def _is_name(location: Location) -> bool:
    named = [part for part in location if isinstance(part, str)]
    return bool(named) and named[-1] in _NAMES and len(location) - location.index(named[-1]) <= 2


def _taken(file: YamlFile, data: Any, location: Location, text: str) -> Problem | None:
    try:
        for part in location[:-1]:
            data = data[part]
        read = data[location[-1]]
    except (KeyError, IndexError, TypeError):
        return None  # it stands in a key that is given twice
    if read is None or isinstance(read, str | dict | list):
        return None
    data[location[-1]] = text
    shown = str(read).lower() if isinstance(read, bool) else str(read)
    words = f"without quotes YAML reads {shown}, taken as it is written: write '{text}'"
    return file.problem(location, words)
