"""From the dispatcher's rejection to the camera's memory, and back when it is undone: the case
book, the teller, the bus, the worker's memory, its patrol."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

import av
import pytest

from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from domain.case import Case, FalseReason, Move, Verdict
from domain.clock import VirtualClock
from domain.held_back import HeldBack, HeldBackReason
from domain.messages import IncidentOpened
from domain.rejected import REMEMBERED_FOR
from edge.post import CameraPost
from edge.rejections import Rejections
from edge.state.rejected import FOLDER
from events_bridge.rejected_board import RejectedBoard
from patrol.rejections import RejectionTeller
from settings.config import Configuration
from streams.frame import Frame
from tests.builders import LI, make_cameras, make_plan, make_sites
from tests.vision.looks import SIZE_WH, START, detections
from tests.vision.test_rejected import FLAME_SEED, SIGN, SIGN_SEED, street_with
from vision.look import Look

CAMERA = "gate-1"
RULES = {"fire": {"second_look": False, "close_after_s": 10, "cool_down_s": 20}}


class Town:
    """A center and one worker's camera, on one virtual clock and a real bus."""

    def __init__(self, folder: Path, bus_url: str, ends: ExitStack) -> None:
        self.folder, self.clock = folder, VirtualClock(START)
        database = Database(f"sqlite:///{folder / 'patrol.db'}")
        ends.callback(database.close)
        database.upgrade()
        self.book = CaseBook(database, CaseSettings(), self.clock)
        self.book.install(make_sites(), make_cameras(), make_plan())
        self.board = ends.enter_context(RejectedBoard(bus_url))
        self.teller = RejectionTeller(database, self.board, self.clock, [CAMERA])
        self.held_back: list[HeldBack] = []
        self.start_worker()

    def start_worker(self) -> None:
        """Begin anew, with what is kept."""
        camera = {"id": CAMERA, "name": "g", "site_id": "s", "url": "rtsp://h/1", "rules": RULES}
        share = Configuration.of({"data_dir": self.folder, "cameras": [camera]}).share()
        self.post = CameraPost(
            share.cameras[0], share, clock=self.clock, on_gap=lambda _gap: None,
            on_held_back=self.held_back.append,
        )  # fmt: skip
        self.rejections = Rejections(
            share.dir, [self.post], self.board, judging=Lock(), clock=self.clock
        )
        self.rejections.recall()
        self.file = share.dir / FOLDER / f"{CAMERA}.json"

    def look(self, seed: int | None = SIGN_SEED, *, seconds: float = 10) -> list[IncidentOpened]:
        """Look every 2 s at what stands there (None: nothing); what opened, and is a case now."""
        opened: list[IncidentOpened] = []
        ends_at = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < ends_at:
            at = self.clock.now()
            picture = street_with(SIGN_SEED if seed is None else seed, at.second)
            seen = detections([] if seed is None else [SIGN])
            news = self.post.patrol.look(Look(CAMERA, at, seen, SIZE_WH, picture))
            shown = av.VideoFrame.from_ndarray(picture, format="bgr24")
            self.rejections.note(self.post, Frame(CAMERA, at, 0.0, shown), news)
            self.book.handle_together(news)
            opened += [one for one in news if isinstance(one, IncidentOpened)]
            self.clock.move_to(at + timedelta(seconds=2))
        return opened

    def alarm(self) -> Case:
        """The sign stands there until it is a case, and is switched off for an hour."""
        (opened,) = self.look()
        self.look(None, seconds=20)
        (case,) = [c for c in self.book.cases().cases if c.incident_id == opened.incident.id]
        self.pass_time(self.clock.now() + timedelta(hours=1))
        return case

    def reject(self, case: Case) -> Case:
        return self.book.move(
            case.no, Move.REJECT, actor=LI, version=case.version,
            verdict=Verdict.FALSE, reason=FalseReason.LIGHT,
        )  # fmt: skip

    def spread(self) -> None:
        """The center tells, and the worker hears."""
        assert self.teller.tell()
        assert self.rejections.hear()

    def pass_time(self, until: datetime) -> None:
        self.clock.move_to(until)
        self.look(None, seconds=20)


@pytest.fixture
def town(tmp_path: Path, bus_url: str) -> Iterator[Town]:
    with ExitStack() as ends:
        yield Town(tmp_path, bus_url, ends)


def test_the_same_thing_alarms_once_a_week(town: Town) -> None:
    case = town.alarm()
    rejected_at = town.clock.now()
    town.reject(case)
    town.spread()
    for day in range(1, 7):
        town.pass_time(START + timedelta(days=day))
        town.rejections.hear()
        assert town.look() == [], f"day {day}"
    town.pass_time(rejected_at + REMEMBERED_FOR)
    town.rejections.hear()
    assert len(town.look()) == 1, "after a week people are asked again"
    town.post.patrol.end_held_back()
    reasons = {one.reason for one in town.held_back}
    assert reasons == {HeldBackReason.REJECTED}, "nothing of it was silent"


def test_another_thing_at_the_place_is_told_of(town: Town) -> None:
    town.reject(town.alarm())
    town.spread()
    assert town.look() == []
    assert len(town.look(FLAME_SEED)) == 1


def test_an_undone_rejection_holds_nothing_back(town: Town) -> None:
    case = town.reject(town.alarm())
    town.spread()
    assert town.look() == []
    town.book.undo(case.no, actor=LI, version=case.version)
    town.spread()
    assert len(town.look()) == 1


def test_a_restart_forgets_nothing_even_without_the_bus(town: Town) -> None:
    town.reject(town.alarm())
    town.spread()
    town.start_worker()
    assert town.look() == []


def test_what_cannot_be_read_holds_nothing_back(town: Town) -> None:
    town.reject(town.alarm())
    town.spread()
    newer = town.file.read_text(encoding="utf-8").replace('"version":1', '"version":2', 1)
    for damaged in ("{", newer):
        town.file.write_text(damaged, encoding="utf-8")
        town.start_worker()
        assert len(town.look()) == 1, "and the rejection alone does not, without its portrait"
        town.look(None, seconds=60)
        town.spread()
        town.pass_time(town.clock.now() + timedelta(hours=1))
