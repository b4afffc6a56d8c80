"""A whole town in one process: a camera's rule, the worker's book, evidence, bus and center.

All parts are the real ones. Time is counted in looks, a second each, and kept in a file; a process
that dies leaves everything where it was, and the next one goes on a second later.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import av
import numpy as np

from cases.book import CaseBook
from cases.case_settings import CaseSettings
from cases.database import Database
from domain.base import Value
from domain.clock import VirtualClock
from domain.holding import CameraGrant
from edge.holder import Holder
from edge.recorder import Recorder
from edge.witness import Witness, close_left_behind
from events_bridge.bus_settings import BusSettings
from events_bridge.holder_board import HolderBoard
from events_bridge.publisher import Publisher
from evidence.evidence_settings import EvidenceSettings
from evidence.store import EvidenceStore
from streams.frame import Frame
from streams.packet import Packet
from streams.ring import PacketRing
from tests.books import SOURCE, make_book
from tests.builders import make_cameras, make_plan, make_sites
from tests.events_bridge.bus_tools import consuming
from tests.media import make_clip
from tests.streams.footage import packets_of
from tests.vision.looks import SHANGHAI, START, at, look, people
from tests.waiting import wait_until
from vision.patrol import CameraPatrol
from vision.rule_register import parse_rules

CAMERA = "gate-1"
RULES = {
    "crowding": {
        "count": 5,
        "for_s": 2,
        "smooth_s": 1,
        "close_after_s": 3,
        "cool_down_s": 40,
        "update_every_s": 5,
    }
}
CROWDED = ((0, 12), (24, 36), (96, 108))
"""A crowd that comes, comes back within its cool-down, and comes again after it."""
ENDS_S = 120
HAPPENINGS = 2
"""Cases that this makes, whatever dies."""


class Place(Value):
    """Where a town is, and what it is called on the bus."""

    root: Path
    bus_url: str
    database_url: str
    name: str
    worker_id: str = "edge-1"
    hears_after_s: int = 0
    """Before this second the worker does not hear what the center grants."""
    stretch: int = 1
    """How many times longer everything lasts: a town that dies often needs time to see again."""

    def is_crowded(self, second: int) -> bool:
        return any(
            begins * self.stretch <= second < ends * self.stretch for begins, ends in CROWDED
        )

    @property
    def bus(self) -> BusSettings:
        return BusSettings(
            news_stream=f"{self.name}:news",
            looks_stream=f"{self.name}:looks",
            dead_stream=f"{self.name}:dead",
            holder_key=f"{self.name}:holder",
            block_s=0.005,
            retry_first_s=0.0,
            backoff_first_s=0.01,
            backoff_max_s=0.05,
        )

    @property
    def evidence(self) -> Path:
        return self.root / "evidence"

    @property
    def worker_dir(self) -> Path:
        return self.root / "worker" / self.worker_id

    @property
    def second(self) -> int:
        """The next look's second."""
        try:
            return int((self.root / "second").read_text())
        except FileNotFoundError:
            return 0

    def pass_second(self) -> None:
        new = self.root / "second.new"
        new.write_text(str(self.second + 1))
        new.replace(self.root / "second")


class Edge:
    """The worker's part for one camera."""

    def __init__(self, place: Place, clock: VirtualClock, packets: list[Packet]) -> None:
        self._place = place
        self._clock = clock
        self._ring = PacketRing(600, 1 << 26)
        self._packets = packets
        self.book = make_book(place.worker_dir, clock=clock)
        self.publisher = Publisher(
            place.bus_url, self.book.outbox, source=SOURCE, settings=place.bus
        )
        self.store = EvidenceStore(place.evidence, clock, min_free_bytes=0)
        settings = EvidenceSettings(pre_roll_s=1, post_roll_s=0)
        self.recorder = Recorder(self.store, settings, clock=clock, debts=self.book.debts)
        self.patrol = CameraPatrol(
            CAMERA,
            parse_rules(RULES),
            [],
            timezone=SHANGHAI,
            model=None,
            notice=None,
            name_incident=lambda rule, zone: self.book.name_incident(CAMERA, rule, zone),
        )
        self.witness = Witness(CAMERA, self.patrol, self.book, self.recorder)
        self.board = HolderBoard(place.bus_url, settings=place.bus)
        self.holder = Holder(
            self.book,
            self.board,
            worker_id=place.worker_id,
            camera_ids=[CAMERA],
            clock=clock,
            take_over=self._take_over,
            let_go=lambda _: self.witness.let_go(),
        )

    def begin(self) -> None:
        """As `Worker.start` does."""
        self.recorder.reconcile()
        now, known = self._clock.moment(), self.book.incidents
        close_left_behind(self.book, frozenset([CAMERA]), now.at)
        self.witness.recall(known, now)
        self.holder.claim()
        self.recorder.start()

    def see(self, second: int) -> bool:
        """One look, and what is recorded of it; whether there was news."""
        self._receive(second)
        crowd = people(6 if self._place.is_crowded(second) else 0)
        news = self.patrol.look(look(second, crowd))
        if news:
            picture = av.VideoFrame.from_ndarray(
                np.full((96, 160, 3), 60 + second % 120, np.uint8), format="bgr24"
            )
            frame = Frame(CAMERA, at(second), float(second), picture)
            self.witness.note(news, frame, self._ring)
            wait_until(lambda: not self.book.debts.open, "what is owed")
        return bool(news)

    def end(self) -> None:
        self.recorder.stop(20)
        self.publisher.close(20)
        self.book.close()
        self.store.close()
        self.board.close()

    def _receive(self, second: int) -> None:
        for packet in self._packets:
            moment = at(second) + (packet.captured_at - self._packets[0].captured_at) / 10
            self._ring.append(replace(packet, captured_at=moment, captured_s=moment.timestamp()))

    def _take_over(self, grant: CameraGrant) -> None:
        self.witness.take_over(grant, self._clock.moment())


@contextmanager
def center(place: Place, clock: VirtualClock) -> Iterator[CaseBook]:
    """The center's books."""
    database = Database(place.database_url)
    board = HolderBoard(place.bus_url, settings=place.bus)
    book = CaseBook(database, CaseSettings(), clock, tell_grant=board.put)
    book.install(make_sites(), make_cameras(), make_plan())
    try:
        yield book
    finally:
        board.close()
        database.close()


def make_packets(folder: Path) -> list[Packet]:
    """A second of a camera's packets; the same each time."""
    clip = make_clip(folder / "camera.mp4", seconds=0.5, fps=10, gop=5, size_wh=(160, 96))
    return packets_of(clip, START)


def live(place: Place, packets: list[Packet], *, until_s: int | None = None) -> None:
    """Go on from where the town is, up to its end."""
    until_s = ENDS_S * place.stretch if until_s is None else until_s
    clock = VirtualClock(at(place.second))
    with center(place, clock) as book, consuming(place.bus_url, book.handle, place.bus) as consumer:
        edge = Edge(place, clock, packets)

        def settle() -> None:
            assert edge.publisher.flush(20)
            wait_until(lambda: consumer.lag() == 0, "the center")

        edge.begin()
        settle()
        while (second := place.second) < until_s:
            clock.move_to(START + timedelta(seconds=second))
            if second >= place.hears_after_s:
                edge.holder.hear()
            if edge.see(second):
                settle()
            place.pass_second()
        edge.end()
