"""A directory held by handle, and what the server that works in it calls itself.

A path is no identity: a folder may be moved while it is in use, copied to another place with
everything that was written in it, or reached over a symlink. The directory's device and inode
are: they go along with a move, and no copy has them. No address is therefore ever stored.
"""

import os
import re
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

_BY_HANDLE = re.compile(r"(?P<handle>/proc/\d+/fd/\d+)(?P<rest>/.*)?")
SERVER_NAME = "patrol-bus"

_held: dict[tuple[int, int], "HeldDirectory"] = {}
_holding = threading.Lock()


@dataclass(frozen=True, slots=True)
class HeldDirectory:
    """One directory, open until the process ends: the address of its socket would come to mean
    another directory if the handle's number were given away."""

    descriptor: int
    device: int
    inode: int
    opened_as: Path

    @property
    def path(self) -> Path:
        """Where its files are while this process lives, also for its user's other processes: by
        handle, so short enough for a socket and true after a move. Without /proc, the name it was
        opened by."""
        if sys.platform != "linux":
            return self.opened_as
        return Path(f"/proc/{os.getpid()}/fd/{self.descriptor}")

    @property
    def name(self) -> Path:
        """What people call it now."""
        return readable(self.path)

    @property
    def server_name(self) -> str:
        """What its server calls itself, in memory only."""
        return f"{SERVER_NAME}-{self.device:x}-{self.inode:x}"

    def is_same(self, other: Path) -> bool:
        """Whether `other` is this very directory, by whatever name."""
        try:
            status = other.stat()
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == (self.device, self.inode)


def hold(directory: Path) -> HeldDirectory:
    """The directory at that path, which has to be there; OSError if it is not."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    status = os.fstat(descriptor)
    key = status.st_dev, status.st_ino
    with _holding:
        if key in _held:
            os.close(descriptor)
        else:
            _held[key] = HeldDirectory(descriptor, *key, opened_as=directory)
        return _held[key]


def readable(path: Path) -> Path:
    """`path` with a handle in it replaced by the name of what is held."""
    found = _BY_HANDLE.fullmatch(str(path))
    if found is None:
        return path
    try:
        return Path(f"{Path(found['handle']).readlink()}{found['rest'] or ''}")
    except OSError:
        return path


def told(error: Exception) -> str:
    """An error about a file in a held directory, in words with the file's name."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{readable(Path(os.fsdecode(error.filename)))}: {error.strerror}"
    return str(error)
