"""How one camera's stream fares, kept by its reader and asked for by others."""

import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from domain.clock import Moment
from domain.errors import StreamError
from domain.health import CameraStatus, CoverageGap, FaultKind
from streams.packet import Packet, StreamInfo
from streams.stream_settings import StreamSettings

_RECENT_PACKETS = 100
_RECENT_KEYFRAMES = 8
_PATIENCE = 3
"""A slow camera is silent only after this many of its usual intervals."""


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """A camera's stream at one moment. `detail` is for ops and never holds a password."""

    status: CameraStatus
    since: datetime
    for_s: float
    """How long the status has held, whatever was done to the clock."""
    fault: FaultKind | None
    detail: str
    codec: str | None
    size_wh: tuple[int, int] | None
    fps: float | None
    keyframe_every_s: float | None
    last_packet_at: datetime | None
    reconnects: int
    packets: int
    decode_errors: int
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Damage:
    """Pictures that come and cannot be decoded, none of them since `since`."""

    since: Moment
    error: StreamError


class StreamRecord:
    """What happened on one camera's stream. Safe to use from several threads. Only pictures are
    signs of life: nobody tells of other bytes here."""

    def __init__(self, camera_id: str, settings: StreamSettings, started: Moment) -> None:
        self._camera_id = camera_id
        self._settings = settings
        self._lock = threading.Lock()
        self._silent_since = started
        self._since = started
        self._connected = started
        self._failure: StreamError | None = None
        self._causes: Counter[FaultKind] = Counter()
        self._connections = 0
        self._up = False
        self._packets = 0
        self._decode_errors = 0
        self._damage: Damage | None = None
        self._stream: StreamInfo | None = None
        self._seeing = False
        self._note = ""
        self._last_packet: Moment | None = None
        self._last_keyframe: Moment | None = None
        self._next_attempt: Moment | None = None
        self._packet_times_s: deque[float] = deque(maxlen=_RECENT_PACKETS)
        self._keyframe_times_s: deque[float] = deque(maxlen=_RECENT_KEYFRAMES)
        self._keyframe_every_s: float | None = None

    def attempts(self) -> None:
        """A connection is tried; the pause is over."""
        with self._lock:
            self._next_attempt = None

    def connected(self, now: Moment) -> None:
        with self._lock:
            self._connections += 1
            self._up, self._connected = True, now
            self._last_keyframe = self._damage = None
            self._packet_times_s.clear()
            self._keyframe_times_s.clear()
            self._keyframe_every_s = None

    def read_as(self, note: str) -> None:
        """What ops should know of how the connection is read, said while nothing is wrong."""
        with self._lock:
            self._note = note

    def arrived(self, packet: Packet | None, now: Moment) -> CoverageGap | None:
        """A picture came (None: one from before the first keyframe, which shows nothing yet).
        Gives the gap it ends."""
        return self.arrived_together([] if packet is None else [packet], 1, now)

    def arrived_together(
        self, packets: Sequence[Packet], came: int, now: Moment
    ) -> CoverageGap | None:
        """So many pictures came, and these are those of them that are not from before the first
        keyframe. Gives the gap they end."""
        with self._lock:
            self._packets += came
            self._last_packet = now
            if not packets:
                return None
            gap = self._gap(now)
            self._silent_since = now
            self._causes.clear()
            self._saw(packets, now, resumed=gap is not None)
            return gap

    def failed(self, error: StreamError, now: Moment, pause_s: float) -> None:
        """The connection broke, or could not be made; it is tried again after a pause."""
        with self._lock:
            if self._failure is None:
                self._since = now
            self._failure = error
            self._seeing = self._up = False
            self._causes[error.fault] += 1
            self._next_attempt = Moment(now.s + pause_s, now.at + timedelta(seconds=pause_s))

    def stopped(self, now: Moment) -> CoverageGap | None:
        """The reader ends; gives the gap that was under way."""
        with self._lock:
            gap = self._gap(now)
            self._silent_since = now
            return gap

    def decode_failed(self, error: StreamError, now: Moment) -> None:
        """A picture that came could not be decoded."""
        with self._lock:
            self._decode_errors += 1
            since = self._damage.since if self._damage is not None else now
            self._damage = Damage(since, error)

    def decoded(self) -> None:
        """A picture was decoded."""
        if self._damage is not None:
            with self._lock:
                self._damage = None

    @property
    def damage(self) -> Damage | None:
        """Why pictures that come show nothing; None while they are decoded, or nobody asks."""
        return self._damage

    @property
    def keyframe_every_s(self) -> float | None:
        """The usual time from keyframe to keyframe; None before the second one."""
        return self._keyframe_every_s

    @property
    def since_keyframe_s(self) -> float:
        """Seconds of this connection's packets since its last keyframe, by the stream's times."""
        with self._lock:
            if not self._packet_times_s or not self._keyframe_times_s:
                return 0.0
            return self._packet_times_s[-1] - self._keyframe_times_s[-1]

    def status(self, now: Moment) -> StreamStatus:
        with self._lock:
            status, since, fault, detail = self._judge(now)
            return StreamStatus(
                status=status,
                since=since.dated_by(now),
                for_s=now - since,
                fault=fault,
                detail=detail,
                codec=self._stream.codec if self._stream else None,
                size_wh=self._stream.size_wh if self._stream else None,
                fps=self._fps(),
                keyframe_every_s=self._keyframe_every_s,
                last_packet_at=_dated(self._last_packet, now),
                reconnects=max(self._connections - 1, 0),
                packets=self._packets,
                decode_errors=self._decode_errors,
                next_attempt_at=_dated(self._next_attempt, now),
            )

    def _judge(self, now: Moment) -> tuple[CameraStatus, Moment, FaultKind | None, str]:
        if self._up and (without := self._without_keyframe(now)):
            detail = f"packets, but no keyframe for {now - without:.0f} s"
            return CameraStatus.IMPAIRED, without, FaultKind.NO_KEYFRAME, detail
        if self._failure is not None:
            return CameraStatus.OFFLINE, self._since, self._failure.fault, str(self._failure)
        if self._is_silent(now):
            detail = f"no packet for {now - self._silent_since:.0f} s"
            return CameraStatus.IMPAIRED, self._silent_since, FaultKind.STALLED, detail
        status = CameraStatus.SEEING if self._seeing else CameraStatus.CONNECTING
        return status, self._since, None, self._note

    def _is_silent(self, now: Moment) -> bool:
        """Whether pictures should have come: since the last one, or since the camera was told to
        play, which may take it somewhat longer."""
        if self._seeing:
            return now - self._silent_since > self._patience_s()
        return self._up and now - self._connected > self._settings.read_timeout_s

    def _saw(self, packets: Sequence[Packet], now: Moment, *, resumed: bool) -> None:
        if not self._seeing or resumed:
            self._since = now
        self._seeing, self._failure, self._stream = True, None, packets[-1].stream
        self._packet_times_s.extend([packet.stream_s for packet in packets])
        if keyframes_s := [packet.stream_s for packet in packets if packet.keyframe]:
            self._keyframe_times_s.extend(keyframes_s)
            self._keyframe_every_s = _median_step(self._keyframe_times_s)
            self._last_keyframe = now

    def _gap(self, now: Moment) -> CoverageGap | None:
        silent_s = now - self._silent_since
        # Asked for each packet, and nearly always no: what the patience is costs more to find out.
        if not self._causes and silent_s <= self._settings.stalled_after_s:
            return None
        if not self._causes and silent_s <= self._patience_s():
            return None
        cause = self._causes.most_common(1)[0][0] if self._causes else FaultKind.STALLED
        return CoverageGap(
            camera_id=self._camera_id,
            from_at=self._silent_since.dated_by(now),
            to_at=now.at,
            cause=cause,
            detail=str(self._failure) if self._failure else "",
        )

    def _patience_s(self) -> float:
        fps = self._fps()
        return max(self._settings.stalled_after_s, _PATIENCE / fps if fps else 0.0)

    def _without_keyframe(self, now: Moment) -> Moment | None:
        """Since when there is no keyframe although packets come; None while that is in order."""
        if self._last_packet is None or self._last_packet < self._connected:
            return None
        if now - self._last_packet > self._patience_s():
            return None
        allowed_s = self._settings.no_keyframe_after_s
        if self._last_keyframe is None:
            allowed_s = min(allowed_s, self._settings.first_keyframe_within_s)
        allowed_s = max(allowed_s, _PATIENCE * (self._keyframe_every_s or 0.0))
        since = self._last_keyframe or self._connected
        return since if now - since > allowed_s else None

    def _fps(self) -> float | None:
        if len(self._packet_times_s) < 2:
            return None
        span_s = max(self._packet_times_s) - min(self._packet_times_s)
        return (len(self._packet_times_s) - 1) / span_s if span_s > 0 else None


def _dated(moment: Moment | None, now: Moment) -> datetime | None:
    return None if moment is None else moment.dated_by(now)


def _median_step(times_s: deque[float]) -> float | None:
    steps_s = [later - earlier for earlier, later in pairwise(times_s)]
    return median(steps_s) if steps_s else None
