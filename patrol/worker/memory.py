"""What the worker must not forget when it stops: open incidents, and clips it still owes."""

import os
from pathlib import Path

import structlog
from pydantic import ValidationError

from domain.base import Value
from domain.incident import Incident

log = structlog.get_logger(__name__)


class WorkerMemory(Value):
    """A page of the worker's memory."""

    incidents: tuple[Incident, ...] = ()
    """Those that are open, and those in their cool-down, which may come back."""
    owed_clips: tuple[Incident, ...] = ()

    @classmethod
    def load(cls, path: Path) -> "WorkerMemory":
        """What was saved at `path`; nothing if there is no such file or it cannot be read."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return cls()
        except (OSError, ValidationError) as error:
            log.warning("memory of open incidents lost", file=str(path), error=str(error))
            return cls()

    def save(self, path: Path) -> None:
        """Replace the file at `path` in one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(self.model_dump_json(), encoding="utf-8")
        os.replace(new, path)
