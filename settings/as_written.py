"""Names that YAML reads as numbers or truth values: taken as they are written.

YAML makes 83 of an unquoted ``0123``, 750 of ``12:30``, and false of the name ``NO``.
"""

import copy
from dataclasses import replace
from typing import Any

from settings.yamlfile import Location, Problem, YamlFile

_NAMES = frozenset(
    "id site_id gb_id overlaps name zh en parent_id external_code address notice model version "
    "zones exempt_zones cameras worker sites grids".split()
)
"""Keys whose values, or the items of whose lists, are names."""


def as_written(file: YamlFile) -> tuple[YamlFile, list[Problem]]:
    """The file with such names as texts, and a doubt for each."""
    data = copy.deepcopy(file.data)
    doubts = [
        doubt
        for location, text in file.written.items()
        if _is_name(location) and (doubt := _taken(file, data, location, text))
    ]
    return (replace(file, data=data), doubts) if doubts else (file, [])


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
