"""What rules in shadow would have opened: counted and kept on the worker, told to nobody."""

import threading
from datetime import datetime
from pathlib import Path

import structlog

from domain.incident import Incident
from domain.messages import IncidentOpened
from edge.state.kept_lines import append, read_kept, set_aside
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
        if self._path.exists() and self._path.stat().st_size >= self._max_bytes:
            set_aside(self._path)
        append(self._path, line + "\n")


def shadow_incidents(workers_dir: Path, since: datetime) -> list[Incident]:
    """What the rules in shadow of all workers below a folder would have opened since then."""
    files = sorted(workers_dir.glob(f"*/{FILE}"))
    kept = [one for file in files for one in read_kept(file, Incident.model_validate_json)]
    return sorted((i for i in kept if i.opened_at >= since), key=lambda i: i.opened_at)
