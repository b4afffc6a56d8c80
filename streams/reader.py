"""One camera: a thread that keeps reading, whatever the weather, and looks on demand."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from domain.clock import Clock, SystemClock
from domain.errors import StreamCorrupt, StreamEnded, StreamError, StreamWithoutKeyframe
from domain.health import CoverageGap
from streams.activity import Activity
from streams.address import CameraAddress
from streams.backoff import Backoff
from streams.budget import RingBudget
from streams.door import Door, same_account
from streams.frame import Frame
from streams.intake import Intake
from streams.kept_decoders import KeptDecoders
from streams.opening import CameraSource, opened
from streams.packet import PacketSource
from streams.playback import Playback
from streams.ring import PacketRing
from streams.settings import StreamSettings
from streams.status import StreamRecord, StreamStatus
from streams.taker import PictureTaker

_READ_WITHIN = timedelta(seconds=0.5)
"""Beside the pause between batches, it takes at most so long until what was sent is read."""
_AFTER_YOU_S = 15.0
"""A second stream waits this long at most for the attempt of the first."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ComingPicture:
    """A picture that is expected: when it will be sent, and when it must have been read."""

    captured_at: datetime
    read_by: datetime


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
        backoff: Backoff | None = None,
        after: "CameraReader | None" = None,
        budget: RingBudget | None = None,
        needed_s: float = 0.0,
        decoders: KeptDecoders | None = None,
    ) -> None:
        """`look_every_s` is the coverage promise; `on_gap` is called in the reader's thread with
        each span without packets, once it has ended; `after` reads the camera's first stream:
        this one is opened after it, and neither knocks soon after a refused login of the other.
        `budget` and `needed_s` are the ring's; `decoders` keeps those of all cameras.
        """
        self.camera_id = camera_id
        self.address = address
        self.ring = PacketRing(
            settings.ring_s, settings.ring_bytes, budget=budget, needed_s=needed_s
        )
        self._settings = settings
        self._clock = clock or SystemClock()
        self._on_gap = on_gap
        self._backoff = backoff or Backoff(settings)
        self._record = StreamRecord(camera_id, settings, self._clock.now())
        self._after = after
        shared = after is not None and same_account(address, after.address)
        self._door: Door = (
            after._door if after and shared else Door(settings.unauthorized_backoff_s)
        )
        self._tried = threading.Event()
        self._stopping = threading.Event()
        # A daemon: libav cannot be interrupted in a read, and a camera that hangs must not
        # hold up the end of the program. The thread writes nothing that could be left half done.
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera_id}", daemon=True)
        self._captured_at: datetime | None = None
        self._read_within = timedelta(seconds=settings.batch_s) + _READ_WITHIN
        self._activity = Activity()
        self._taker = PictureTaker(
            camera_id, self.ring, self._record, decode=settings.decode, decoders=decoders
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

    def status(self, at: datetime) -> StreamStatus:
        """How the camera fares at the moment `at`."""
        return self._record.status(at)

    @property
    def next_keyframe(self) -> ComingPicture | None:
        """When the next keyframe should be there, as they have been coming; None before two."""
        newest, every_s = self.ring.newest_keyframe, self._record.keyframe_every_s
        if newest is None or every_s is None:
            return None
        captured_at = newest.captured_at + timedelta(seconds=every_s)
        return ComingPicture(captured_at, captured_at + self._read_within)

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
        return self._taker.shows_what_came_since(self._activity.stirred_at)

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
            self._report(self._record.stopped(self._clock.now()))

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
        connected_s = time.monotonic()
        self._record.connected(self._clock.now())
        intake = Intake(source.offered, self._captured_at)
        self._taker.wants_keyframe = False
        steady = False
        for raw in source.packets():
            at = self._clock.now()
            packet = intake.take(raw, at)
            self._report(self._record.arrived(packet, at))
            if packet is not None:
                self._captured_at = packet.captured_at
                self.ring.append(packet)
                self._activity.add(packet)
            if self._taker.wants_keyframe and not self.address.is_file:
                raise StreamWithoutKeyframe(
                    f"{self.address.masked}: expected a keyframe now and then, got none to begin "
                    "with; connecting anew"
                )
            if not steady and time.monotonic() - connected_s >= self._settings.steady_after_s:
                steady = True
                self._backoff.reset()

    def _note(self, error: StreamError) -> float:
        """Record a failure; seconds to wait before the next attempt."""
        pause_s = self._backoff.pause_s(error.fault)
        now = self._clock.now()
        self._record.failed(error, now, now + timedelta(seconds=pause_s))
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
