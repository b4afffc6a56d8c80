"""Small files that a worker keeps: replaced in one step, and begun anew if they are damaged."""

import os
from pathlib import Path
from typing import TypeVar

import structlog
from pydantic import ValidationError

from domain.base import Value

Page = TypeVar("Page", bound=Value)

log = structlog.get_logger(__name__)


def replace_file(path: Path, content: bytes) -> None:
    """Replace the file at `path` in one step. It is not waited for until the disk has it: some are
    written while cameras wait. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(content)
    os.replace(new, path)


def read_page(model: type[Page], path: Path, *, what: str) -> Page:
    """What was saved at `path`; an empty page if there is no such file, or if it cannot be read,
    which the log says: `what` is lost."""
    try:
        return model.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return model()
    except (OSError, ValidationError) as error:
        log.warning(f"{what} lost", file=str(path), error=str(error))
        return model()


def write_page(path: Path, page: Value) -> None:
    """Save a page for `read_page`. Raises OSError."""
    replace_file(path, page.model_dump_json().encode())
