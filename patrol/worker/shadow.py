"""What rules in shadow would have opened: counted and kept on the worker, told to nobody."""

import os
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import structlog
from pydantic import ValidationError

from domain.incident import Incident
from domain.messages import IncidentOpened
from vision.incidents import IncidentMessage

FILE = "shadow.jsonl"
MAX_BYTES = 8 * 1024 * 1024
"""A file grows to this size; one older one of as much is kept (some ten thousand incidents)."""

_writing = threading.Lock()
log = structlog.get_logger(__name__)


class ShadowLog:
    """A line for each incident when it would have opened. Re-openings and ends are not kept."""

    def __init__(self, worker_dir: Path, max_bytes: int = MAX_BYTES) -> None:
        self._path = worker_dir / FILE
        self._max_bytes = max_bytes

    def keep(self, message: IncidentMessage) -> None:
        """Write down an opening. A full disk loses the line, never the look."""
        if not isinstance(message, IncidentOpened) or message.incident.reopened:
            return
        try:
            with _writing:
                self._append(message.incident.model_dump_json())
        except OSError as error:
            log.warning("shadow not kept", incident=message.incident.id, error=str(error))

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size >= self._max_bytes:
            os.replace(self._path, _older(self._path))
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def shadow_incidents(workers_dir: Path, since: datetime) -> list[Incident]:
    """What the rules in shadow of all workers below a folder would have opened since then."""
    files = sorted(workers_dir.glob(f"*/{FILE}"))
    kept = [incident for file in files for part in (_older(file), file) for incident in _read(part)]
    return sorted((i for i in kept if i.opened_at >= since), key=lambda i: i.opened_at)


def _older(path: Path) -> Path:
    return path.with_name(path.name + ".1")


def _read(path: Path) -> Iterator[Incident]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            yield Incident.model_validate_json(line)
        except ValidationError:
            log.warning("line of the shadow log skipped", file=str(path))  # cut by a crash
