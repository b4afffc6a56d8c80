"""The evidence store: files sealed under the name of their SHA-256, in one folder.

A file is written to a private workspace, hashed, made safe on disk, and moved in one step to
`<first two digits>/<sha256><suffix>`, read-only. So whatever lies under such a name is whole.
"""

import errno
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog

from domain.checkpoint import reached
from domain.clock import Clock, SystemClock
from domain.closing import Closing
from domain.errors import EvidenceError, EvidenceStorageFull
from domain.evidence import Evidence, EvidenceKind
from domain.ids import new_id
from evidence.evidence_settings import MIN_FREE_BYTES
from evidence.sealed import SEALED_PATH, SealedFiles, sha256_of
from evidence.workspace import Workspace, remove_leftovers

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_READ_ONLY = 0o444

_log = structlog.get_logger(__name__)


class EvidenceStore(SealedFiles, Closing):
    """Thread-safe; any number of processes may share a root. Who only reads may have a root
    that is mounted read-only: the workspace is made at the first seal."""

    def __init__(
        self,
        root: Path,
        clock: Clock | None = None,
        *,
        min_free_bytes: int = MIN_FREE_BYTES,
    ) -> None:
        super().__init__(root)
        self._clock = clock or SystemClock()
        self._min_free_bytes = min_free_bytes
        self._workspace: Workspace | None = None
        self._lock = threading.Lock()
        with _storage_errors(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
        self._clear_up()

    def seal(
        self,
        *,
        kind: EvidenceKind,
        incident_id: str | None = None,
        case_no: str | None = None,
        camera_id: str | None = None,
        captured_from: datetime,
        captured_to: datetime,
        media_type: str,
        suffix: str,
        write: Callable[[Path], object],
        evidence_id: str | None = None,
        plan: Callable[[Evidence], None] = lambda _: None,
    ) -> Evidence:
        """Let `write` fill a file at the path it is given, and seal it as evidence of an incident
        or of a case; ValueError unless one of them is named. The same content twice
        makes one file and two records. EvidenceStorageFull without room, EvidenceError if the
        disk fails or nothing was written, else what `write` raises; then nothing is left.

        `plan` is told the record before the file gets its final name: who keeps it can tell after
        a crash whose the file is (`holds`). Without an `evidence_id` a new one is made.
        """
        evidence_id = evidence_id or new_id("evi", self._clock.now())

        def record(size_bytes: int, sha256: str) -> Evidence:
            return Evidence(
                id=evidence_id,
                kind=kind,
                incident_id=incident_id,
                case_no=case_no,
                camera_id=camera_id,
                captured_from=captured_from,
                captured_to=captured_to,
                sealed_at=self._clock.now(),
                media_type=media_type,
                size_bytes=size_bytes,
                sha256=sha256,
                path=_path_of(sha256, suffix),
            )

        return self._keep(f"{evidence_id}{suffix}", suffix, write, record, plan)

    def holds(self, evidence: Evidence) -> bool:
        """Whether the file of a record lies here, whole."""
        try:
            self.verify(evidence)
        except (EvidenceError, OSError):
            return False
        return True

    def sealed_paths(self) -> Iterator[tuple[str, float]]:
        """Every sealed file: its path relative to the root, and when it was written, in seconds
        since 1970. OSError if the folder cannot be read."""
        for folder in sorted(self._root.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.iterdir()):
                relative = path.relative_to(self._root).as_posix()
                if SEALED_PATH.fullmatch(relative):
                    yield relative, path.stat().st_mtime

    def close(self) -> None:
        """Remove the workspace. Sealed files stay readable through this object."""
        with self._lock:
            if self._workspace is not None:
                self._workspace.close()
                self._workspace = None

    def _keep(
        self,
        name: str,
        suffix: str,
        write: Callable[[Path], object],
        record: Callable[[int, str], Evidence],
        plan: Callable[[Evidence], None],
    ) -> Evidence:
        """Seal what `write` fills the file `name` with, under the `record` of its size in bytes
        and its SHA-256."""
        if not _SUFFIX.fullmatch(suffix):
            raise EvidenceError(f"expected a suffix such as .jpg, got {suffix!r}")
        with _storage_errors(self._root):
            self._check_room()
            unsealed = self._folder() / name
            try:
                write(unsealed)
                sealed = record(*_finish(unsealed))
                reached("evidence.written")
                plan(sealed)
                self._move_in(unsealed, sealed)
                reached("evidence.sealed")
                return sealed
            finally:
                unsealed.unlink(missing_ok=True)

    @property
    def _tmp(self) -> Path:
        return self._root / "tmp"

    def _folder(self) -> Path:
        with self._lock:
            if self._workspace is None:
                self._workspace = Workspace(self._tmp)
            return self._workspace.folder

    def _clear_up(self) -> None:
        try:
            leftovers = remove_leftovers(self._tmp)
        except OSError as error:
            _log.warning("unfinished evidence not removed", folder=str(self._tmp), why=str(error))
        else:
            if leftovers:
                _log.warning("unfinished evidence removed", files=leftovers)

    def _check_room(self) -> None:
        free_bytes = shutil.disk_usage(self._root).free
        if free_bytes < self._min_free_bytes:
            raise EvidenceStorageFull(
                f"expected {self._min_free_bytes} bytes to be free at {self._root}, "
                f"got {free_bytes}"
            )

    def _move_in(self, unsealed: Path, sealed: Evidence) -> None:
        """Give a finished file its final name."""
        target = self._root / sealed.path
        if not target.parent.is_dir():
            target.parent.mkdir(exist_ok=True)
            _sync(self._root)
        if target.exists():
            if sha256_of(target) == sealed.sha256:
                return
            _log.error("sealed file was altered, its content is restored", path=sealed.path)
        unsealed.replace(target)
        _sync(target.parent)


def _path_of(sha256: str, suffix: str) -> str:
    """Where a file of this content lies, relative to the root."""
    return f"{sha256[:2]}/{sha256}{suffix}"


def _finish(unsealed: Path) -> tuple[int, str]:
    """Make a written file safe on disk and read-only; its size in bytes and its SHA-256."""
    if not unsealed.is_file() or not (size_bytes := unsealed.stat().st_size):
        raise EvidenceError(f"expected a file with content, {unsealed.name} has none")
    sha256 = sha256_of(unsealed)
    _sync(unsealed)
    unsealed.chmod(_READ_ONLY)
    return size_bytes, sha256


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _storage_errors(root: Path) -> Iterator[None]:
    """The one door for errors of the disk."""
    try:
        yield
    except OSError as error:
        kind = EvidenceStorageFull if error.errno in _FULL else EvidenceError
        raise kind(f"evidence cannot be kept at {root}: {error}") from error
