"""What the worker must not forget when it stops: open incidents, and clips it still owes."""

from pathlib import Path

from domain.base import Value
from domain.incident import Incident
from patrol.worker.small_files import read_page, write_page


class WorkerMemory(Value):
    """A page of the worker's memory."""

    incidents: tuple[Incident, ...] = ()
    """Those that are open, and those in their cool-down, which may come back."""
    owed_clips: tuple[Incident, ...] = ()

    @classmethod
    def load(cls, path: Path) -> "WorkerMemory":
        """What was saved at `path`; nothing if there is no such file or it cannot be read."""
        return read_page(cls, path, what="memory of open incidents")

    def save(self, path: Path) -> None:
        """Replace the file at `path` in one step."""
        write_page(path, self)
