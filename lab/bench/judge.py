"""Cases against what was planted, and their evidence against its hashes; asked of the console."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from domain.case import Case
from domain.closing import Closing
from domain.incident import IncidentKind
from lab.bench.plants import Plant
from lab.bench.report import PlantsFound, spread

PAGE = 200
TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Planted:
    """Something that was planted, and when its first sign could be seen."""

    plant: Plant
    onset: datetime


@dataclass(frozen=True)
class Opened:
    """A case, as far as it matters here."""

    no: str
    camera: str
    kind: IncidentKind
    at: datetime


class Judge(Closing):
    """Asks the console of one bench."""

    def __init__(self, port: int) -> None:
        self._web = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_S, trust_env=False
        )

    def close(self) -> None:
        self._web.close()

    def cases(self) -> list[Opened]:
        """All cases so far."""
        asked: dict[str, str | int] = {"limit": PAGE, "order": "newest"}
        cases = map(Case.model_validate, self._web.get("/api/cases", params=asked).json()["cases"])
        return [
            Opened(case.no, case.camera_id, case.kind, case.opened_at)
            for case in cases
            if case.camera_id is not None and case.kind is not None
        ]

    def evidence(self, cases: Iterable[Opened]) -> dict[str, int]:
        """How much of it has the content that its hash says, has not, or is missing."""
        counts = {"checked": 0, "bad": 0, "missing": 0}
        for case in cases:
            for piece in self._web.get(f"/api/cases/{case.no}/evidence").json():
                counts[self._judged(piece)] += 1
        return counts

    def _judged(self, piece: dict[str, Any]) -> str:
        if piece["status"] != "sealed":
            return "missing"
        content = self._web.get(f"/api/evidence/{piece['id']}/file").content
        return "checked" if hashlib.sha256(content).hexdigest() == piece["sha256"] else "bad"


def case_of(planted: Planted, cases: Iterable[Opened]) -> Opened | None:
    """The first case of the same kind on the same camera since the onset."""
    fitting = (
        case
        for case in cases
        if case.camera == planted.plant.camera
        and case.kind is planted.plant.kind.finds
        and case.at >= planted.onset
    )
    return min(fitting, key=lambda case: case.at, default=None)


def plants_found(planted: Sequence[Planted], cases: Sequence[Opened]) -> dict[str, PlantsFound]:
    """What became of each kind that was planted."""
    found: dict[str, PlantsFound] = {}
    for name in dict.fromkeys(one.plant.kind.name for one in planted):
        of_kind = [one for one in planted if one.plant.kind.name == name]
        seen = [(one, case_of(one, cases)) for one in of_kind]
        latencies_s = [(case.at - one.onset).total_seconds() for one, case in seen if case]
        found[name] = PlantsFound(
            planted=len(of_kind),
            missed=len(of_kind) - len(latencies_s),
            latency_s=spread(latencies_s, (50, 95)),
        )
    return found
