"""The recorder: turns an opened incident into sealed files, and says so when it cannot.

What it is asked for was written into the worker's book as owed before. Each file's record is
written before the file is sealed, and again with the message about it: so whatever moment the
process dies in, the next one knows what is there and whose it is (`reconcile`).
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from domain.clock import Clock
from domain.errors import EvidenceError, EvidenceStorageFull
from domain.evidence import (
    Evidence,
    EvidenceKind,
    MissingEvidence,
    MissingReason,
    evidence_id,
)
from domain.incident import Incident
from edge.book.debts import Debts
from edge.full_size import full_size
from edge.steadfast import steadfast
from evidence.evidence_settings import EvidenceSettings
from evidence.snapshot import draw_boxes, encode_jpeg
from evidence.store import EvidenceStore
from streams.clip import browser_copy, clip_span, plays_in_browsers, write_clip
from streams.frame import Frame
from streams.ring import PacketRing

NO_KEYFRAME_KEPT = "the camera's last keyframe is longer ago than memory reaches"

MAIN_COMES_WITHIN_S = 1.5
"""Two streams of one camera arrive and are read at most so far apart."""

DIED = "the worker died before it was written"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class _Job:
    """Something to write at `due_s` of the monotonic clock."""

    due_s: float
    number: int
    incident: Incident = field(compare=False)
    frame: Frame | None = field(compare=False, default=None)
    ring: PacketRing | None = field(compare=False, default=None)
    main: PacketRing | None = field(compare=False, default=None)
    """Where a better picture than `frame` may be found."""
    around_s: float = field(compare=False, default=0.0)
    """The moment that a clip shows (`Frame.captured_s`): wall time may be set meanwhile."""

    @property
    def kinds(self) -> tuple[EvidenceKind, ...]:
        """What may be owed of it."""
        if self.ring is not None:
            return (EvidenceKind.CLIP, EvidenceKind.CLIP_PREVIEW)
        return (EvidenceKind.SNAPSHOT, EvidenceKind.SNAPSHOT_BOXED)


class Recorder(threading.Thread):
    """Writes snapshots at once and clips when their post-roll is over, one after the other."""

    def __init__(
        self,
        store: EvidenceStore,
        settings: EvidenceSettings,
        *,
        clock: Clock,
        debts: Debts,
    ) -> None:
        super().__init__(name="recorder", daemon=True)
        self._store = store
        self._settings = settings
        self._clock = clock
        self._debts = debts
        self._jobs: list[_Job] = []
        self._numbers = itertools.count()
        self._wake = threading.Condition()
        self._stopping = False
        self._give_up_at_s = float("inf")

    def record(
        self, incident: Incident, frame: Frame, ring: PacketRing, *, of_other_stream: bool = False
    ) -> None:
        """Ask for the files that are owed of an incident that opened with `frame`. `ring` holds
        the main stream; if `frame` is `of_other_stream`, the snapshot is made of the main one as
        soon as its packets of that moment must have come."""
        now_s = time.monotonic()
        past_s = max(self._clock.moment().s - frame.captured_s, 0.0)
        frame_due_s = now_s - past_s + (MAIN_COMES_WITHIN_S if of_other_stream else 0.0)
        clip_due_s = now_s - past_s + self._settings.post_roll_s
        main = ring if of_other_stream else None
        with self._wake:
            number = next(self._numbers)
            snapshot = _Job(frame_due_s, number, incident, frame, main=main)
            heapq.heappush(self._jobs, snapshot)
            around_s = frame.captured_s
            clip = _Job(clip_due_s, next(self._numbers), incident, ring=ring, around_s=around_s)
            heapq.heappush(self._jobs, clip)
            self._wake.notify()

    def reconcile(self) -> None:
        """Settle what an earlier run left owing, before anything new is asked for: a file that
        was sealed is taken up, all else is told to be missing."""
        for owed in self._debts.open:
            if owed.record is not None and self._store.holds(owed.record):
                log.info("sealed file taken up", incident=owed.incident_id, kind=owed.kind.value)
                self._debts.sealed(owed.record)
            else:
                self._debts.missed(
                    MissingEvidence(
                        id=owed.id,
                        kind=owed.kind,
                        incident_id=owed.incident_id,
                        camera_id=owed.camera_id,
                        at=self._clock.now(),
                        reason=MissingReason.SHUTDOWN,
                        detail=DIED,
                    )
                )

    def stop(self, timeout_s: float) -> None:
        """Write what can be written in time, shorter clips included; say of the rest it is lost."""
        self._stop_by(time.monotonic() + timeout_s * 0.8)
        self.join(timeout_s)

    def stop_at_once(self) -> None:
        """Write nothing more; say of everything owed that it is lost."""
        self._stop_by(0.0)

    def _stop_by(self, give_up_at_s: float) -> None:
        with self._wake:
            self._stopping = True
            self._give_up_at_s = give_up_at_s
            self._wake.notify()

    def run(self) -> None:
        while (job := self._next_job()) is not None:
            with steadfast("record"):
                self._do(job)

    def _do(self, job: _Job) -> None:
        """Make what a job asks for. What it could not is said to be missing, whatever went wrong:
        silence would be taken for a file that is still to come."""
        try:
            self._make(job)
        except Exception as error:
            log.exception("recording failed", incident=job.incident.id)
            self._give_up(job, MissingReason.STORAGE_FAILED, f"{type(error).__name__}: {error}")

    def _give_up(self, job: _Job, reason: MissingReason, detail: str = "") -> None:
        """Say of all that is still owed of a job that it is missing."""
        owed = {one.id for one in self._debts.open}
        for kind in job.kinds:
            if evidence_id(job.incident, kind) in owed:
                self._missed(job, kind, reason, detail)

    def _make(self, job: _Job) -> None:
        if time.monotonic() > self._give_up_at_s:
            self._give_up(job, MissingReason.SHUTDOWN)
        elif job.frame is not None:
            frame = job.frame if job.main is None else full_size(job.frame, job.main)
            self._snapshots(job, frame)
        elif job.ring is not None:
            self._clip(job, job.ring)

    def _next_job(self) -> _Job | None:
        """The next job that is due, waited for; None when the recorder stops and none is left."""
        with self._wake:
            while (wait_s := self._wait_s()) is None or (wait_s > 0 and not self._stopping):
                if self._stopping:
                    return None
                self._wake.wait(wait_s)
            return heapq.heappop(self._jobs)

    def _wait_s(self) -> float | None:
        """Seconds until the first job is due; None if there is none."""
        return self._jobs[0].due_s - time.monotonic() if self._jobs else None

    def _snapshots(self, job: _Job, frame: Frame) -> None:
        """The clean picture, and a copy with the boxes and the zone drawn on it."""
        image = frame.image()
        marked = draw_boxes(image, job.incident.boxes, job.incident.zone)
        span = frame.captured_at, frame.captured_at
        for kind, picture in (
            (EvidenceKind.SNAPSHOT, image),
            (EvidenceKind.SNAPSHOT_BOXED, marked),
        ):
            jpeg = encode_jpeg(
                picture, self._settings.jpeg_quality, max_bytes=self._settings.snapshot_max_bytes
            )
            self._seal(job, kind, span, "image/jpeg", partial(_write_bytes, jpeg))

    def _clip(self, job: _Job, ring: PacketRing) -> None:
        packets = ring.between(
            job.around_s - self._settings.pre_roll_s,
            job.around_s + self._settings.post_roll_s,
        )
        if not packets:
            self._missed(
                job,
                EvidenceKind.CLIP,
                MissingReason.NOT_BUFFERED,
                NO_KEYFRAME_KEPT if ring.without_keyframe else "",
            )
            return
        span = clip_span(packets)
        plays = plays_in_browsers(packets[0].stream)
        sealed = self._seal(
            job,
            EvidenceKind.CLIP,
            span,
            "video/mp4",
            lambda path: write_clip(packets, path),
            () if plays else (EvidenceKind.CLIP_PREVIEW,),
        )
        if sealed is not None and not plays:
            self._preview(job, sealed, span)

    def _preview(self, job: _Job, clip: Evidence, span: tuple[datetime, datetime]) -> None:
        source = self._store.path(clip)
        self._seal(
            job,
            EvidenceKind.CLIP_PREVIEW,
            span,
            "video/mp4",
            lambda path: browser_copy(source, path),
        )

    def _seal(
        self,
        job: _Job,
        kind: EvidenceKind,
        span: tuple[datetime, datetime],
        media_type: str,
        write: Callable[[Path], object],
        then: tuple[EvidenceKind, ...] = (),
    ) -> Evidence | None:
        """Seal a file and tell of it; `then` is what is owed as soon as it is there."""
        try:
            sealed = self._store.seal(
                kind=kind,
                incident_id=job.incident.id,
                camera_id=job.incident.camera_id,
                captured_from=span[0],
                captured_to=span[1],
                media_type=media_type,
                suffix=".mp4" if media_type == "video/mp4" else ".jpg",
                write=write,
                evidence_id=evidence_id(job.incident, kind),
                plan=self._debts.plan,
            )
        except EvidenceStorageFull as error:
            self._missed(job, kind, MissingReason.STORAGE_FULL, str(error))
        except (EvidenceError, OSError, ValueError) as error:
            self._missed(job, kind, MissingReason.STORAGE_FAILED, str(error))
        else:
            self._debts.sealed(sealed, job.incident, then)
            return sealed
        return None

    def _missed(
        self, job: _Job, kind: EvidenceKind, reason: MissingReason, detail: str = ""
    ) -> None:
        missing = MissingEvidence(
            id=evidence_id(job.incident, kind),
            kind=kind,
            incident_id=job.incident.id,
            camera_id=job.incident.camera_id,
            at=self._clock.now(),
            reason=reason,
            detail=detail,
        )
        self._debts.missed(missing)


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)
