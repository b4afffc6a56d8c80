"""Files of lines that grow: each has one older file beside it, which the next one replaces."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger(__name__)


def append(path: Path, text: str) -> None:
    """Add whole lines to a file. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def set_aside(path: Path) -> None:
    """Make the file the older one; what that held is lost. Raises OSError."""
    os.replace(path, _older(path))


def read_kept(path: Path, parse: Callable[[str], T]) -> Iterator[T]:
    """What is kept in a file and its older one, in the order in which it was written."""
    yield from read_newer(_older(path), parse)
    yield from read_newer(path, parse)


def read_newer(path: Path, parse: Callable[[str], T]) -> Iterator[T]:
    """What is kept in the file alone; nothing if there is none. A line that `parse` cannot read was
    cut by a crash, and is skipped."""
    try:
        file = path.open(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            try:
                kept = parse(line)
            except (ValueError, KeyError, TypeError, IndexError):
                log.warning("line skipped", file=str(path))
                continue
            yield kept


def _older(path: Path) -> Path:
    return path.with_name(path.name + ".1")
