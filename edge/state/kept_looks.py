"""Looks kept for a while, so that rules can be tried again: what picture diagnosis said, what the
detector saw, and what second looks found; no pictures."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from domain.geometry import Box
from domain.health import FaultKind
from edge.state.kept_lines import append, read_kept, read_newer, set_aside
from models.detections import Detections
from vision.look import Look
from vision.look_step import Diagnosis
from vision.patrol import SecondLookWish
from vision.second_look.closer import Closer, Sighting
from vision.second_look.flame import FlameFeatures
from vision.second_look.smoke import SmokeFeatures
from vision.second_look.verdict import SecondLook

FOLDER = "looks"
AT_ONCE = 16
"""Looks written in one go: at most so many are lost by a power cut, and 114 cameras with 28 looks
a second cost two small writes a second."""

SOUND = Diagnosis()

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class KeptLook:
    """One look as it was kept."""

    at: datetime
    diagnosis: Diagnosis
    look: Look | None
    """None of a picture that showed nothing."""


@dataclass(frozen=True, slots=True)
class KeptSecondLook:
    """What a second look found around a box, in the seconds up to a moment."""

    at: datetime
    box: Box
    seen: SecondLook


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a camera, in order of time."""

    looks: Sequence[KeptLook]
    second_looks: Sequence[KeptSecondLook]


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

    def keep(self, look: Look, diagnosis: Diagnosis = SOUND) -> None:
        """Take in a look. A full disk loses lines, never a look."""
        self._keep(look.at, lambda: {**_seen(look), **_said(diagnosis)})

    def keep_blinded(self, at: datetime, diagnosis: Diagnosis) -> None:
        """Take in a look at a picture that shows nothing."""
        self._keep(at, lambda: _said(diagnosis))

    def keep_second(self, wish: SecondLookWish, seen: SecondLook) -> None:
        """Take in what a second look found."""
        self._keep(wish.at, lambda: {"box": _corners(wish.box), "second": _found(seen)})

    def _keep(self, at: datetime, page: Callable[[], dict[str, Any]]) -> None:
        if not self._max_bytes:
            return
        line = {"at": at.isoformat(), **page()}
        self._waiting.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        if len(self._waiting) >= AT_ONCE:
            self.flush(at)

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


def kept_looks(workers_dir: Path, camera_id: str, from_at: datetime, to_at: datetime) -> Kept:
    """What is kept of a camera, of all workers below a folder. It holds no pictures: what has no
    class cannot be judged by it."""
    files = sorted(workers_dir.glob(f"*/{FOLDER}/{camera_id}.jsonl"))
    lines = [line for file in files for line in read_kept(file, partial(_parsed, camera_id))]
    kept = sorted((one for one in lines if from_at <= one.at <= to_at), key=lambda one: one.at)
    return Kept(
        looks=[one for one in kept if isinstance(one, KeptLook)],
        second_looks=[one for one in kept if isinstance(one, KeptSecondLook)],
    )


def _seen(look: Look) -> dict[str, Any]:
    seen = look.detections
    rows = [
        [seen.labels[class_id], round(score, 3), *(round(v, 4) for v in corners)]
        for corners, score, class_id in zip(
            seen.xyxy.tolist(), seen.scores.tolist(), seen.class_ids.tolist(), strict=True
        )
    ]
    first = {"first": True} if look.first else {}
    return {"wh": look.size_wh, "seen": rows, **first}


def _said(diagnosis: Diagnosis) -> dict[str, Any]:
    """What is out of the ordinary."""
    said = {
        "fault": diagnosis.fault and diagnosis.fault.value,
        "doubted": diagnosis.view_doubted,
        "moved": diagnosis.view_moved,
    }
    return {name: value for name, value in said.items() if value}


def _corners(box: Box) -> list[float]:
    return [round(v, 4) for v in (box.x1, box.y1, box.x2, box.y2)]


def _found(seen: SecondLook) -> dict[str, Any]:
    def plain(features: FlameFeatures | SmokeFeatures | None) -> dict[str, float] | None:
        if features is None:
            return None
        return {name: float(value) for name, value in asdict(features).items()}

    flame, smoke = plain(seen.flame), plain(seen.smoke)
    found: dict[str, Any] = {"frames": seen.frames, "span_s": seen.span_s}
    found |= {"flame": flame, "smoke": smoke}
    if seen.closer is not None:
        sightings = {"flame": seen.closer.flame, "smoke": seen.closer.smoke}
        found["closer"] = {name: _sighted(one) for name, one in sightings.items()}
    return found


def _sighted(sighting: Sighting) -> dict[str, Any]:
    box = None if sighting.box is None else _corners(sighting.box)
    return {"scores": [round(score, 3) for score in sighting.scores], "box": box}


def _captured_at(line: str) -> datetime:
    return datetime.fromisoformat(json.loads(line)["at"])


def _parsed(camera_id: str, line: str) -> KeptLook | KeptSecondLook:
    page = json.loads(line)
    at = datetime.fromisoformat(page["at"])
    if "second" in page:
        return KeptSecondLook(at, _box(page["box"]), _second(page["second"]))
    fault = FaultKind(page["fault"]) if "fault" in page else None
    diagnosis = Diagnosis(fault, page.get("doubted", False), page.get("moved", False))
    return KeptLook(at, diagnosis, _look(camera_id, at, page) if "seen" in page else None)


def _second(page: dict[str, Any]) -> SecondLook:
    flame, smoke = page["flame"], page["smoke"]
    return SecondLook(
        page["frames"],
        page["span_s"],
        None if flame is None else FlameFeatures(**flame),
        None if smoke is None else SmokeFeatures(**smoke),
        _closer(page["closer"]) if "closer" in page else None,
    )


def _closer(page: dict[str, Any]) -> Closer:
    """What a closer look saw; lines older than these looks have none."""
    return Closer(flame=_sighting(page["flame"]), smoke=_sighting(page["smoke"]))


def _sighting(page: dict[str, Any]) -> Sighting:
    return Sighting(tuple(page["scores"]), page["box"] and _box(page["box"]))


def _box(corners: Sequence[float]) -> Box:
    x1, y1, x2, y2 = corners
    return Box(x1=x1, y1=y1, x2=x2, y2=y2)


def _look(camera_id: str, at: datetime, page: dict[str, Any]) -> Look:
    rows = page["seen"]
    labels = tuple(dict.fromkeys(str(row[0]) for row in rows))
    width, height = page["wh"]
    detections = Detections(
        np.array([row[2:6] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([labels.index(row[0]) for row in rows], np.int64),
        labels,
    )
    first = bool(page.get("first", False))
    return Look(camera_id, at, detections, (width, height), first=first)
