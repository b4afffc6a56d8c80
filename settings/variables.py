"""Secrets and places come from the environment: ``${NAME}`` in the file of a town."""

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<fallback>[^}]*))?\}")


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
