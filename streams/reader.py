"""One camera: a thread that keeps reading, whatever the weather, and looks on demand."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog

from domain.clock import Clock, SystemClock
from domain.errors import StreamCorrupt, StreamEnded, StreamError, StreamWithoutKeyframe
from domain.health import CoverageGap
from streams.activity import Activity
from streams.address import CameraAddress
from streams.backoff import Backoff
from streams.budget import RingBudget
from streams.decoder import KeyframeDecoder
from streams.door import Door, same_account
from streams.frame import Frame
from streams.intake import Intake
from streams.kept_decoders import KeptDecoders
from streams.packet import Packet
from streams.playback import Playback
from streams.ring import PacketRing
from streams.settings import StreamSettings
from streams.source import PacketSource, RawPacket, Source
from streams.status import StreamRecord, StreamStatus

RARE_KEYFRAMES = 1.5
"""Keyframes rarer than this many looks cannot keep the coverage promise alone."""
ANEW_AT_MOST_S = 20.0
"""A group longer than this is not decoded from its keyframe for one picture."""
NO_MORE_KEYFRAMES_S = 60.0
"""After so long without a keyframe, and twice the usual time, none is expected any more."""
_BLOCKED_S = 0.002
"""A read that took this long has emptied the socket."""
_AFTER_YOU_S = 15.0
"""A second stream waits this long at most for the attempt of the first."""

_log = structlog.get_logger(__name__)


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
        self.look_every_s = look_every_s
        """The coverage promise; may change with the hour."""
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
        self._activity = Activity()
        self._taking = threading.Lock()
        self._taken: Packet | None = None
        self._decoders = KeptDecoders(most=1) if decoders is None else decoders
        self._wants_keyframe = False
        """Whether nothing can be decoded until the camera is connected anew."""

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
    def next_keyframe_at(self) -> datetime | None:
        """When the next keyframe should be there, as they have been coming; None before two."""
        newest, every_s = self.ring.newest_keyframe, self._record.keyframe_every_s
        if newest is None or every_s is None:
            return None
        return newest.captured_at + timedelta(seconds=every_s)

    @property
    def picture_waits(self) -> bool:
        """Whether a keyframe has come that was not taken yet."""
        newest = self.ring.newest_keyframe
        return newest is not None and newest is not self._taken

    @property
    def stirred(self) -> bool:
        """Whether packets told of unusual activity after the last picture that was taken, and a
        keyframe that shows it waits."""
        stirred_at = self._activity.stirred_at
        if stirred_at is None:
            return False
        taken, newest = self._taken, self.ring.newest_keyframe
        if newest is None or newest.captured_at < stirred_at:
            return False
        return taken is None or taken.captured_at < stirred_at

    def take(self, *, follow: bool = False) -> Frame | None:
        """The newest picture that was not yet taken, decoded in the caller's thread; None if
        there is nothing new, or if it is damaged (which is counted).

        With `follow` it need not be a keyframe: all pictures since the last one are decoded."""
        with self._taking:
            try:
                if follow or self._follows():
                    return self._take_following()
                return self._take_keyframe()
            except StreamError as error:
                self._record.decode_failed()
                _log.debug("picture damaged", camera=self.camera_id, error=str(error))
                return None

    def _take_keyframe(self) -> Frame | None:
        packet = self.ring.newest_keyframe
        if packet is None or packet is self._taken:
            return None
        self._taken = packet
        self._decoders.drop(self)
        picture = KeyframeDecoder.of_this_thread().decode(packet)
        return Frame(self.camera_id, packet.captured_at, packet.stream_s, picture)

    def _take_following(self) -> Frame | None:
        decoder = self._decoders.take(self)
        begins_anew = decoder.last is None
        packets = self.ring.tail(after=decoder.last)
        self._taken = self.ring.newest_keyframe
        if not packets and (begins_anew or decoder.last is not self.ring.newest):
            self._wants_keyframe = self.ring.without_keyframe
            return None
        if begins_anew and not self._may_begin(packets):
            return None
        try:
            newest = decoder.advance(packets)
        finally:
            self._decoders.keep(self, decoder, time.monotonic())
        if newest is None:
            return None
        picture, packet = newest
        return Frame(self.camera_id, packet.captured_at, packet.stream_s, picture)

    def _may_begin(self, packets: Sequence[Packet]) -> bool:
        """Whether a group is decoded from its keyframe on for one picture: not a long one. If no
        keyframe is to be expected, one is had by connecting anew."""
        length_s = (packets[-1].captured_at - packets[0].captured_at).total_seconds()
        usual_s = self._record.keyframe_every_s or 0.0
        self._wants_keyframe = length_s > max(NO_MORE_KEYFRAMES_S, 2 * usual_s)
        return length_s <= ANEW_AT_MOST_S

    def _follows(self) -> bool:
        """Whether keyframes alone would break the coverage promise."""
        if self._settings.decode != "auto":
            return self._settings.decode == "all"
        if self.ring.without_keyframe:
            return True
        rare_s = RARE_KEYFRAMES * self.look_every_s
        usual_s = self._record.keyframe_every_s or 0.0
        tail = self.ring.tail()
        since_s = (tail[-1].captured_at - tail[0].captured_at).total_seconds() if tail else 0.0
        return max(usual_s, since_s) > rare_s

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
                    self._take_in(playback, playback.packets())
            else:
                with self._connected() as source:
                    try:
                        self._take_in(source, self._batched(source.packets()))
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

    def _connected(self) -> Source:
        try:
            with self._door.knock(self.address):
                return Source(self.address, self._settings)
        finally:
            self._tried.set()

    def _take_in(self, source: PacketSource, packets: Iterable[RawPacket]) -> None:
        connected_s = time.monotonic()
        self._record.connected(self._clock.now())
        intake = Intake(source, self._captured_at)
        self._wants_keyframe = False
        steady = False
        for raw in packets:
            at = self._clock.now()
            packet = intake.take(raw, at)
            self._report(self._record.arrived(packet, at))
            if packet is not None:
                self._captured_at = packet.captured_at
                self.ring.append(packet)
                self._activity.add(packet)
            if self._wants_keyframe and not self.address.is_file:
                raise StreamWithoutKeyframe(
                    f"{self.address.masked}: expected a keyframe now and then, got none to begin "
                    "with; connecting anew"
                )
            if not steady and time.monotonic() - connected_s >= self._settings.steady_after_s:
                steady = True
                self._backoff.reset()

    def _batched(self, packets: Iterable[RawPacket]) -> Iterable[RawPacket]:
        """The packets, with a rest whenever the socket was empty: what comes meanwhile is then
        read in one go, instead of waking the thread for each piece of each picture."""
        before_s = time.monotonic()
        for packet in packets:
            blocked = time.monotonic() - before_s > _BLOCKED_S
            yield packet
            if self._stopping.is_set():
                return
            if blocked and self._settings.batch_s:
                self._stopping.wait(self._settings.batch_s)
            before_s = time.monotonic()

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
