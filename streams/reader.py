"""One camera: a thread that keeps reading, whatever the weather, and looks on demand."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from domain.clock import Clock, Moment, SystemClock
from domain.errors import StreamCorrupt, StreamEnded, StreamError, StreamWithoutKeyframe
from domain.health import CoverageGap
from streams.activity import Activity
from streams.address import CameraAddress
from streams.backoff import CameraBackoff
from streams.budget import RingBudget
from streams.door import Door, same_account
from streams.frame import Frame
from streams.intake import PacketIntake
from streams.kept_decoders import KeptDecoders
from streams.opening import CameraSource, opened
from streams.packet import Offered, Packet, PacketSource, RawPacket
from streams.playback import Playback
from streams.ring import PacketRing
from streams.rtsp.source import RtspSource
from streams.shared_reading import SharedReading
from streams.status import Damage, StreamRecord, StreamStatus
from streams.stream_settings import StreamSettings
from streams.taker import PictureTaker

_READ_WITHIN_S = 0.5
"""Beside the pause between batches, it takes at most so long until what was sent is read."""
_AFTER_YOU_S = 15.0
"""A second stream waits this long at most for the attempt of the first."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ComingPicture:
    """A picture that is expected: when it will be sent, and when it must have been read, in the
    seconds of `Moment.s`."""

    captured_s: float
    read_by_s: float


class CameraReader:
    """Reads one camera from `start` until `stop`. Errors never leave its thread: they become its
    status, and the camera is tried again after a pause."""

    def __init__(
        self,
        camera_id: str,
        address: CameraAddress,
        settings: StreamSettings,
        *,
        look_every_s: float = 2.0,
        clock: Clock | None = None,
        on_gap: Callable[[CoverageGap], None] | None = None,
        backoff: CameraBackoff | None = None,
        after: "CameraReader | None" = None,
        budget: RingBudget | None = None,
        needed_s: float = 0.0,
        decoders: KeptDecoders | None = None,
        shared: SharedReading | None = None,
    ) -> None:
        """`look_every_s` is the coverage promise; `on_gap` is called in the reader's thread with
        each span without packets, once it has ended; `after` reads the camera's first stream:
        this one is opened after it, and neither knocks soon after a refused login of the other.
        `budget` and `needed_s` are the ring's; `decoders` keeps those of all cameras.
        `shared` is the thread that reads many cameras in turns; without it this one's own does.
        """
        self.camera_id = camera_id
        self.address = address
        self.ring = PacketRing(
            settings.ring_s, settings.ring_bytes, budget=budget, needed_s=needed_s
        )
        self._settings = settings
        self._clock = clock or SystemClock()
        self._shared = shared
        self._on_gap = on_gap
        self._backoff = backoff or CameraBackoff(settings)
        self._record = StreamRecord(camera_id, settings, self._clock.moment())
        self._after = after
        one_account = after is not None and same_account(address, after.address)
        self._door: Door = (
            after._door if after and one_account else Door(settings.unauthorized_backoff_s)
        )
        self._tried = threading.Event()
        self._stopping = threading.Event()
        # A daemon: libav cannot be interrupted in a read, and a camera that hangs must not
        # hold up the end of the program. The thread writes nothing that could be left half done.
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera_id}", daemon=True)
        self._newest: Packet | None = None
        self._keyless = 0
        """Connections in a row that brought no keyframe."""
        self._read_within_s = settings.batch_s + _READ_WITHIN_S
        self._activity = Activity()
        self._taker = PictureTaker(
            camera_id,
            self.ring,
            self._record,
            settings=settings,
            clock=self._clock,
            decoders=decoders,
        )
        self.look_every_s = look_every_s

    def start(self) -> None:
        """Begin to read; returns at once."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Stop reading. Waits up to `timeout_s` for the thread, and tells whether it has ended;
        one that hangs in a read of a silent camera ends by itself within the read timeout."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def status(self, now: Moment) -> StreamStatus:
        """How the camera fares now."""
        return self._record.status(now)

    @property
    def damage(self) -> Damage | None:
        """As `StreamRecord.damage`."""
        return self._record.damage

    @property
    def next_keyframe(self) -> ComingPicture | None:
        """When the next keyframe should be there, as they have been coming; None before two."""
        newest, every_s = self.ring.newest_keyframe, self._record.keyframe_every_s
        if newest is None or every_s is None:
            return None
        captured_s = newest.captured_s + every_s
        return ComingPicture(captured_s, captured_s + self._read_within_s)

    @property
    def look_every_s(self) -> float:
        """The coverage promise; may change with the hour."""
        return self._taker.look_every_s

    @look_every_s.setter
    def look_every_s(self, seconds: float) -> None:
        self._taker.look_every_s = seconds

    @property
    def picture_waits(self) -> bool:
        """Whether a keyframe has come that was not taken yet."""
        return self._taker.picture_waits

    @property
    def stirred(self) -> bool:
        """Whether packets told of unusual activity after the last picture that was taken, and a
        keyframe that shows it waits."""
        return self._taker.shows_what_came_since(self._activity.stirred_s)

    def take(self, *, follow: bool = False) -> Frame | None:
        """As `PictureTaker.take`."""
        return self._taker.take(follow=follow)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._let_the_first_go_first()
                error = self._read_until_failure()
                if error is not None and not self._stopping.is_set():
                    self._stopping.wait(self._note(error))
        finally:
            self._report(self._record.stopped(self._clock.moment()))

    def _let_the_first_go_first(self) -> None:
        """Wait until the camera's first stream has been tried since it was lost: where there is
        a session for one of them only, it is the one that is recorded."""
        until_s = time.monotonic() + _AFTER_YOU_S
        while self._after is not None and not self._stopping.is_set():
            if self._after._tried.wait(0.1) or time.monotonic() > until_s:
                return

    def _read_until_failure(self) -> StreamError | None:
        """One connection, from open to end; None if it ended because the reader stops."""
        self._record.attempts()
        try:
            if self.address.is_file:
                with Playback(self.address, self._settings, self._stopping.wait) as playback:
                    self._take_in(playback)
            else:
                with self._connected() as source:
                    self._record.read_as(source.note)
                    try:
                        self._take_in(source)
                    finally:
                        self._tried.clear()
        except StreamError as error:
            return error
        except Exception:
            # The one place where anything may come: a reader that dies is a camera gone dark.
            _log.exception("reader failed", camera=self.camera_id)
            return StreamCorrupt(f"{self.address.masked}: the reader failed, see the log")
        if self._stopping.is_set():
            return None
        return StreamEnded(f"{self.address.masked}: the camera closed the connection")

    def _connected(self) -> CameraSource:
        try:
            with self._door.knock(self.address):
                return opened(self.address, self._settings, self._stopping)
        finally:
            self._tried.set()

    def _take_in(self, source: PacketSource) -> None:
        if self._shared is not None and isinstance(source, RtspSource) and source.never_waits:
            turns = self._turns(source.offered, source.turns())
            self._shared.lead(turns, self._settings.batch_s)
            return
        for _ in self._turns(source.offered, ([raw] for raw in source.packets())):
            pass

    def _turns(self, offered: Offered, came: Iterable[Sequence[RawPacket]]) -> Iterator[None]:
        """Take in what came together, and rest where nothing did."""
        connected = self._clock.moment()
        self._record.connected(connected)
        intake = PacketIntake(offered, self._newest.captured if self._newest else None)
        self._taker.wants_keyframe = False
        steady = False
        for pictures in came:
            if not pictures:
                yield
                continue
            now = self._clock.moment()
            packets = intake.take_all(pictures, now)
            self._report(self._record.arrived_together(packets, len(pictures), now))
            if packets:
                self._newest, self._keyless = packets[-1], 0
                self.ring.extend(packets)
                self._activity.add_all(packets)
            if not self.address.is_file:
                self._give_up_if_blind(bool(packets), now, now - connected)
            if not steady and now - connected >= self._settings.steady_after_s:
                steady = True
                if packets:
                    self._backoff.reset()

    def _give_up_if_blind(self, begun: bool, now: Moment, connected_s: float) -> None:
        """Packets alone are no life: where nothing can be seen by them, because none has `begun`
        with a keyframe or for another reason, the camera is connected anew.

        Raises:
            StreamWithoutKeyframe: none came to begin with, or none comes any more.
            StreamError: no picture can be decoded, and why.
        """
        if not begun:
            patience_s = self._settings.first_keyframe_within_s * 2 ** min(self._keyless, 4)
            if connected_s > patience_s:
                self._keyless += 1
                said = f"expected a keyframe within {patience_s:g} s, none came; connecting anew"
                raise StreamWithoutKeyframe(f"{self.address.masked}: {said}")
        elif self._taker.wants_keyframe or self._keyframes_ceased():
            raise StreamWithoutKeyframe(
                f"{self.address.masked}: expected a keyframe now and then, got none to begin "
                "with; connecting anew"
            )
        damage = self._record.damage
        if damage is not None and now - damage.since > self._settings.undecodable_after_s:
            raise type(damage.error)(f"{self.address.masked}: {damage.error}; connecting anew")

    def _keyframes_ceased(self) -> bool:
        """Whether pictures are made of keyframes alone, and there are none any more."""
        if self._settings.decode != "keyframes":
            return False
        usual_s = self._record.keyframe_every_s or 0.0
        longest_s = max(self._settings.keyframe_again_within_s, 2 * usual_s)
        return self._record.since_keyframe_s > longest_s

    def _note(self, error: StreamError) -> float:
        """Record a failure; seconds to wait before the next attempt."""
        pause_s = self._backoff.pause_s(error.fault)
        self._record.failed(error, self._clock.moment(), pause_s)
        _log.warning(
            "camera lost",
            camera=self.camera_id,
            fault=str(error.fault),
            error=str(error),
            retry_in_s=round(pause_s, 1),
        )
        return pause_s

    def _report(self, gap: CoverageGap | None) -> None:
        if gap is None or self._on_gap is None:
            return
        try:
            self._on_gap(gap)
        except Exception:
            _log.exception("gap not reported", camera=self.camera_id)


def stop_all(readers: Iterable[CameraReader], timeout_s: float = 5.0) -> list[str]:
    """Stop many readers at once, within `timeout_s` all together; the ids of those that still
    hang in a read (they end by themselves within their read timeout)."""
    readers = list(readers)
    for reader in readers:
        reader.stop(timeout_s=0)
    ends_s = time.monotonic() + timeout_s
    return [
        reader.camera_id
        for reader in readers
        if not reader.stop(timeout_s=max(ends_s - time.monotonic(), 0.0))
    ]
