"""The recorder: turns an opened incident into sealed files, and says so when it cannot."""

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
from domain.evidence import Evidence, EvidenceKind, MissingEvidence, MissingReason
from domain.ids import new_id
from domain.incident import Incident
from domain.messages import EvidenceMissed, EvidenceSealed
from evidence.settings import EvidenceSettings
from evidence.snapshot import draw_boxes, encode_jpeg
from evidence.store import EvidenceStore
from patrol.worker.full_size import full_size
from patrol.worker.steadfast import steadfast
from streams.clip import browser_copy, clip_span, plays_in_browsers, write_clip
from streams.frame import Frame
from streams.ring import PacketRing

NO_KEYFRAME_KEPT = "the camera's last keyframe is longer ago than memory reaches"

MAIN_COMES_WITHIN_S = 1.5
"""Two streams of one camera arrive and are read at most so far apart."""

log = structlog.get_logger(__name__)
Publish = Callable[[EvidenceSealed | EvidenceMissed], None]


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


class Recorder(threading.Thread):
    """Writes snapshots at once and clips when their post-roll is over, one after the other."""

    def __init__(
        self,
        store: EvidenceStore,
        settings: EvidenceSettings,
        *,
        clock: Clock,
        publish: Publish,
        on_done: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_done` is called after each piece of work, when `pending` no longer holds it."""
        super().__init__(name="recorder", daemon=True)
        self._store = store
        self._settings = settings
        self._clock = clock
        self._publish = publish
        self._on_done = on_done
        self._jobs: list[_Job] = []
        self._current: _Job | None = None
        self._numbers = itertools.count()
        self._wake = threading.Condition()
        self._stopping = False
        self._give_up_at_s = float("inf")

    def record(
        self, incident: Incident, frame: Frame, ring: PacketRing, *, of_other_stream: bool = False
    ) -> None:
        """Ask for the snapshot and the clip of an incident that opened with `frame`. `ring` holds
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

    @property
    def pending(self) -> tuple[Incident, ...]:
        """The incidents whose clips are not written yet, the one being written among them."""
        with self._wake:
            jobs = [*self._jobs, *([self._current] if self._current else [])]
            return tuple(job.incident for job in jobs if job.ring is not None)

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
            with self._wake:
                self._current = None
            with steadfast("remember"):
                self._on_done()

    def _do(self, job: _Job) -> None:
        if time.monotonic() > self._give_up_at_s:
            kind = EvidenceKind.CLIP if job.ring is not None else EvidenceKind.SNAPSHOT
            self._missed(job, kind, MissingReason.SHUTDOWN)
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
            self._current = heapq.heappop(self._jobs)
            return self._current

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
        sealed = self._seal(
            job, EvidenceKind.CLIP, span, "video/mp4", lambda path: write_clip(packets, path)
        )
        if sealed is not None and not plays_in_browsers(packets[0].stream):
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
    ) -> Evidence | None:
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
            )
        except EvidenceStorageFull as error:
            self._missed(job, kind, MissingReason.STORAGE_FULL, str(error))
        except (EvidenceError, OSError, ValueError) as error:
            self._missed(job, kind, MissingReason.STORAGE_FAILED, str(error))
        else:
            self._publish(EvidenceSealed(evidence=sealed))
            return sealed
        return None

    def _missed(
        self, job: _Job, kind: EvidenceKind, reason: MissingReason, detail: str = ""
    ) -> None:
        now = self._clock.now()
        log.warning("evidence missing", incident=job.incident.id, kind=kind, reason=reason)
        missing = MissingEvidence(
            id=new_id("mis", now),
            kind=kind,
            incident_id=job.incident.id,
            camera_id=job.incident.camera_id,
            at=now,
            reason=reason,
            detail=detail,
        )
        self._publish(EvidenceMissed(evidence=missing))


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)
