"""The worker as a whole: what it starts, in which order, and how it ends."""

import threading
import time
from collections.abc import Sequence
from datetime import datetime
from threading import Lock

import structlog

from domain.clock import Clock, SystemClock
from domain.evidence import EvidenceKind, MissingEvidence, MissingReason
from domain.health import CoverageGap
from domain.held_back import HeldBack
from domain.ids import new_id
from domain.incident import Incident, IncidentState
from domain.messages import CoverageGapEnded, EvidenceMissed, FindingsHeldBack, IncidentClosed
from events_bridge.envelope import worker_source
from events_bridge.look_board import LookBoard
from events_bridge.publisher import Publisher
from evidence.store import EvidenceStore
from models.catalog import Catalog
from patrol.approvals import by_rule
from patrol.config import Configuration
from patrol.heartbeat import Pulse
from patrol.worker.attention import Attention
from patrol.worker.eyes import Eyes
from patrol.worker.learned import LessonKeeper
from patrol.worker.looker import Looker
from patrol.worker.memory import WorkerMemory
from patrol.worker.post import CameraPost
from patrol.worker.recorder import Recorder
from patrol.worker.reporter import Reporter
from patrol.worker.roster import Roster
from streams.budget import RingBudget
from streams.frame import Frame
from streams.kept_decoders import KeptDecoders
from streams.reader import stop_all
from vision.incidents import IncidentMessage, closed_for_change

STOP_WITHIN_S = 4.0
"""Everything has ended by then after a stop; what is not written is said to be lost."""
CONNECT_APART_S = 0.05
"""Cameras are connected one after the other, not all in one instant."""

log = structlog.get_logger(__name__)


class Worker:
    """Reads, looks, judges and records the cameras of one configuration."""

    def __init__(
        self, configuration: Configuration, *, bus_url: str, clock: Clock | None = None
    ) -> None:
        self._clock = clock or SystemClock()
        self._memory_path = configuration.worker_dir / "memory.json"
        self._incidents: tuple[Incident, ...] = ()
        self._saving = threading.Lock()
        worker_id = configuration.worker.id
        bus = configuration.bus
        self._publisher = Publisher(
            bus_url,
            configuration.worker_dir / "spool",
            source=worker_source(worker_id),
            settings=bus,
        )
        self._board = LookBoard(bus_url, settings=bus)
        self._store = EvidenceStore(
            configuration.evidence_dir,
            self._clock,
            min_free_bytes=configuration.evidence.min_free_bytes,
        )
        self._recorder = Recorder(
            self._store,
            configuration.evidence,
            clock=self._clock,
            publish=self._publisher.publish,
            on_done=self._save_memory,
        )
        eyes = Eyes(Catalog(configuration.models_dir), configuration.detector_settings)
        for off in by_rule(configuration.withheld_at(self._clock.now())):
            log.warning("rule off", rule=off.rule_id, cameras=len(off.cameras), reason=off.missing)
        decoders = KeptDecoders(configuration.streams.kept_decoders)
        budget = RingBudget(configuration.streams.rings_bytes)
        self._posts = [
            CameraPost(
                camera,
                configuration,
                clock=self._clock,
                on_gap=self._gap_ended,
                budget=budget,
                decoders=decoders,
                on_held_back=self._held_back,
            )
            for camera in configuration.enabled_cameras
        ]
        self._attention = Attention(configuration.second_look)
        roster, judging = (
            Roster(
                self._posts,
                attended=configuration.attention.cameras,
                early_share=configuration.worker.early_share,
            ),
            Lock(),
        )
        self._lookers = [
            Looker(
                roster,
                eyes,
                judging=judging,
                attention=self._attention,
                batch=configuration.detector.max_batch,
                clock=self._clock,
                on_news=self._handle_news,
                on_picture=self._board.put,
            )
            for _ in range(configuration.worker.lookers)
        ]
        self._reporter = Reporter(
            worker_id,
            self._posts,
            clock=self._clock,
            publish=self._publisher.publish,
            budget=budget,
        )
        self._lessons = LessonKeeper(configuration.worker_dir / "learned.json", self._posts)
        self._recorded: set[str] = set()

    def beat_into(self, pulse: Pulse) -> None:
        """Let `pulse` beat while every thread that has to turn does, and none is gone. To be
        called before `start`."""
        for number, looker in enumerate(self._lookers, 1):
            looker.on_turn = pulse.part(f"looker {number}").turn
        self._reporter.on_turn = pulse.part("reporter").turn
        for thread in (self._recorder, self._attention, self._lessons):
            pulse.lives(thread)

    def start(self, stopping: threading.Event) -> None:
        """Take up what was left open, then connect, look and report."""
        self._recall()
        self._lessons.recall()
        for post in self._posts:
            post.reader.start()
            stopping.wait(CONNECT_APART_S)
        self._recorder.start()
        self._attention.start()
        for looker in self._lookers:
            looker.start()
        self._reporter.start()
        self._lessons.start()
        log.info("worker started", cameras=len(self._posts))

    def stop(self) -> None:
        """End within `STOP_WITHIN_S`; owed clips are cut short rather than lost."""
        ends_s = time.monotonic() + STOP_WITHIN_S

        def at_most(share_s: float) -> float:
            return min(share_s, max(ends_s - time.monotonic(), 0.1))

        for looker in self._lookers:
            looker.stop(at_most(1.0))
        for post in self._posts:
            post.kept.flush(self._clock.now())
            post.patrol.end_held_back()
        self._attention.stop(at_most(0.3))
        self._reporter.stop(at_most(0.3))
        self._recorder.stop(at_most(2.0))
        self._remember()
        self._lessons.stop(at_most(0.3))
        readers = [reader for post in self._posts for reader in post.reader.readers]
        stop_all(readers, timeout_s=at_most(0.3))
        self._publisher.close(at_most(0.5))
        self._board.close()
        self._store.close()
        log.info("worker stopped")

    def _handle_news(
        self, post: CameraPost, frame: Frame | None, news: Sequence[IncidentMessage]
    ) -> None:
        for message in news:
            incident = message.incident
            self._publisher.publish(message)
            if self._deserves_evidence(message) and frame is not None:
                feeds = post.reader
                self._recorder.record(
                    incident, frame, feeds.main.ring, of_other_stream=feeds.detect is not None
                )
        self._remember()

    def _deserves_evidence(self, message: IncidentMessage) -> bool:
        """An incident is recorded when it opens, and again each time it comes back."""
        incident_id = message.incident.id
        if isinstance(message, IncidentClosed):
            self._recorded.discard(incident_id)
            return False
        is_new = incident_id not in self._recorded
        self._recorded.add(incident_id)
        return is_new

    def _gap_ended(self, gap: CoverageGap) -> None:
        self._publisher.publish(CoverageGapEnded(gap=gap))

    def _held_back(self, held_back: HeldBack) -> None:
        self._publisher.publish(FindingsHeldBack(held_back=held_back))

    def _remember(self) -> None:
        """Save what is open now or in its cool-down. Called by the thread that judges, to which
        the books belong."""
        self._incidents = tuple(i for post in self._posts for i in post.patrol.remembered)
        self._save_memory()

    def _save_memory(self) -> None:
        """Save what is open and what is owed. The recorder calls it too: a clip that is sealed
        must not be called lost after a crash."""
        with self._saving:
            memory = WorkerMemory(incidents=self._incidents, owed_clips=self._recorder.pending)
            try:
                memory.save(self._memory_path)
            except OSError as error:
                log.warning("incidents not saved", error=str(error))

    def _recall(self) -> None:
        """Carry on the incidents that were open, own up to the clips that were never written."""
        memory = WorkerMemory.load(self._memory_path)
        moment = self._clock.moment()
        now = moment.at
        for post in self._posts:
            mine = [i for i in memory.incidents if i.camera_id == post.camera_id]
            for message in post.patrol.restore(mine, now, moment.s):
                self._publisher.publish(message)
        self._close_left_behind(memory.incidents, now)
        open_now = (i for i in memory.incidents if i.state is IncidentState.OPEN)
        self._recorded = {incident.id for incident in open_now}
        for incident in memory.owed_clips:
            self._publisher.publish(EvidenceMissed(evidence=self._lost_clip(incident)))
        self._remember()

    def _close_left_behind(self, incidents: Sequence[Incident], now: datetime) -> None:
        """Close what was open on cameras that this worker watches no more: nobody else would."""
        here = {post.camera_id for post in self._posts}
        for incident in incidents:
            is_told = incident.state is IncidentState.OPEN and not incident.shadow
            if is_told and incident.camera_id not in here:
                self._publisher.publish(closed_for_change(incident, now))

    def _lost_clip(self, incident: Incident) -> MissingEvidence:
        now = self._clock.now()
        return MissingEvidence(
            id=new_id("mis", now),
            kind=EvidenceKind.CLIP,
            incident_id=incident.id,
            camera_id=incident.camera_id,
            at=now,
            reason=MissingReason.SHUTDOWN,
        )
