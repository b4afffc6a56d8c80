"""A console over a real case book on SQLite, a real evidence store and a board on a real bus."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from cases.queries import CaseFilter, CaseOrder
from console.app import create_app
from console.console_settings import ConsoleSettings
from console.status import SystemStatus
from domain.actor import Actor
from domain.base import Text
from domain.case import Case
from domain.clock import Clock, VirtualClock
from domain.evidence import Evidence, EvidenceKind
from domain.incident import Incident, IncidentKind
from domain.messages import EvidenceSealed
from events_bridge.command_road import CommandRoad
from events_bridge.letters import Box, LetterBox
from events_bridge.look_board import LookBoard
from evidence.store import EvidenceStore
from streams.frame import Image
from tests.builders import NOON, make_cameras, make_incident, make_plan, make_sites, opened
from tests.console.server import LiveServer, serving

SETTINGS = ConsoleSettings(town=Text.of("示例镇", "Sampletown"), operator=Text.of("李(示例)", "Li"))
OPERATOR = Actor.role("operator", SETTINGS.operator)
"""Who the console says has acted."""
CLIP_KINDS = (EvidenceKind.CLIP, EvidenceKind.CLIP_PREVIEW)


def picture(size_wh: tuple[int, int] = (640, 360), shade: int = 90) -> Image:
    """A plain picture with a bright corner: (height, width, 3) uint8 BGR."""
    image = np.full((size_wh[1], size_wh[0], 3), shade, np.uint8)
    image[:40, :60] = 255
    return image


def jpeg(image: Image) -> bytes:
    done, data = cv2.imencode(".jpg", image)
    assert done
    return data.tobytes()


@dataclass
class Center:
    """The parts under a console, and shortcuts to fill them."""

    book: CaseBook
    store: EvidenceStore
    board: LookBoard
    clock: Clock
    settings: ConsoleSettings = SETTINGS

    def make_app(
        self,
        status: Callable[[], SystemStatus] | None = None,
        boxes: Callable[[Box], LetterBox] | None = None,
        road: CommandRoad | None = None,
    ) -> FastAPI:
        return create_app(
            self.book,
            self.store,
            self.board,
            settings=self.settings,
            clock=self.clock,
            status=status,
            boxes=boxes,
            road=road,
        )

    def open_case(
        self, incident_id: str = "inc_1", kind: IncidentKind | None = None, **changes: Any
    ) -> Case:
        """Let an incident come in, and give the case it became."""
        at = changes.pop("at", self.clock.now())
        made = make_incident(incident_id, kind or IncidentKind.ROAD_OCCUPATION, at=at, **changes)
        self.book.handle(opened(made))
        return self.case_of(made)

    def case_of(self, incident: Incident) -> Case:
        wanted = CaseFilter(order=CaseOrder.NEWEST, limit=200)
        cases = self.book.cases(wanted).cases
        return next(case for case in cases if case.incident_id == incident.id)

    def seal(
        self,
        case: Case,
        kind: EvidenceKind = EvidenceKind.SNAPSHOT,
        data: bytes | None = None,
        *,
        at: datetime | None = None,
    ) -> Evidence:
        """Seal `data` (a picture unless given) as evidence of `case`, and let the news come."""
        at, clip = at or case.opened_at, kind in CLIP_KINDS
        content = data if data is not None else jpeg(picture())
        sealed = self.store.seal(
            kind=kind,
            incident_id=case.incident_id,
            camera_id=case.camera_id,
            captured_from=at - timedelta(seconds=2) if clip else at,
            captured_to=at + timedelta(seconds=2) if clip else at,
            media_type="video/mp4" if clip else "image/jpeg",
            suffix=".mp4" if clip else ".jpg",
            write=lambda path: path.write_bytes(content),
        )
        self.book.handle(EvidenceSealed(evidence=sealed))
        return sealed


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOON)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("console") / "cases.sqlite3"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


def build_center(
    folder: Path, migrated: Path, bus_url: str, clock: Clock, settings: ConsoleSettings = SETTINGS
) -> Iterator[Center]:
    """A center below `folder`, closed afterwards."""
    (folder / "cases.sqlite3").write_bytes(migrated.read_bytes())
    database = Database(f"sqlite:///{folder / 'cases.sqlite3'}")
    book = CaseBook(database, CaseSettings(), clock)
    book.install(make_sites(), make_cameras(), make_plan())
    board = LookBoard(bus_url)
    with EvidenceStore(folder / "evidence", clock, min_free_bytes=0) as store:
        yield Center(book, store, board, clock, settings)
    book.close()
    board.close()
    database.close()


@pytest.fixture
def center(
    tmp_path: Path, migrated_file: Path, bus_url: str, clock: VirtualClock
) -> Iterator[Center]:
    yield from build_center(tmp_path, migrated_file, bus_url, clock)


@pytest.fixture
def server(center: Center) -> Iterator[LiveServer]:
    with serving(center.make_app) as server:
        yield server


@pytest.fixture
def client(server: LiveServer) -> Iterator[httpx.Client]:
    """A client that is no browser: it sends no Origin."""
    with httpx.Client(base_url=server.url, timeout=20) as client:
        yield client
