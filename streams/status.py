"""How one camera's stream fares, kept by its reader and asked for by others."""

import threading
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from domain.errors import StreamError
from domain.health import CameraStatus, CoverageGap, FaultKind
from streams.packet import Packet, StreamInfo
from streams.settings import StreamSettings

_RECENT_PACKETS = 100
_RECENT_KEYFRAMES = 8
_PATIENCE = 3
"""A slow camera is silent only after this many of its usual intervals."""


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """A camera's stream at one moment. `detail` is for ops and never holds a password."""

    status: CameraStatus
    since: datetime
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


class StreamRecord:
    """What happened on one camera's stream. Safe to use from several threads."""

    def __init__(self, camera_id: str, settings: StreamSettings, started_at: datetime) -> None:
        self._camera_id = camera_id
        self._settings = settings
        self._lock = threading.Lock()
        self._silent_since = started_at
        self._since = started_at
        self._connected_at = started_at
        self._failure: StreamError | None = None
        self._causes: Counter[FaultKind] = Counter()
        self._connections = 0
        self._packets = 0
        self._decode_errors = 0
        self._stream: StreamInfo | None = None
        self._seeing = False
        self._note = ""
        self._last_packet_at: datetime | None = None
        self._last_keyframe_at: datetime | None = None
        self._next_attempt_at: datetime | None = None
        self._packet_times_s: deque[float] = deque(maxlen=_RECENT_PACKETS)
        self._keyframe_times_s: deque[float] = deque(maxlen=_RECENT_KEYFRAMES)
        self._keyframe_every_s: float | None = None

    def attempts(self) -> None:
        """A connection is tried; the pause is over."""
        with self._lock:
            self._next_attempt_at = None

    def connected(self, at: datetime) -> None:
        with self._lock:
            self._connections += 1
            self._connected_at = at
            self._last_keyframe_at = None
            self._packet_times_s.clear()
            self._keyframe_times_s.clear()
            self._keyframe_every_s = None

    def read_as(self, note: str) -> None:
        """What ops should know of how the connection is read, said while nothing is wrong."""
        with self._lock:
            self._note = note

    def arrived(self, packet: Packet | None, at: datetime) -> CoverageGap | None:
        """A packet came (None: one from before the first keyframe). Gives the gap it ends."""
        with self._lock:
            gap = self._gap(at)
            self._packets += 1
            self._silent_since = self._last_packet_at = at
            self._causes.clear()
            if self._failure is not None and packet is None:
                self._failure, self._since = None, at
            if packet is not None:
                self._saw(packet, at, resumed=gap is not None)
            return gap

    def failed(self, error: StreamError, at: datetime, next_attempt_at: datetime) -> None:
        """The connection broke, or could not be made."""
        with self._lock:
            if self._failure is None:
                self._since = at
            self._failure = error
            self._seeing = False
            self._causes[error.fault] += 1
            self._next_attempt_at = next_attempt_at

    def stopped(self, at: datetime) -> CoverageGap | None:
        """The reader ends; gives the gap that was under way."""
        with self._lock:
            gap = self._gap(at)
            self._silent_since = at
            return gap

    def decode_failed(self) -> None:
        with self._lock:
            self._decode_errors += 1

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

    def status(self, at: datetime) -> StreamStatus:
        with self._lock:
            status, since, fault, detail = self._judge(at)
            return StreamStatus(
                status=status,
                since=since,
                fault=fault,
                detail=detail,
                codec=self._stream.codec if self._stream else None,
                size_wh=self._stream.size_wh if self._stream else None,
                fps=self._fps(),
                keyframe_every_s=self._keyframe_every_s,
                last_packet_at=self._last_packet_at,
                reconnects=max(self._connections - 1, 0),
                packets=self._packets,
                decode_errors=self._decode_errors,
                next_attempt_at=self._next_attempt_at,
            )

    def _judge(self, at: datetime) -> tuple[CameraStatus, datetime, FaultKind | None, str]:
        if self._failure is not None:
            return CameraStatus.OFFLINE, self._since, self._failure.fault, str(self._failure)
        if self._seeing and (silent_s := self._silent_s(at)) > self._patience_s():
            detail = f"no packet for {silent_s:.0f} s"
            return CameraStatus.IMPAIRED, self._silent_since, FaultKind.STALLED, detail
        if without_s := self._without_keyframe_s(at):
            detail = f"packets, but no keyframe for {without_s:.0f} s"
            since = at - timedelta(seconds=without_s)
            return CameraStatus.IMPAIRED, since, FaultKind.NO_KEYFRAME, detail
        status = CameraStatus.SEEING if self._seeing else CameraStatus.CONNECTING
        return status, self._since, None, self._note

    def _saw(self, packet: Packet, at: datetime, *, resumed: bool) -> None:
        if not self._seeing or resumed:
            self._since = at
        self._seeing, self._failure, self._stream = True, None, packet.stream
        self._packet_times_s.append(packet.stream_s)
        if packet.keyframe:
            self._keyframe_times_s.append(packet.stream_s)
            self._keyframe_every_s = _median_step(self._keyframe_times_s)
            self._last_keyframe_at = at

    def _gap(self, at: datetime) -> CoverageGap | None:
        silent_s = self._silent_s(at)
        # Asked for each packet, and nearly always no: what the patience is costs more to find out.
        if not self._causes and silent_s <= self._settings.stalled_after_s:
            return None
        if not self._causes and silent_s <= self._patience_s():
            return None
        cause = self._causes.most_common(1)[0][0] if self._causes else FaultKind.STALLED
        return CoverageGap(
            camera_id=self._camera_id,
            from_at=min(self._silent_since, at),  # the clock may have been set back
            to_at=at,
            cause=cause,
            detail=str(self._failure) if self._failure else "",
        )

    def _silent_s(self, at: datetime) -> float:
        return (at - self._silent_since).total_seconds()

    def _patience_s(self) -> float:
        fps = self._fps()
        return max(self._settings.stalled_after_s, _PATIENCE / fps if fps else 0.0)

    def _without_keyframe_s(self, at: datetime) -> float | None:
        """Seconds without a keyframe although packets come; None while that is in order."""
        if self._last_packet_at is None or self._last_packet_at < self._connected_at:
            return None
        usual_s = self._keyframe_every_s or 0.0
        without_s = (at - (self._last_keyframe_at or self._connected_at)).total_seconds()
        allowed_s = max(self._settings.no_keyframe_after_s, _PATIENCE * usual_s)
        return without_s if without_s > allowed_s else None

    def _fps(self) -> float | None:
        if len(self._packet_times_s) < 2:
            return None
        span_s = max(self._packet_times_s) - min(self._packet_times_s)
        return (len(self._packet_times_s) - 1) / span_s if span_s > 0 else None


def _median_step(times_s: deque[float]) -> float | None:
    steps_s = [later - earlier for earlier, later in pairwise(times_s)]
    return median(steps_s) if steps_s else None
