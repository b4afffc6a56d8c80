"""Which devices take a digest of the password, kept in a small file: after a start, too, none of
them is told the password itself. No secret is in it."""

from pathlib import Path

import structlog

from domain.base import Value
from edge.state.small_files import read_page, write_page
from streams.rtsp.known import KNOWN, Door, KnownCameras

log = structlog.get_logger(__name__)


class _Page(Value):
    digest: tuple[Door, ...] = ()


class DoorKeeper:
    """Keeps at once what a process learns of its cameras' doors."""

    def __init__(self, path: Path, known: KnownCameras = KNOWN) -> None:
        self._path = path
        self._known = known

    def recall(self) -> None:
        """Know what was kept; call before any camera is connected to."""
        page = read_page(_Page, self._path, what="which cameras take a digest")
        self._known.recall(page.digest, self._save)

    def stop(self) -> None:
        self._known.recall((), None)

    def _save(self, digest: frozenset[Door]) -> None:
        try:
            write_page(self._path, _Page(digest=tuple(sorted(digest))))
        except OSError as error:
            log.warning("which cameras take a digest is not kept", error=str(error))
