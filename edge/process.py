"""The worker as a whole: what it starts, in which order, and how it ends."""

import threading
import time
from collections.abc import Sequence
from functools import partial
from threading import Lock

import structlog

from domain.clock import Clock, SystemClock
from domain.health import CoverageGap
from domain.held_back import HeldBack
from domain.holding import CameraGrant
from domain.messages import CoverageGapEnded, FindingsHeldBack
from edge.attention import Attention
from edge.book import Book
from edge.book.upgrade import take_up_older_files
from edge.commands.end import RoadEnd
from edge.doors import DoorKeeper
from edge.eyes import Eyes
from edge.holder import Holder
from edge.load import LookLoad
from edge.looker import Looker
from edge.post import CameraPost
from edge.pulse import Pulse
from edge.recorder import Recorder
from edge.rejections import Rejections
from edge.reporter import Reporter
from edge.roster import Roster
from edge.state.learned import LessonKeeper
from edge.steadfast import steadfast
from edge.witness import Witness, close_left_behind
from events_bridge.envelope import to_envelope, worker_source
from events_bridge.holder_board import HolderBoard
from events_bridge.look_board import LookBoard
from events_bridge.publisher import Publisher
from events_bridge.rejected_board import RejectedBoard
from evidence.store import EvidenceStore
from models.catalogue.catalog import Catalog
from models.tuning.machine import cores_here
from models.tuning.tuner import Tuner
from settings.approvals import by_rule
from settings.slices import WorkerShare
from streams.budget import RingBudget
from streams.frame import Frame
from streams.kept_decoders import KeptDecoders
from streams.reader import stop_all
from streams.shared_reading import SharedReading
from vision.incidents import IncidentMessage

STOP_WITHIN_S = 4.0
"""Everything has ended by then after a stop; what is not written is said to be lost."""
CONNECT_APART_S = 0.05
"""Cameras are connected one after the other, not all in one instant."""
GRANTED_WITHIN_S = 2.0
"""So long the center's grant of the cameras is waited for; then the work begins without it."""
BOOK = "book.sqlite3"

log = structlog.get_logger(__name__)


class Worker:
    """Reads, looks, judges and records the cameras of one share."""

    def __init__(
        self,
        share: WorkerShare,
        *,
        bus_url: str,
        clock: Clock | None = None,
        program_version: str = "",
    ) -> None:
        self._clock = clock or SystemClock()
        bus = share.bus
        source = worker_source(share.id)
        self._book = Book(
            share.dir / BOOK,
            partial(to_envelope, source=source),
            max_bytes=bus.spool_max_bytes,
            clock=self._clock,
        )
        take_up_older_files(self._book, share.dir)
        self._publisher = Publisher(bus_url, self._book.outbox, source=source, settings=bus)
        self._holders = HolderBoard(bus_url, settings=bus)
        self._board = LookBoard(bus_url, settings=bus)
        self._store = EvidenceStore(
            share.evidence_dir,
            self._clock,
            min_free_bytes=share.evidence.min_free_bytes,
        )
        self._recorder = Recorder(
            self._store,
            share.evidence,
            clock=self._clock,
            debts=self._book.debts,
        )
        catalog = Catalog(share.models_dir)
        tuner = Tuner(catalog, share.models_dir, clock=self._clock)
        self._eyes = eyes = Eyes(
            catalog, share.detector, tuner, first_looks=share.looking.first.enabled
        )
        for off in by_rule(share.withheld_at(self._clock.now())):
            log.warning("rule off", rule=off.rule_id, cameras=len(off.cameras), reason=off.missing)
        decoders = KeptDecoders(share.streams.kept_decoders)
        budget = RingBudget(share.streams.rings_bytes)
        self._reading = SharedReading()
        self._posts = [
            CameraPost(
                camera,
                share,
                clock=self._clock,
                on_gap=self._gap_ended,
                budget=budget,
                decoders=decoders,
                shared=self._reading,
                on_held_back=self._held_back,
                name_incident=partial(self._book.name_incident, camera.id),
            )
            for camera in share.cameras
        ]
        self._witnesses = {
            post.camera_id: Witness(post.camera_id, post.patrol, self._book, self._recorder)
            for post in self._posts
        }
        self._holder = Holder(
            self._book,
            self._holders,
            worker_id=share.id,
            camera_ids=list(self._witnesses),
            clock=self._clock,
            take_over=self._take_over,
            let_go=self._let_go,
        )
        self._attention = Attention(share.second_look, eyes)
        self._judging = Lock()
        self._rejected = RejectedBoard(bus_url, settings=bus)
        self._rejections = Rejections(
            share.dir, self._posts, self._rejected, judging=self._judging, clock=self._clock
        )
        load = LookLoad(lookers=share.settings.lookers, cores=cores_here())
        roster = Roster(
            self._posts,
            attended=share.attention.cameras,
            early_share=share.settings.early_share,
            longest_wait_s=share.settings.longest_wait_s,
            busy=load.busy,
        )
        self._lookers = [
            Looker(
                roster,
                eyes,
                judging=self._judging,
                attention=self._attention,
                batch=share.detector.max_batch,
                clock=self._clock,
                on_news=self._handle_news,
                on_picture=self._board.put,
            )
            for _ in range(share.settings.lookers)
        ]
        self._reporter = Reporter(
            share.id,
            self._posts,
            clock=self._clock,
            publish=self._publisher.publish,
            budget=budget,
            load=load,
        )
        self._doors = DoorKeeper(share.dir / "doors.json")
        self._lessons = LessonKeeper(share.dir / "learned.json", self._posts)
        self._road = RoadEnd(
            share,
            self._posts,
            roster,
            self._holder,
            self._book,
            bus_url=bus_url,
            program_version=program_version,
            clock=self._clock,
        )

    def beat_into(self, pulse: Pulse) -> None:
        """Let `pulse` beat while every thread that has to turn does, and none is gone. To be
        called before `start`."""
        for number, looker in enumerate(self._lookers, 1):
            looker.on_turn = pulse.part(f"looker {number}").turn
        self._reading.on_turn = pulse.part("reading").turn
        self._reporter.on_turn = pulse.part("reporter").turn
        kept = (self._recorder, self._attention, self._holder, self._lessons, self._rejections)
        for thread in (*kept, *self._road.threads):
            pulse.lives(thread)

    def start(self, stopping: threading.Event) -> None:
        """Take up what was left open, then connect, look and report."""
        self._eyes.choose(stopping.is_set)
        self._recall()
        self._lessons.recall()
        self._rejections.recall()
        self._doors.recall()
        self._road.recall()
        self._reading.start()
        for post in self._posts:
            post.reader.start()
            stopping.wait(CONNECT_APART_S)
        if not self._holder.wait(GRANTED_WITHIN_S):
            log.warning("the center has not granted the cameras yet, the work begins without it")
        self._holder.start()
        self._recorder.start()
        self._attention.start()
        for looker in self._lookers:
            looker.start()
        self._reporter.start()
        self._lessons.start()
        self._rejections.start()
        self._road.start()
        log.info("worker started", cameras=len(self._posts))

    def stop(self) -> None:
        """End within `STOP_WITHIN_S`; owed clips are cut short rather than lost."""
        ends_s = time.monotonic() + STOP_WITHIN_S

        def at_most(share_s: float) -> float:
            return min(share_s, max(ends_s - time.monotonic(), 0.1))

        self._road.stop(at_most(0.6))
        for looker in self._lookers:
            looker.stop(at_most(1.0))
        for post in self._posts:
            post.kept.flush(self._clock.now())
            post.patrol.end_held_back()
        self._attention.stop(at_most(0.3))
        self._reporter.stop(at_most(0.3))
        self._holder.stop(at_most(0.3))
        self._rejections.stop(at_most(0.2))
        self._recorder.stop(at_most(2.0))
        self._lessons.stop(at_most(0.3))
        readers = [reader for post in self._posts for reader in post.reader.readers]
        stop_all(readers, timeout_s=at_most(0.3))
        self._reading.stop(at_most(0.1))
        self._doors.stop()
        self._publisher.close(at_most(0.5))
        self._book.close()
        self._holders.close()
        self._rejected.close()
        self._board.close()
        self._store.close()
        log.info("worker stopped")

    def _handle_news(
        self, post: CameraPost, frame: Frame | None, news: Sequence[IncidentMessage]
    ) -> None:
        feeds = post.reader
        self._witnesses[post.camera_id].note(
            news, frame, feeds.main.ring, of_other_stream=feeds.detect is not None
        )
        if frame is not None:
            with steadfast("rejections", camera=post.camera_id):
                self._rejections.note(post, frame, news)

    def _take_over(self, grant: CameraGrant) -> None:
        with self._judging:
            self._witnesses[grant.camera_id].take_over(grant, self._clock.moment())

    def _let_go(self, grant: CameraGrant) -> None:
        with self._judging:
            self._witnesses[grant.camera_id].let_go()

    def _gap_ended(self, gap: CoverageGap) -> None:
        self._publisher.publish(CoverageGapEnded(gap=gap))

    def _held_back(self, held_back: HeldBack) -> None:
        self._publisher.publish(FindingsHeldBack(held_back=held_back))

    def _recall(self) -> None:
        """Settle what an earlier run owed, carry its incidents on, and claim the cameras."""
        now = self._clock.moment()
        self._recorder.reconcile()
        known = self._book.incidents
        close_left_behind(self._book, frozenset(self._witnesses), now.at)
        for witness in self._witnesses.values():
            witness.recall(known, now)
        self._holder.claim()
