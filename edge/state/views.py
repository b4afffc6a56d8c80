"""The view of a camera, kept in a file: a camera that is turned while the worker is off has moved
all the same. Other zones are another file, because whoever draws them anew has seen the view."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import structlog

from domain.clock import Moment
from edge.state.small_files import replace_file
from vision.picture.diagnosis import PictureSettings, PictureWatch
from vision.rule_register import ZoneSettings

ASK_EVERY_S = 10.0
"""How soon it is noticed that somebody accepted the view."""
KEEP_EVERY_S = 300.0

log = structlog.get_logger(__name__)


def folder_of(worker_dir: Path, camera_id: str) -> Path:
    """Where a worker keeps the view of a camera."""
    return worker_dir / "views" / camera_id


def accept(worker_dir: Path, camera_id: str) -> bool:
    """Forget a camera's view, so that its worker learns it anew. False: none was kept."""
    folder = folder_of(worker_dir, camera_id)
    if not folder.is_dir():
        return False
    shutil.rmtree(folder)
    return True


class KeptView:
    """The file of one camera's view."""

    def __init__(self, worker_dir: Path, camera_id: str, zones: Sequence[ZoneSettings]) -> None:
        drawn = "".join(zone.model_dump_json() for zone in zones)
        name = hashlib.sha256(drawn.encode()).hexdigest()[:12]
        self._camera_id = camera_id
        self._path = folder_of(worker_dir, camera_id) / f"{name}.npz"
        self._asked: Moment | None = None
        self._kept: Moment | None = None

    def watch(self, settings: PictureSettings, *, watch_view: bool) -> PictureWatch:
        """A watch that knows the view which an earlier run kept, if that can be read."""
        try:
            kept = self._path.read_bytes()
            return PictureWatch(settings, watch_view=watch_view, remembered=kept)
        except FileNotFoundError:
            pass
        except Exception as error:  # numpy, zipfile and zlib each have words of their own for it
            log.warning("view lost", camera=self._camera_id, error=str(error))
        return PictureWatch(settings, watch_view=watch_view)

    def forget(self) -> None:
        """Remove what is kept of the camera's view, if it can be removed."""
        self._kept = None
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("view not removed", camera=self._camera_id, error=str(error))

    def follow(self, watch: PictureWatch, now: Moment) -> None:
        """Keep what the watch learned; learn anew if somebody removed what was kept."""
        if self._asked is not None and now - self._asked < ASK_EVERY_S:
            return
        self._asked = now
        if self._kept is not None and not self._path.exists():
            log.info("view accepted, learning it", camera=self._camera_id)
            watch.accept_view()
            self._kept = None
        elif self._kept is None or now - self._kept >= KEEP_EVERY_S:
            self._keep(watch.remembered_view, now)

    def _keep(self, view: bytes | None, now: Moment) -> None:
        if view is None:
            return
        try:
            replace_file(self._path, view)
            self._kept = now
        except OSError as error:
            log.warning("view not kept", camera=self._camera_id, error=str(error))
