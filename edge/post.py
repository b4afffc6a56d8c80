"""One camera at its post: its streams, its rules, its picture watch and its look book."""

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.answers import LookSeen, PauseHeld
from domain.clock import Clock, Moment
from domain.health import CameraHealth, CameraStatus, CoverageGap, FaultKind, MissCause
from edge.asked import LooksAsked
from edge.feeds import CameraFeeds
from edge.lookbook import LookBook, spaced_s
from edge.state.kept_looks import KeptLooks
from edge.state.shadow import ShadowLog
from edge.state.views import KeptView
from edge.worth import Suspicion, weight_of
from settings.camera import Camera
from settings.slices import WorkerShare
from streams.budget import RingBudget
from streams.frame import Frame
from streams.kept_decoders import KeptDecoders
from streams.shared_reading import SharedReading
from streams.status import StreamStatus
from vision.held_back import TellHeldBack
from vision.incidents import NameIncident
from vision.look import Look
from vision.look_step import Diagnosis, LookStep
from vision.patrol import CameraPatrol

SHOWN_EVERY_S = 3.0
"""The wall shows a camera's pictures this far apart, or as looks come if that is less often."""


LOOKED_WITHIN_S = 15.0
LOOKED_WITHIN_PROMISES = 3.0
"""A camera is seeing while it is looked at: no longer ago than this, and so many promises or
keyframes."""
_WAYS = {
    MissCause.NO_DETECTOR.value: "no detector",
    MissCause.FAILED.value: "the worker fails at its pictures, see the log",
}


class CameraPost:
    """Everything the worker holds for one camera."""

    def __init__(
        self,
        camera: Camera,
        share: WorkerShare,
        *,
        clock: Clock,
        on_gap: Callable[[CoverageGap], None],
        budget: RingBudget | None = None,
        decoders: KeptDecoders | None = None,
        shared: SharedReading | None = None,
        on_held_back: TellHeldBack | None = None,
        name_incident: NameIncident | None = None,
    ) -> None:
        self.camera_id = camera.id
        self.reader = CameraFeeds(
            camera,
            clip_s=share.evidence.clip_s,
            clock=clock,
            on_gap=on_gap,
            budget=budget,
            decoders=decoders,
            shared=shared,
        )
        self.patrol = CameraPatrol(
            camera.id,
            camera.rules,
            camera.zones,
            timezone=share.timezone,
            model=None,
            notice=camera.notice,
            permits=camera.permits,
            keep_back=ShadowLog(share.dir).keep,
            tell_held_back=on_held_back,
            name_incident=name_incident,
        )
        self.kept = KeptLooks(
            share.dir,
            camera.id,
            max_bytes=share.settings.kept_looks_bytes,
            kept_for=timedelta(seconds=share.settings.kept_looks_s),
        )
        self._view = KeptView(share.dir, camera.id, camera.zones)
        self.picture = self._view.watch(share.picture, watch_view=camera.keeps_view)
        self._promise, self._risk = camera.promise, camera.risk
        self.book = LookBook(
            camera.id,
            self._promise.at(clock.now()),
            clock.moment(),
            risk=camera.risk,
        )
        self.asked = LooksAsked()
        """Looks that people asked for."""
        self.pause: PauseHeld | None = None
        """While it holds nobody looks; packets are read all the same."""
        self.step = LookStep(self.patrol, share.looking, picture=self.picture)
        self._weigh(clock.now())
        self._shown: Moment | None = None
        self.picture_fault: FaultKind | None = None
        self._picture_fault_since: Moment | None = None

    def keep_hours(self, now: Moment) -> None:
        """Promise what holds at this hour, and weigh it by the rules that watch now."""
        self._weigh(now.at)
        if self._promise.hours:
            promised_s = self._promise.at(now.at)
            self.book.promise(promised_s)
            self.reader.look_every(promised_s)

    def _weigh(self, at: datetime) -> None:
        self.book.weigh(weight_of(self._risk, self.patrol.watched_at(at)))

    def is_due(self, now: Moment) -> bool:
        """Whether the newest picture should be looked at now."""
        return self.book.is_due(now, self.reader.next_keyframe)

    def looked_every_s(self, now: Moment) -> float:
        """How far apart looks are that keep the promise: they are made of keyframes, as these
        come."""
        keyframe_every_s = self.reader.looked.status(now).keyframe_every_s
        return spaced_s(self.book.promised_s, keyframe_every_s)

    def is_stirred(self) -> bool:
        """Whether the sizes of its packets call for a look before the next one is due."""
        return self.reader.stirred

    @property
    def picture_waits(self) -> bool:
        """Whether a keyframe has come that nobody has looked at yet."""
        return self.reader.picture_waits

    @property
    def suspicion(self) -> Suspicion:
        """What its rules suspect."""
        if not self.patrol.suspicious:  # asked of all cameras all the time, and seldom so
            return Suspicion.NONE
        return Suspicion.of(self.patrol.suspected)

    def is_attended(self, now: Moment) -> bool:
        """Whether the camera is to be looked at at attention speed."""
        return self.pause is None and self.step.attended(now.s)

    def is_due_again(self, now: Moment) -> bool:
        """Whether, at attention speed, the next look is due."""
        return not self.book.looked or self.book.unlooked_s(now) >= self.step.attention.look_every_s

    def wants_to_be_shown(self, taken: Moment) -> bool:
        """Whether a picture `taken` then goes to the wall, where more of them do not help."""
        if self._shown is not None and taken - self._shown < SHOWN_EVERY_S:
            return False
        self._shown = taken
        return True

    def note_picture(self, diagnosis: Diagnosis, taken: Moment) -> None:
        """Remember what the picture watch said of the last picture."""
        self._view.follow(self.picture, taken)
        if diagnosis.fault != self.picture_fault:
            self.picture_fault, self._picture_fault_since = diagnosis.fault, taken

    def miss_if_late(self, now: Moment) -> None:
        """Count the look that did not come, with its true cause: the stream's fault, pictures that
        cannot be decoded, what became of the last one, or the overload."""
        self.book.miss_if_late(now, self._miss_cause(now))

    def looked(self, look: Look, frame: Frame, runs_on: str, *, early: bool) -> None:
        """A look is done; whoever asked for it hears what was seen. Where rules watch places alone
        and the view is another one, it has kept no promise."""
        seen = look.detections
        self.book.done(
            frame.captured,
            seen.counts(),
            runs_on,
            early=early,
            unchanged=look.unchanged,
            first=look.first,
            blind="" if self.patrol.sees_at(frame.captured_at) else FaultKind.MOVED.value,
        )
        if self.asked.waiting:
            self.asked.tell(
                LookSeen(
                    captured_at=frame.captured_at,
                    size_wh=frame.size_wh,
                    boxes=len(seen),
                    score=round(float(seen.scores.max()), 3) if len(seen) else None,
                    counts=seen.counts(),
                )
            )

    def skip(self, frame: Frame, cause: str, *, early: bool) -> None:
        """A picture could not be decided on; whoever asked for it hears why."""
        self.book.skip(frame.captured, cause, early=early)
        if self.asked.waiting:
            self.asked.tell(
                LookSeen(captured_at=frame.captured_at, size_wh=frame.size_wh, skipped=cause)
            )

    def hold_still(self, pause: PauseHeld | None, now: Moment) -> None:
        """Be looked at no more, or (None) again, as if nothing had been owed meanwhile."""
        self.pause = pause
        if pause is None:
            self.book.begin_again(now)

    def accept_view(self) -> bool:
        """Learn the view anew; whether one had been learned. To be called while nobody looks."""
        was_known = self.picture.remembered_view is not None
        self._view.forget()
        self.picture.accept_view()
        return was_known

    def _miss_cause(self, now: Moment) -> str:
        if self.pause is not None:
            return FaultKind.PAUSED.value
        if (fault := self.reader.status(now).fault) is not None:
            return fault.value
        if (damage := self.reader.damage) is not None:
            return damage.error.fault.value
        if self.book.skipped_last:
            return self.book.skipped_last
        return (MissCause.OVERLOAD if self.picture_waits else MissCause.NO_PICTURE).value

    def health(self, now: Moment) -> CameraHealth:
        """How the camera fares: what the stream says, what the picture says, and whether anybody
        looks. It is seeing only while its pictures are decoded and decided on."""
        stream = self.reader.health(now)
        status, fault, since = stream.status, stream.fault, stream.since
        detail = stream.detail
        if self.pause is not None:
            detail = "; ".join(filter(None, (f"paused, {self.pause.words.en}", detail)))
            if fault is None:  # a stream that is lost stays told: a pause does not mend it
                status, fault, since = CameraStatus.IMPAIRED, FaultKind.PAUSED, self.pause.paused_at
        elif status is CameraStatus.SEEING and self.picture_fault is not None:
            status, fault = CameraStatus.IMPAIRED, self.picture_fault
            if self._picture_fault_since is not None:
                since = self._picture_fault_since.dated_by(now)
        elif status is CameraStatus.SEEING and (blind := self._blind(stream, now)) is not None:
            status, fault, detail = blind
        return CameraHealth(
            camera_id=self.camera_id,
            at=now.at,
            status=status,
            since=since,
            fault=fault,
            detail=detail,
            codec=stream.codec,
            size_wh=stream.size_wh,
            fps=stream.fps,
            keyframe_every_s=stream.keyframe_every_s,
            last_packet_at=stream.last_packet_at,
            last_look_at=self.book.last_look_at,
            reconnects=stream.reconnects,
        )

    def _blind(
        self, stream: StreamStatus, now: Moment
    ) -> tuple[CameraStatus, FaultKind | None, str] | None:
        """What a camera whose packets come is as long as nobody has looked; None if it is seen."""
        damage = self.reader.damage
        if damage is not None and not self._looked_lately(now, damage.since):
            return CameraStatus.IMPAIRED, damage.error.fault, str(damage.error)
        unlooked_s = min(self.book.unlooked_s(now), stream.for_s)
        if unlooked_s > self._patience_s(stream):
            said = f"pictures come, none was looked at for {unlooked_s:.0f} s: {self._why()}"
            return CameraStatus.IMPAIRED, FaultKind.NOT_LOOKED_AT, said
        if self.book.looked:
            return None
        return CameraStatus.CONNECTING, None, "pictures come, none was looked at yet"

    def _looked_lately(self, now: Moment, since: Moment) -> bool:
        """Whether a look was done after damage began, or may yet be: one damaged picture among
        good ones is no fault."""
        return now - since < min(LOOKED_WITHIN_S, 2 * self.book.promised_s) and self.book.looked

    def _patience_s(self, stream: StreamStatus) -> float:
        every_s = max(self.book.promised_s, stream.keyframe_every_s or 0.0)
        return max(LOOKED_WITHIN_S, LOOKED_WITHIN_PROMISES * every_s)

    def _why(self) -> str:
        skipped = self.book.skipped_last
        if skipped:
            return _WAYS.get(skipped, skipped)
        return "overload" if self.picture_waits else "no new picture"
