"""What comes from one camera: its main stream, and the smaller one that is looked at if it has one.

With a second stream the main one is only kept for evidence: nothing of it is decoded until an
incident asks for a picture.
"""

from collections.abc import Callable
from dataclasses import replace

from domain.clock import Clock, Moment
from domain.health import CameraStatus, CoverageGap
from settings.camera import Camera
from streams.budget import RingBudget
from streams.frame import Frame
from streams.kept_decoders import KeptDecoders
from streams.reader import CameraReader, ComingPicture
from streams.ring import PacketRing
from streams.shared_reading import SharedReading
from streams.status import Damage, StreamStatus

FALL_BACK_AFTER_S = 10.0
"""The looked-at stream may be away this long before looks are taken from the main one."""
RETURN_AFTER_S = 5.0
"""… and must then be back for so long: a stream that comes and goes shows little."""
DECIDE_EVERY_S = 1.0
LOOKED_RING_S = 10.0
LOOKED_RING_BYTES = 4 * 1024 * 1024
"""What is kept of the looked-at stream: enough for a second look, not for a clip."""
LOOKED_NEEDED_S = 5.0


class CameraFeeds:
    """The readers of one camera: `main` is recorded, `detect` (if there is one) is looked at."""

    def __init__(
        self,
        camera: Camera,
        *,
        clip_s: float,
        clock: Clock,
        on_gap: Callable[[CoverageGap], None],
        budget: RingBudget | None = None,
        decoders: KeptDecoders | None = None,
        shared: SharedReading | None = None,
    ) -> None:
        """`on_gap` is told of the main stream's gaps: they are what evidence lacks. A gap of the
        other shows as looks that were missed, or taken from the main stream. `budget` bounds the
        rings of all cameras, `decoders` keeps theirs, `shared` reads them. A clip is `clip_s`
        long."""
        settings = camera.streams
        look_every_s = camera.promise.at(clock.now())
        self._clock = clock
        recorded_only = {"batch_s": max(settings.batch_s, settings.recorded_batch_s)}
        self.main = CameraReader(
            camera.id,
            camera.address,
            settings.model_copy(update=recorded_only if camera.detect_address else {}),
            look_every_s=look_every_s,
            clock=clock,
            on_gap=on_gap,
            budget=budget,
            decoders=decoders,
            shared=shared,
            needed_s=min(clip_s, settings.ring_s),
        )
        self.detect: CameraReader | None = None
        self._looked = self.main
        self._decided: Moment | None = None
        if camera.detect_address is not None:
            short = {
                "ring_s": min(settings.ring_s, LOOKED_RING_S),
                "ring_bytes": min(settings.ring_bytes, LOOKED_RING_BYTES),
            }
            self.detect = CameraReader(
                camera.id,
                camera.detect_address,
                settings.model_copy(update=short),
                look_every_s=look_every_s,
                clock=clock,
                after=self.main,
                budget=budget,
                decoders=decoders,
                shared=shared,
                needed_s=LOOKED_NEEDED_S,
            )
            self._looked = self.detect

    @property
    def readers(self) -> tuple[CameraReader, ...]:
        """All of them, the recorded one first."""
        return (self.main,) if self.detect is None else (self.main, self.detect)

    def look_every(self, seconds: float) -> None:
        """From now on another promise holds."""
        for reader in self.readers:
            reader.look_every_s = seconds

    def start(self) -> None:
        for reader in self.readers:
            reader.start()

    @property
    def looked(self) -> CameraReader:
        """The stream that looks are taken from now. The main one stands in for the other when
        that has been away for long, and until it is back."""
        if self.detect is None:
            return self.main
        # Asked many times a second for each camera, and to find out costs more than to remember.
        now = self._clock.moment()
        if self._decided is None or now - self._decided >= DECIDE_EVERY_S:
            self._looked, self._decided = self._better(self.detect, now), now
        return self._looked

    def _better(self, detect: CameraReader, now: Moment) -> CameraReader:
        theirs = detect.status(now)
        fell_back = self._looked is self.main
        if theirs.status is CameraStatus.SEEING:
            held = fell_back and theirs.for_s < RETURN_AFTER_S
        else:
            held = fell_back or theirs.for_s >= FALL_BACK_AFTER_S
        if not held:
            return detect
        sees = self.main.status(now).status is CameraStatus.SEEING
        return self.main if sees else detect

    @property
    def ring(self) -> PacketRing:
        """The packets of the stream that is looked at."""
        return self.looked.ring

    @property
    def next_keyframe(self) -> ComingPicture | None:
        """As `CameraReader.next_keyframe`, of the stream that is looked at."""
        return self.looked.next_keyframe

    @property
    def picture_waits(self) -> bool:
        return self.looked.picture_waits

    @property
    def stirred(self) -> bool:
        """As `CameraReader.stirred`, of the stream that is looked at."""
        return self.looked.stirred

    def take(self, *, follow: bool = False) -> Frame | None:
        """As `CameraReader.take`, of the stream that is looked at."""
        return self.looked.take(follow=follow)

    @property
    def damage(self) -> Damage | None:
        """As `StreamRecord.damage`, of the stream that is looked at."""
        return self.looked.damage

    def status(self, now: Moment) -> StreamStatus:
        """How looks fare: the status of the stream that they are taken from."""
        return self.looked.status(now)

    def health(self, now: Moment) -> StreamStatus:
        """How the camera fares as a whole: it sees while pictures can be looked at, and is
        impaired while they are but nothing is recorded. Facts are those of the main stream."""
        seen = self._seen(now)
        if (held_s := self.main.ring.cut_to_s) is None:
            return seen
        needed_s = self.main.ring.needed_s
        said = f"memory holds {held_s:.0f} s of the {needed_s:.0f} s that a clip needs"
        return replace(seen, detail=f"{seen.detail}; {said}" if seen.detail else said)

    def _seen(self, now: Moment) -> StreamStatus:
        main = self.main.status(now)
        if self.detect is None:
            return main
        looked, theirs = self.looked, self.detect.status(now)
        if looked is self.main:
            said = f"detect stream: {theirs.detail or theirs.status}; looks use the main stream"
            return replace(main, detail=said)
        seen = replace(
            main,
            status=theirs.status,
            since=theirs.since,
            for_s=theirs.for_s,
            fault=theirs.fault,
            detail=theirs.detail and f"detect stream: {theirs.detail}",
            keyframe_every_s=theirs.keyframe_every_s,
            last_packet_at=theirs.last_packet_at,
            reconnects=main.reconnects + theirs.reconnects,
        )
        if theirs.status is not CameraStatus.SEEING or main.status is CameraStatus.SEEING:
            return seen
        if main.status is CameraStatus.CONNECTING:
            return replace(seen, detail="main stream: connecting; nothing is recorded yet")
        said = f"main stream: {main.detail}; looks go on, evidence is missing"
        lost = CameraStatus.IMPAIRED
        return replace(
            seen, status=lost, since=main.since, for_s=main.for_s, fault=main.fault, detail=said
        )
