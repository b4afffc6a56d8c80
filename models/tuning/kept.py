"""The choices that were measured, kept in a small file beside the models.

The file is replaced in one step, bounded, and checked when it is read: a damaged one is told, and
measured anew. Workers of one machine take turns by a lock beside it, so that only one measures.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Self

import structlog
from pydantic import Field, model_validator

from domain.base import Utc, Value
from models.catalogue.entry import Sha256
from models.catalogue.files import write_whole
from models.tuning.machine import Machine, Word
from models.tuning.ways import Tried, Way

FILE = "tuned.json"
TABLE = 1
"""Of the ways that are tried, and how: choices of another table are not taken."""
MAX_BYTES = 256 * 1024
KEPT = 8
"""Choices for other models or settings are kept too, the latest; also of another machine, if two
share the folder."""
POLL_S = 0.1

log = structlog.get_logger(__name__)


class Fingerprint(Value):
    """What a choice depends on. If any of it differs, it is made anew."""

    table: int = TABLE
    machine: Machine
    models: Annotated[dict[Word, Sha256], Field(max_length=20)]
    """The model, and the same in 8 bits if there is one, by what is in their files."""
    asked: Word
    """What the settings leave open."""


class Choice(Value):
    """A way that was found to be the fastest, with all that were tried."""

    fingerprint: Fingerprint
    way: Way
    tried: Annotated[tuple[Tried, ...], Field(max_length=100)]
    tuned_at: Utc

    @model_validator(mode="after")
    def _was_tried(self) -> Self:
        if not any(one.way == self.way and one.can_be_taken for one in self.tried):
            raise ValueError(f"expected a way that was tried and can be taken, got {self.way}")
        return self


class _Page(Value):
    choices: Annotated[tuple[Choice, ...], Field(max_length=KEPT)] = ()


class KeptChoices:
    """The file in one folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def find(self, fingerprint: Fingerprint) -> Choice | None:
        """The choice that was made for just this; None if there is none."""
        matching = (one for one in self._read().choices if one.fingerprint == fingerprint)
        return next(matching, None)

    def keep(self, choice: Choice) -> None:
        """Keep it, in place of an older one for the same. Raises OSError."""
        others = [one for one in self._read().choices if one.fingerprint != choice.fingerprint]
        page = _Page(choices=(choice, *others[: KEPT - 1]))
        write_whole(self.path, page.model_dump_json(indent=1))

    @contextmanager
    def turn(self, within_s: float, stopped: Callable[[], bool]) -> Iterator[str]:
        """Only one process measures at a time; who has waited so long goes on all the same. Gives
        why nothing can be kept here, empty if it can."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            yield f"{self.path.parent}: {error.strerror}"
            return
        try:
            give_up_at_s = time.monotonic() + within_s
            while not (_locked(lock) or stopped() or time.monotonic() > give_up_at_s):
                time.sleep(POLL_S)
            yield ""
        finally:
            os.close(lock)

    def _read(self) -> _Page:
        try:
            with self.path.open("rb") as file:
                text = file.read(MAX_BYTES + 1)
            if len(text) > MAX_BYTES:
                raise ValueError(f"expected at most {MAX_BYTES} bytes, got more")
            return _Page.model_validate_json(text)
        except (FileNotFoundError, NotADirectoryError):
            return _Page()
        except (OSError, ValueError) as error:  # pydantic's own is a ValueError
            why = str(error)[:500]
            log.warning("what was measured is lost, measured anew", file=str(self.path), why=why)
            return _Page()


def _locked(descriptor: int) -> bool:
    """Whether the lock is ours. A file system without locks lets everybody in."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        log.warning("no locks here", why=error.strerror)
    return True
