"""One camera at its post: its streams, its rules, its picture watch and its look book."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from domain.clock import Clock
from domain.health import CameraHealth, CameraStatus, CoverageGap, FaultKind, MissCause
from patrol.attention_speed import AttentionSpan
from patrol.config import CameraSettings, Configuration
from patrol.worker.feeds import CameraFeeds
from patrol.worker.kept_looks import KeptLooks
from patrol.worker.lookbook import LookBook
from patrol.worker.shadow import ShadowLog
from patrol.worker.views import KeptView
from streams.budget import RingBudget
from streams.kept_decoders import KeptDecoders
from vision.held_back import TellHeldBack
from vision.incidents import NameIncident
from vision.patrol import CameraPatrol

SHOWN_EVERY = timedelta(seconds=3)
"""The wall shows a camera's pictures this far apart, or as looks come if that is less often."""


class CameraPost:
    """Everything the worker holds for one camera."""

    def __init__(
        self,
        camera: CameraSettings,
        configuration: Configuration,
        *,
        clock: Clock,
        on_gap: Callable[[CoverageGap], None],
        budget: RingBudget | None = None,
        decoders: KeptDecoders | None = None,
        on_held_back: TellHeldBack | None = None,
        name_incident: NameIncident | None = None,
    ) -> None:
        self.camera_id = camera.id
        self.reader = CameraFeeds(
            camera, configuration, clock=clock, on_gap=on_gap, budget=budget, decoders=decoders
        )
        self.patrol = CameraPatrol(
            camera.id,
            configuration.rules_of(camera),
            camera.zones,
            timezone=configuration.town.zone,
            model=None,
            notice=camera.notice,
            permits=configuration.permits(camera),
            keep_back=ShadowLog(configuration.worker_dir).keep,
            tell_held_back=on_held_back,
            name_incident=name_incident,
        )
        self.kept = KeptLooks(
            configuration.worker_dir,
            camera.id,
            max_bytes=configuration.worker.kept_looks_bytes,
            kept_for=timedelta(seconds=configuration.worker.kept_looks_s),
        )
        self._view = KeptView(configuration, camera)
        self.picture = self._view.watch(configuration.picture, watch_view=camera.keeps_view)
        self._promised_s = partial(configuration.look_every_s, camera)
        self.book = LookBook(
            camera.id,
            self._promised_s(clock.now()),
            clock.now(),
            risk=configuration.risk_of(camera),
        )
        self._has_hours = bool(configuration.look_hours_of(camera))
        self._attention = AttentionSpan(configuration.attention)
        self._attention_every = timedelta(seconds=configuration.attention.look_every_s)
        self._shown_at: datetime | None = None
        self.picture_fault: FaultKind | None = None
        self._picture_fault_since: datetime | None = None

    def keep_hours(self, now: datetime) -> None:
        """Promise what holds at this hour."""
        if self._has_hours:
            promised_s = self._promised_s(now)
            self.book.promise(promised_s)
            self.reader.look_every(promised_s)

    def is_due(self, now: datetime) -> bool:
        """Whether the newest picture should be looked at now."""
        return self.book.is_due(now, self.reader.next_keyframe)

    def is_stirred(self) -> bool:
        """Whether the sizes of its packets call for a look before the next one is due."""
        return self.reader.stirred

    def is_attended(self, now: datetime) -> bool:
        """Whether the camera is to be looked at at attention speed."""
        return self._attention.holds(self.patrol.suspicious, now)

    def is_due_again(self, now: datetime) -> bool:
        """Whether, at attention speed, the next look is due."""
        last_at = self.book.last_look_at
        return last_at is None or now >= last_at + self._attention_every

    def wants_to_be_shown(self, at: datetime) -> bool:
        """Whether a picture captured at `at` goes to the wall, where more of them do not help."""
        if self._shown_at is not None and timedelta() <= at - self._shown_at < SHOWN_EVERY:
            return False
        self._shown_at = at
        return True

    def note_picture(self, fault: FaultKind | None, at: datetime) -> None:
        """Remember what the picture watch said of the last picture, and tell the rules."""
        self.patrol.note_view(doubted=self.picture.doubts_view, moved=self.picture.moved)
        self._view.follow(self.picture, at)
        if fault != self.picture_fault:
            self.picture_fault, self._picture_fault_since = fault, at

    def miss_if_late(self, now: datetime) -> None:
        """Count the look that did not come, with the stream's fault or the overload as cause."""
        cause: FaultKind | MissCause | None = self.reader.status(now).fault
        if cause is None:
            cause = MissCause.OVERLOAD if self.reader.picture_waits else MissCause.NO_PICTURE
        self.book.miss_if_late(now, cause.value)

    def health(self, at: datetime) -> CameraHealth:
        """How the camera fares: what the stream says, and what the picture says."""
        stream = self.reader.health(at)
        status, fault, since = stream.status, stream.fault, stream.since
        if status is CameraStatus.SEEING and self.picture_fault is not None:
            status, fault = CameraStatus.IMPAIRED, self.picture_fault
            since = self._picture_fault_since or since
        return CameraHealth(
            camera_id=self.camera_id,
            at=at,
            status=status,
            since=since,
            fault=fault,
            detail=stream.detail,
            codec=stream.codec,
            size_wh=stream.size_wh,
            fps=stream.fps,
            keyframe_every_s=stream.keyframe_every_s,
            last_packet_at=stream.last_packet_at,
            last_look_at=self.book.last_look_at,
            reconnects=stream.reconnects,
        )
