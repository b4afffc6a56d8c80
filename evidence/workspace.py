"""Where files are written before they are sealed: one private folder per store object.

Several processes share one root (a worker writes, the center reads). Each holds a lock as long
as it lives, so whoever starts can tell a dead process's leftovers from a file being written.
"""

import fcntl
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path


class Workspace:
    """`folder` exists while the workspace is open. OSError if it cannot be made."""

    def __init__(self, parent: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._lock_path = parent / f"{name}.lock"
        self._lock: int | None = _lock_new(self._lock_path)
        self.folder = parent / name
        self.folder.mkdir()

    def close(self) -> None:
        if self._lock is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._lock_path.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None


def remove_leftovers(parent: Path) -> tuple[str, ...]:
    """Remove the folders of processes that are gone; the names of the files that were in them."""
    removed: list[str] = []
    for lock_path in sorted(parent.glob("*.lock")):
        with suppress(FileNotFoundError):
            removed += _remove_if_dead(lock_path)
    return tuple(removed)


def _remove_if_dead(lock_path: Path) -> list[str]:
    lock = os.open(lock_path, os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return []
    else:
        folder = lock_path.with_suffix("")
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        shutil.rmtree(folder, ignore_errors=True)
        lock_path.unlink()
        return names
    finally:
        os.close(lock)


def _lock_new(path: Path) -> int:
    """A locked descriptor of `path`. Somebody who clears up may remove the file between its
    making and its locking; then it is made again."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(lock).st_ino:
                return lock
        os.close(lock)
