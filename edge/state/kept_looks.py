"""Looks kept for a while: what the detector saw, without pictures, so that rules can be retried."""

import json
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import structlog

from edge.state.kept_lines import append, read_kept, read_newer, set_aside
from models.detections import Detections
from vision.look import Look

FOLDER = "looks"
AT_ONCE = 16
"""Looks written in one go: at most so many are lost by a power cut, and 114 cameras with 28 looks
a second cost two small writes a second."""

log = structlog.get_logger(__name__)


class KeptLooks:
    """The looks of one camera, a line of JSON each, in a file and an older one.

    A file is set aside when it holds `max_bytes` or when its first look is `kept_for` old, so that
    what is kept goes back between one and two times as far. `max_bytes` 0 keeps nothing.
    """

    def __init__(
        self, worker_dir: Path, camera_id: str, *, max_bytes: int, kept_for: timedelta
    ) -> None:
        self._path = worker_dir / FOLDER / f"{camera_id}.jsonl"
        self._max_bytes = max_bytes
        self._kept_for = kept_for
        self._waiting: list[str] = []
        self._first_at: datetime | None = None

    def keep(self, look: Look) -> None:
        """Take in a look. A full disk loses lines, never a look."""
        if not self._max_bytes:
            return
        self._waiting.append(_line(look))
        if len(self._waiting) >= AT_ONCE:
            self.flush(look.at)

    def flush(self, at: datetime) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            self._set_aside(at)
            append(self._path, "".join(waiting))
        except OSError as error:
            log.warning("looks not kept", file=str(self._path), error=str(error))

    def _set_aside(self, at: datetime) -> None:
        if not self._path.exists():
            self._first_at = at
            return
        if self._first_at is None:
            self._first_at = next(read_newer(self._path, _captured_at), at)
        full = self._path.stat().st_size >= self._max_bytes
        if full or at - self._first_at >= self._kept_for:
            set_aside(self._path)
            self._first_at = at


def kept_looks(workers_dir: Path, camera_id: str, from_at: datetime, to_at: datetime) -> list[Look]:
    """The kept looks of a camera, of all workers below a folder, in order of time. They hold no
    pictures: what has no class cannot be judged by them."""
    files = sorted(workers_dir.glob(f"*/{FOLDER}/{camera_id}.jsonl"))
    looks = (look for file in files for look in read_kept(file, partial(_look, camera_id)))
    return sorted((look for look in looks if from_at <= look.at <= to_at), key=lambda one: one.at)


def _line(look: Look) -> str:
    seen = look.detections
    rows = [
        [seen.labels[class_id], round(score, 3), *(round(v, 4) for v in corners)]
        for corners, score, class_id in zip(
            seen.xyxy.tolist(), seen.scores.tolist(), seen.class_ids.tolist(), strict=True
        )
    ]
    page = {"at": look.at.isoformat(), "wh": look.size_wh, "seen": rows}
    return json.dumps(page, ensure_ascii=False, separators=(",", ":")) + "\n"


def _captured_at(line: str) -> datetime:
    return datetime.fromisoformat(json.loads(line)["at"])


def _look(camera_id: str, line: str) -> Look:
    page = json.loads(line)
    rows = page["seen"]
    labels = tuple(dict.fromkeys(str(row[0]) for row in rows))
    width, height = page["wh"]
    detections = Detections(
        np.array([row[2:6] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([labels.index(row[0]) for row in rows], np.int64),
        labels,
    )
    return Look(camera_id, datetime.fromisoformat(page["at"]), detections, (width, height))
