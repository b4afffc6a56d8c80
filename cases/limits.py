"""The limits in use: a versioned file, over what the town's settings say of stages."""

from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from cases.workdays import read_yaml
from domain.limits import LimitRow, Stage, Standard, Unit
from domain.words import first_in_words

SHIPPED = "2026-11.yaml"


def read_limits_file(path: Path) -> Standard:
    """Raises ValueError that says what is wrong in which file."""
    try:
        return Standard.model_validate(read_yaml(path))
    except ValidationError as error:
        raise ValueError(f"{path}: {first_in_words(error)}") from error


@cache
def shipped() -> Standard:
    """The limits that come with the program."""
    with resources.as_file(resources.files("cases.standards") / SHIPPED) as path:
        return read_limits_file(path)


def base_row(stage: Stage, seconds: float, *, urgent: bool, clause: str) -> LimitRow:
    """What the settings say of a stage: a start value, by the clock on the wall."""
    return LimitRow(
        stage=stage,
        urgent=urgent,
        amount=seconds,
        unit=Unit.SECOND,
        clause=clause,
        provisional=True,
    )
