"""Claims: what only one process at a time may do in a directory, held by a lock on a file.

The lock is the system's (flock): it ends with its process, however that ends, goes along when the
folder is moved, is the same over every name and link, and no copy of the folder has it. What the
file says only tells people whose it is.
"""

import errno
import fcntl
import json
import os
import time
from pathlib import Path

import structlog

from domain.closing import Closing
from domain.errors import ConfigurationError
from patrol.stopping import supervisor_pid

ENDING_S = 10.0
"""Whose supervisor is gone ends within this time, and is waited for."""
POLL_S = 0.1
_HELD = (errno.EWOULDBLOCK, errno.EACCES)
_SAYS_MAX_BYTES = 4_096

log = structlog.get_logger(__name__)


class AlreadyRunning(ConfigurationError):
    """Another process does what only one may do."""


class Claim(Closing):
    """One claim on `path`, as `what`, until it is closed or the process ends.

    Raises:
        AlreadyRunning: another process has it; the message names the process and the directory.
        ConfigurationError: nothing can be written there.
    """

    def __init__(self, path: Path, what: str, *, ending_s: float = ENDING_S) -> None:
        self._path = path
        self._what = what
        give_up_at_s = time.monotonic() + ending_s
        while (descriptor := self._try()) is None:
            holder = _told(path)
            if not _is_ending(holder) or time.monotonic() > give_up_at_s:
                raise AlreadyRunning(self._refusal(holder))
            time.sleep(POLL_S)
        self._descriptor: int | None = descriptor
        self._tell(descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _try(self) -> int | None:
        """The locked file; None while another process has it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigurationError(
                f"{self._path}: expected a file to lock in a folder to write in, got: "
                f"{error.strerror}"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _HELD:
                os.close(descriptor)
                return None
            # Some network file systems have no locks. Better to work without than not at all.
            log.warning("no locks here", path=str(self._path), why=error.strerror)
        if not _is_at(self._path, descriptor):
            os.close(descriptor)  # somebody removed it in between
            return self._try()
        return descriptor

    def _tell(self, descriptor: int) -> None:
        said = {"pid": os.getpid(), "supervisor": supervisor_pid()}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(said).encode(), 0)

    def _refusal(self, holder: dict[str, object]) -> str:
        pid = holder.get("pid", "unknown")
        left = "; its supervisor is gone, so it was left behind" if _is_ending(holder) else ""
        return (
            f"{self._what} already runs on {self._path.parent.resolve()} (process {pid}{left}). "
            f"Stop that one first, or give this one a data directory of its own (--data)"
        )


def _told(path: Path) -> dict[str, object]:
    """What the holder wrote; nothing while it writes."""
    try:
        with path.open("rb") as file:
            said = json.loads(file.read(_SAYS_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _is_ending(holder: dict[str, object]) -> bool:
    """Whether the holder has a supervisor that is gone: it ends by itself."""
    supervisor = holder.get("supervisor")
    if not isinstance(supervisor, int) or supervisor <= 0:
        return False
    try:
        os.kill(supervisor, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False
