"""How fires that were told of looked, and which of them people rejected: a small file a camera.

A rejection comes minutes or days after the incident, when its picture is long gone; so each fire
that is told of leaves its boxes' patches here. An incident that another worker told of has none
here: nothing is held back for it, and people are asked once more.
"""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import structlog
from pydantic import Field, field_validator

from domain.base import Utc, Value
from domain.incident import Incident, LabelledBox
from domain.labels import SMOKE
from domain.rejected import REMEMBERED_FOR, RejectedIncident, RejectedPlaces
from edge.state.small_files import read_page, write_page
from streams.frame import Image
from vision.things.likeness import PATCH_PX, Patch
from vision.things.rejected import Portrait, RejectedThing, portrait_of

FOLDER = "rejected"
KEPT = timedelta(days=14)
"""So long an incident's looks are kept for a rejection that has not come yet …"""
MOST_INCIDENTS = 16
"""… of so many incidents of a camera, those that are rejected first, then the newest …"""
MOST_PORTRAITS = 12
"""… and so many boxes of each: a sign looks different from look to look."""
_STEP = 32.0  # a patch's values, whose spread is 1, are kept in steps of 1/32

log = structlog.get_logger(__name__)


class _Portrait(Value):
    smoke: bool
    xyxy: tuple[float, float, float, float]
    patch: str
    """int8, base64."""

    @field_validator("patch")
    @classmethod
    def _whole(cls, patch: str) -> str:
        if len(base64.b64decode(patch, validate=True)) != PATCH_PX * PATCH_PX * 3:
            raise ValueError(f"expected {PATCH_PX * PATCH_PX * 3} values of a patch")
        return patch

    @classmethod
    def of(cls, box: LabelledBox, portrait: Portrait) -> "_Portrait":
        steps = (portrait.patch * _STEP).round().clip(-127, 127).astype(np.int8)
        packed = base64.b64encode(steps.tobytes()).decode()
        return cls(smoke=box.label == SMOKE, xyxy=box.box.xyxy, patch=packed)

    def portrait(self) -> Portrait:
        steps = np.frombuffer(base64.b64decode(self.patch), np.int8)
        patch: Patch = steps.reshape(PATCH_PX, PATCH_PX, 3).astype(np.float32) / np.float32(_STEP)
        return Portrait(np.array(self.xyxy, np.float32), patch)


class _Told(Value):
    incident_id: str
    at: Utc
    portraits: tuple[_Portrait, ...] = Field(max_length=MOST_PORTRAITS)


class _Page(Value):
    version: Literal[1] = 1
    told: tuple[_Told, ...] = Field(default=(), max_length=MOST_INCIDENTS)
    rejected: tuple[RejectedIncident, ...] = ()


class RejectedMemory:
    """What one camera remembers of rejections. For one thread at a time."""

    def __init__(self, worker_dir: Path, camera_id: str) -> None:
        """Reads what an earlier run kept. What is damaged, or of another version, is begun anew:
        then nothing is held back until it is rejected again."""
        self._camera_id = camera_id
        self._path = worker_dir / FOLDER / f"{camera_id}.json"
        self._page = read_page(_Page, self._path, what="rejected places")

    def note(self, incident: Incident, picture: Image, at: datetime) -> None:
        """Keep how an incident looks that is told of; `picture` (h, w, 3) uint8 BGR shows it."""
        seen = [(box, portrait_of(box, picture)) for box in incident.boxes]
        new = [_Portrait.of(box, portrait) for box, portrait in seen if portrait is not None]
        before = next((t for t in self._page.told if t.incident_id == incident.id), None)
        kept = before.portraits if before else ()
        if not new or len(kept) >= MOST_PORTRAITS:
            return
        portraits = (*kept, *new)[:MOST_PORTRAITS]
        others = [told for told in self._page.told if told.incident_id != incident.id]
        told = _Told(incident_id=incident.id, at=at, portraits=portraits)
        self._keep((*others, told), self._page.rejected, at)

    def take(self, places: RejectedPlaces, at: datetime) -> bool:
        """Take in what is rejected now; whether that is anything else than before."""
        if places.incidents == self._page.rejected:
            return False
        self._keep(self._page.told, places.incidents, at)
        return True

    def things(self, at: datetime) -> tuple[RejectedThing, ...]:
        """What is to be held back now: what was rejected within a week and is known by its look."""
        told = {one.incident_id: one for one in self._page.told}
        return tuple(
            thing
            for one in self._page.rejected
            if at - one.rejected_at < REMEMBERED_FOR and one.incident_id in told
            for thing in _things(one, told[one.incident_id].portraits)
        )

    def _keep(
        self, told: Sequence[_Told], rejected: Sequence[RejectedIncident], at: datetime
    ) -> None:
        ids = {one.incident_id for one in rejected}
        young = [one for one in told if one.incident_id in ids or at - one.at < KEPT]
        first = sorted(young, key=lambda one: (one.incident_id in ids, one.at), reverse=True)
        self._page = _Page(told=tuple(first[:MOST_INCIDENTS]), rejected=tuple(rejected))
        try:
            write_page(self._path, self._page)
        except OSError as error:
            log.warning("rejected places not kept", camera=self._camera_id, error=str(error))


def _things(one: RejectedIncident, portraits: Sequence[_Portrait]) -> list[RejectedThing]:
    """The flames and the smoke of a rejected incident, each with how it looked."""
    found = []
    for smoke in (False, True):
        its = tuple(each.portrait() for each in portraits if each.smoke == smoke)
        scores = [box.score for box in one.boxes if (box.label == SMOKE) == smoke]
        if its and scores:
            thing = RejectedThing(one.rule_id, one.zone_id, smoke, max(scores), its)
            found.append(thing)
    return found
