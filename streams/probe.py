"""A camera looked at once, for `patrol probe` and `patrol check`: what comes, and how soon."""

import time
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from domain.base import Detail, Value
from domain.clock import Clock, SystemClock
from domain.errors import StreamEnded, StreamError, StreamTimeout
from domain.health import FaultKind
from streams.address import CameraAddress
from streams.decoder import KeyframeDecoder
from streams.frame import Frame
from streams.intake import Intake
from streams.opening import opened
from streams.packet import Packet, PacketSource
from streams.playback import Playback
from streams.settings import StreamSettings


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


def probe(
    address: CameraAddress,
    settings: StreamSettings,
    seconds: float = 6,
    *,
    clock: Clock | None = None,
) -> tuple[ProbeReport, Frame | None]:
    """Read a camera for some seconds and decode its first keyframe. Raises nothing of a stream's:
    what went wrong is the report's `fault`; what was found until then stands beside it."""
    watch = _Watch(clock or SystemClock(), seconds)
    error: StreamError | None = None
    try:
        watch.read(address, settings)
    except StreamError as raised:
        error = raised
    picture, damage = watch.first_picture()
    error = error or damage
    report = watch.report(address).model_copy(
        update={
            "decoded": picture is not None,
            "fault": error.fault if error else None,
            "detail": str(error) if error else "",
        }
    )
    return report, picture


class _Watch:
    """Gathers packets against the clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._started_s = time.monotonic()
        self._ends_s = self._started_s + seconds
        self._packets: list[Packet] = []
        self._codec: str | None = None
        self._count = 0
        self._first_packet_s: float | None = None
        self._first_keyframe_s: float | None = None

    def read(self, address: CameraAddress, settings: StreamSettings) -> None:
        if address.is_file:
            with Playback(address, settings, self._wait) as playback:
                self._gather(playback)
        else:
            with opened(address, settings) as source:
                self._gather(source)
        if time.monotonic() < self._ends_s:
            raise StreamEnded(f"{address.masked}: the camera closed the connection")
        if not self._count:
            raise StreamTimeout(f"{address.masked}: expected packets, none came")

    def first_picture(self) -> tuple[Frame | None, StreamError | None]:
        """The first keyframe's picture, or why there is none."""
        damage: StreamError | None = None
        for packet in self._keyframes():
            try:
                picture = KeyframeDecoder.of_this_thread().decode(packet)
            except StreamError as error:
                damage = error
                continue
            return Frame("probe", packet.captured_at, packet.stream_s, picture), None
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
        )

    def _gather(self, source: PacketSource) -> None:
        self._codec = source.offered.codec
        intake = Intake(source.offered)
        for raw in source.packets():
            packet = intake.take(raw, self._clock.now())
            since_s = round(time.monotonic() - self._started_s, 3)
            self._count += 1
            self._first_packet_s = self._first_packet_s or since_s
            if packet is not None:
                self._first_keyframe_s = self._first_keyframe_s or since_s
                self._packets.append(packet)
            if time.monotonic() >= self._ends_s:
                return

    def _keyframes(self) -> Iterator[Packet]:
        return (packet for packet in self._packets if packet.keyframe)

    def _wait(self, pause_s: float) -> bool:
        left_s = self._ends_s - time.monotonic()
        time.sleep(max(min(pause_s, left_s), 0.0))
        return pause_s >= left_s
