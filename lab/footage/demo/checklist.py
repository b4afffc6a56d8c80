"""What `scripts/demo --check` wants to see: cases of each kind, with evidence that verifies.

It asks the running console over HTTP, as any other program would.
"""

import hashlib
import tempfile
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from domain.errors import StreamError
from domain.evidence import EvidenceKind
from domain.incident import IncidentKind
from domain.labels import FLAMES
from streams.replay import replay

ALWAYS_WANTED = (IncidentKind.CROWDING, IncidentKind.ROAD_OCCUPATION)
"""The kinds that every detector of persons and vehicles finds in the demo."""
FIRE_CAMERA = "fire"
"""Only this camera shows a fire, a composed one. A fire case of another is a false one."""
ASK_EVERY_S = 1.0
ASK_TIMEOUT_S = 10.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Checked:
    """One case whose evidence was fetched and looked at."""

    kind: str
    no: str
    camera_id: str
    opened_after_s: float
    clip_s: float
    """Length of the clip, every picture of it decoded."""
    files: int
    """Evidence files whose sha256 is the sealed one."""


def wanted_kinds(labels: Collection[str]) -> tuple[IncidentKind, ...]:
    """What the demo must show with a detector of these classes: fire only if it knows flames."""
    knows_fire = not set(FLAMES).isdisjoint(labels)
    return (*ALWAYS_WANTED, IncidentKind.FIRE) if knows_fire else ALWAYS_WANTED


class Checklist:
    """Waits for the wanted cases of a console and verifies their evidence."""

    def __init__(
        self, base_url: str, *, wanted: Sequence[IncidentKind], started_at: datetime
    ) -> None:
        self._base_url = base_url
        self._wanted = wanted
        self._started_at = started_at

    def wait(self, timeout_s: float, stopping: threading.Event) -> list[Checked]:
        """A checked case of every kind there is, once all the wanted kinds are among them, or
        what there was after `timeout_s`."""
        give_up_at_s = time.monotonic() + timeout_s
        checked: dict[str, Checked] = {}
        with httpx.Client(base_url=self._base_url, timeout=ASK_TIMEOUT_S, trust_env=False) as web:
            while time.monotonic() < give_up_at_s and not stopping.wait(ASK_EVERY_S):
                for case in filter(_counts, _cases(web)):
                    if case["kind"] not in checked and (one := self._check(web, case)):
                        checked[one.kind] = one
                if not self.missing(list(checked.values())):
                    break
        return list(checked.values())

    def missing(self, checked: Sequence[Checked]) -> list[str]:
        """The wanted kinds that were not seen."""
        seen = {one.kind for one in checked}
        return [kind.value for kind in self._wanted if kind.value not in seen]

    def _check(self, web: httpx.Client, case: Json) -> Checked | None:
        """The case with its evidence verified, or None while something is still to come."""
        sealed = [
            evidence
            for evidence in web.get(f"/api/cases/{case['no']}/evidence").json()
            if evidence["status"] == "sealed"
        ]
        kinds = {evidence["kind"] for evidence in sealed}
        if not {EvidenceKind.SNAPSHOT.value, EvidenceKind.CLIP.value} <= kinds:
            return None
        clip_s = 0.0
        for evidence in sealed:
            content = web.get(f"/api/evidence/{evidence['id']}/file").content
            if hashlib.sha256(content).hexdigest() != evidence["sha256"]:
                return None
            if evidence["kind"] == EvidenceKind.CLIP.value:
                clip_s = _length_s(content)
        opened_at = datetime.fromisoformat(case["opened_at"])
        after_s = (opened_at - self._started_at).total_seconds()
        if not clip_s:
            return None
        return Checked(case["kind"], case["no"], case["camera_id"], after_s, clip_s, len(sealed))


def _counts(case: Json) -> bool:
    """Whether a case is of a camera that may have it."""
    return bool(case["kind"] != IncidentKind.FIRE.value or case["camera_id"] == FIRE_CAMERA)


def _cases(web: httpx.Client) -> list[Json]:
    """The console's cases; none while it does not answer yet."""
    try:
        answer = web.get("/api/cases", params={"limit": 100, "order": "newest"})
        answer.raise_for_status()
    except httpx.HTTPError:
        return []
    cases: list[Json] = answer.json()["cases"]
    return cases


def _length_s(content: bytes) -> float:
    """The seconds that a clip plays, by decoding it; 0 if it does not."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        clip.write_bytes(content)
        try:
            frames = list(
                replay(clip, look_every_s=0.001, start_at=datetime.now(UTC), decode="all")
            )
        except StreamError:
            return 0.0
    return frames[-1].stream_s if frames else 0.0
