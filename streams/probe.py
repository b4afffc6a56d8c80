"""A camera looked at once, for `patrol probe` and `patrol check`: what comes, and how soon."""

import threading
import time
from collections.abc import Iterator
from itertools import islice, pairwise
from statistics import median

import structlog

from domain.base import Detail, Value
from domain.clock import Clock, SystemClock
from domain.errors import (
    StreamCorrupt,
    StreamEnded,
    StreamError,
    StreamTimeout,
    StreamWithoutKeyframe,
)
from domain.health import FaultKind
from streams.address import CameraAddress
from streams.decoder import KeyframeDecoder
from streams.frame import Frame
from streams.intake import PacketIntake
from streams.opening import CameraSource, opened
from streams.packet import Packet
from streams.playback import Playback
from streams.rtsp.known import KNOWN
from streams.rtsp.source import RtspSource
from streams.stream_settings import StreamSettings

_HEED_S = 1.0
"""So long after the end our own reader has noticed it."""
_OWN_SHARE = 0.5
"""Of the time: so long our own reader may do without a keyframe before libav is tried."""
_TRIED_KEYFRAMES = 5
"""Damaged keyframes that are tried to decode: each may be large."""

_log = structlog.get_logger(__name__)


class ProbeReport(Value):
    """What a probe found. `url` and `detail` hold no password."""

    url: str
    codec: str | None = None
    profile: str | None = None
    size_wh: tuple[int, int] | None = None
    fps: float | None = None
    keyframe_every_s: float | None = None
    bitrate_kbps: float | None = None
    first_packet_s: float | None = None
    """From the start of the connection to the first packet."""
    first_keyframe_s: float | None = None
    packets: int = 0
    decoded: bool = False
    fault: FaultKind | None = None
    detail: Detail = ""
    """What went wrong; else what is unusual in how the camera is read."""


def probe(
    address: CameraAddress,
    settings: StreamSettings,
    seconds: float = 6,
    *,
    clock: Clock | None = None,
) -> tuple[ProbeReport, Frame | None]:
    """Read a camera for some seconds and decode its first keyframe. Raises nothing of a stream's:
    what went wrong is the report's `fault`; what was found until then stands beside it.

    Our own reader may do without a keyframe for half of the time; then libav is tried for the rest.
    It ends within `seconds` and the time to connect (`open_timeout_s`), whatever the camera does:
    libav cannot be interrupted, so it is read in a thread that is left behind if it hangs.
    """
    watch = _Watch(clock or SystemClock(), seconds)
    error = watch.read_within(address, settings)
    picture, damage = watch.first_picture(address)
    error = error or damage
    found: dict[str, object] = {"decoded": picture is not None}
    if error:
        found |= {"fault": error.fault, "detail": str(error)}
    return watch.report(address).model_copy(update=found), picture


class _Watch:
    """Gathers packets against the clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._started_s = time.monotonic()
        self._ends_s = self._started_s + seconds
        self._over = threading.Event()
        self._gathering = threading.Lock()
        self._closed = self._connected = False
        self._packets: list[Packet] = []
        self._codec: str | None = None
        self._note = ""
        self._count = 0
        self._first_packet_s: float | None = None
        self._first_keyframe_s: float | None = None

    def read_within(self, address: CameraAddress, settings: StreamSettings) -> StreamError | None:
        """Read until the time is over; what went wrong. Nothing is gathered any more after it."""
        failed: list[StreamError] = []

        def read() -> None:
            try:
                self._read(address, settings)
            except StreamError as error:
                failed.append(error)
            except Exception as error:
                _log.exception("probe failed", camera=address.masked)
                failed.append(StreamCorrupt(f"{address.masked}: {type(error).__name__}"))

        thread = threading.Thread(target=read, name="probe", daemon=True)
        thread.start()
        thread.join(self._seconds)
        if thread.is_alive():  # it may still be connecting, or about to say what is wrong
            self._over.set()
            thread.join(_HEED_S if self._connected else settings.open_timeout_s)
        with self._gathering:
            self._closed = True
        if failed:
            return failed[0]
        if self._count:
            return None
        said = "expected pictures, none came" if self._connected else "no answer"
        return StreamTimeout(f"{address.masked}: {said} within {self._seconds:g} s")

    def _read(self, address: CameraAddress, settings: StreamSettings) -> None:
        if address.is_file:
            with Playback(address, settings, self._wait) as playback:
                self._gather(playback)
        elif (why := self._read_first(address, settings)) is not None:
            if self._over.is_set() or not KNOWN.misread(address, str(why)):
                raise why
            self._connected = False
            with opened(address, settings, self._over) as source:
                self._note = source.note
                self._gather(source)
        if not self._over.is_set() and time.monotonic() < self._ends_s:
            raise StreamEnded(f"{address.masked}: the camera closed the connection")

    def _read_first(self, address: CameraAddress, settings: StreamSettings) -> StreamError | None:
        """Read as the settings say. Where our own reader is free to be wrong and gives no keyframe
        within half the time, it is left; why."""
        half_s = self._seconds * _OWN_SHARE
        limit = {"read_timeout_s": min(settings.read_timeout_s, half_s)}
        own = settings.model_copy(update=limit) if settings.rtsp == "auto" else settings
        with opened(address, own, self._over) as source:
            patient = settings.rtsp != "auto" or not isinstance(source, RtspSource)
            try:
                self._gather(source, None if patient else self._started_s + half_s)
            except (StreamTimeout, StreamWithoutKeyframe) as error:
                if patient or self._first_keyframe_s is not None:
                    raise
                return error
            finally:
                self._note = source.note
        return None

    def first_picture(self, address: CameraAddress) -> tuple[Frame | None, StreamError | None]:
        """The first keyframe's picture, or why there is none."""
        damage: StreamError | None = None
        for packet in islice(self._keyframes(), _TRIED_KEYFRAMES):
            try:
                picture = KeyframeDecoder.of_this_thread().decode(packet)
            except StreamError as error:
                damage = error
                continue
            return Frame.of("probe", packet, picture), None
        if damage is None and self._count:
            damage = StreamWithoutKeyframe(f"{address.masked}: {self._keyless()}")
        return None, damage

    def report(self, address: CameraAddress) -> ProbeReport:
        stream = self._packets[-1].stream if self._packets else None
        timed = self._packets[1:]  # the first one's timestamp is often missing, and then guessed
        times_s = sorted(packet.stream_s for packet in timed)
        span_s = times_s[-1] - times_s[0] if times_s else 0.0
        size_bytes = sum(len(packet.data) for packet in timed)
        steps_s = [b.stream_s - a.stream_s for a, b in pairwise(self._keyframes())]
        return ProbeReport(
            url=address.masked,
            codec=stream.codec if stream else self._codec,
            profile=stream.profile if stream else None,
            size_wh=stream.size_wh if stream else None,
            fps=round((len(times_s) - 1) / span_s, 2) if span_s else None,
            keyframe_every_s=round(median(steps_s), 2) if steps_s else None,
            bitrate_kbps=round(size_bytes * 8 / 1000 / span_s, 1) if span_s else None,
            first_packet_s=self._first_packet_s,
            first_keyframe_s=self._first_keyframe_s,
            packets=self._count,
            detail=self._note,
        )

    def _gather(self, source: CameraSource | Playback, keyframe_by_s: float | None = None) -> None:
        """Keep what comes.

        Raises:
            StreamWithoutKeyframe: none came until then; without it they are waited for.
        """
        self._connected = True
        self._codec = source.offered.codec
        intake = PacketIntake(source.offered)
        for raw in source.packets():
            packet = intake.take(raw, self._clock.moment())
            with self._gathering:
                if self._closed:
                    return
                self._keep(packet)
            self._check_keyframe(keyframe_by_s)
            if time.monotonic() >= self._ends_s:
                return

    def _check_keyframe(self, by_s: float | None) -> None:
        if by_s is None or self._first_keyframe_s is not None or time.monotonic() < by_s:
            return
        raise StreamWithoutKeyframe(self._keyless())

    def _keyless(self) -> str:
        return f"expected a keyframe, got {self._count} pictures without one"

    def _keep(self, packet: Packet | None) -> None:
        since_s = round(time.monotonic() - self._started_s, 3)
        self._count += 1
        self._first_packet_s = self._first_packet_s or since_s
        if packet is not None:
            self._first_keyframe_s = self._first_keyframe_s or since_s
            self._packets.append(packet)

    def _keyframes(self) -> Iterator[Packet]:
        return (packet for packet in self._packets if packet.keyframe)

    def _wait(self, pause_s: float) -> bool:
        left_s = self._ends_s - time.monotonic()
        time.sleep(max(min(pause_s, left_s), 0.0))
        return pause_s >= left_s
