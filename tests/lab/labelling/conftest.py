"""A center's data directory with judged cases and their sealed pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from domain.case import FalseReason, Move, Verdict
from domain.clock import VirtualClock
from domain.evidence import Evidence, EvidenceKind
from domain.geometry import Box
from domain.incident import LabelledBox
from domain.messages import EvidenceSealed
from evidence.store import EvidenceStore
from lab.labelling.candidates import Candidate
from lab.labelling.making import pictures_of, present, reading
from settings.config import Configuration
from settings.loading import load
from tests.builders import LI, NOON, make_cameras, make_incident, make_plan, make_sites, opened
from tests.models import pictures

TOWN = ZoneInfo("Asia/Shanghai")
SIZE_WH = (320, 180)
NAMES = ("umbrella", "stall")
UMBRELLA = LabelledBox(label="umbrella", score=0.8, box=Box(x1=0.2, y1=0.4, x2=0.4, y2=0.8))
THING = LabelledBox(label="object", score=0.5, box=Box(x1=0.6, y1=0.5, x2=0.8, y2=0.9))


@dataclass
class Town:
    """Its data directory, and shorthands to fill it."""

    data: Path
    book: CaseBook
    store: EvidenceStore
    clock: VirtualClock
    made: int = 0

    @property
    def configuration(self) -> Configuration:
        return load(None, data_dir=self.data)

    def judge(
        self,
        real: bool = True,
        *,
        camera: str = "gate-1",
        at: datetime = NOON,
        boxes: tuple[LabelledBox, ...] = (UMBRELLA,),
        back_after_s: float = 0.0,
    ) -> str:
        """A case that a dispatcher confirmed or rejected; its number. `back_after_s`: the picture
        is of so much later than what the rule knew when it opened."""
        self.made += 1
        incident = make_incident(
            f"inc_{self.made}", at=at, camera_id=camera, boxes=boxes, zone_id=f"z{self.made}",
            rule_id="kerb", rule_kind="stalls",
        )  # fmt: skip
        self.book.handle(opened(incident))
        [case] = [c for c in self.book.cases().cases if c.incident_id == incident.id]
        self.seal(incident.id, camera, at + timedelta(seconds=back_after_s))
        self.move(case.no, Move.CONFIRM if real else Move.REJECT)
        return case.no

    def move(self, no: str, move: Move) -> None:
        why = (
            {} if move is Move.CONFIRM else {"verdict": Verdict.FALSE, "reason": FalseReason.LIGHT}
        )
        version = self.book.case(no).version
        self.book.move(no, move, actor=LI, version=version, **why)  # type: ignore[arg-type]

    def seal(self, incident_id: str, camera: str, at: datetime) -> Evidence:
        image = np.full((SIZE_WH[1], SIZE_WH[0], 3), 40 + self.made, np.uint8)
        image[72:144, 64:128] = pictures.RED
        sealed = self.store.seal(
            kind=EvidenceKind.SNAPSHOT,
            incident_id=incident_id,
            camera_id=camera,
            captured_from=at,
            captured_to=at,
            media_type="image/jpeg",
            suffix=".jpg",
            write=lambda path: cv2.imwrite(str(path), image),
        )
        self.book.handle(EvidenceSealed(evidence=sealed))
        return sealed

    def candidates(self, names: tuple[str, ...] = NAMES) -> tuple[Candidate, ...]:
        with reading(self.configuration.database_url) as database:
            found = pictures_of(database, NOON - timedelta(days=30))
        return present(found, names, self.store, TOWN)

    def room(self) -> dict[str, tuple[int, int]]:
        """All that lies in the evidence room: what it is, and when it was last touched."""
        root = self.configuration.evidence_dir
        paths = [root, *sorted(root.rglob("*"))]
        return {str(p): (p.stat().st_mode, p.stat().st_mtime_ns) for p in paths}


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labelling") / "cases.sqlite3"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture
def town(tmp_path: Path, migrated_file: Path) -> Iterator[Town]:
    configuration = load(None, data_dir=tmp_path / "data")
    configuration.data_dir.mkdir()
    database = Database(configuration.database_url)
    Path(configuration.database_url.removeprefix("sqlite:///")).write_bytes(
        migrated_file.read_bytes()
    )
    clock = VirtualClock(NOON)
    book = CaseBook(database, CaseSettings(), clock)
    book.install(make_sites(), make_cameras(), make_plan())
    with EvidenceStore(configuration.evidence_dir, clock, min_free_bytes=0) as store:
        yield Town(configuration.data_dir, book, store, clock)
    book.close()
    database.close()
