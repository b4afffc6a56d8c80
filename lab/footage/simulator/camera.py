"""A live camera: one timeline for all its clients, and the fault it is told to have."""

import asyncio
import hashlib
import math
import random
import time
from collections.abc import Sequence

import structlog

from domain.errors import ConfigurationError
from lab.footage.simulator.clip import Clip
from lab.footage.simulator.fault import DOOR_KINDS, Fault, FaultName
from lab.footage.simulator.rtcp import sender_report
from lab.footage.simulator.rtp import FRAMING_BYTES, HEADER_BYTES, PAYLOAD_TYPE, Packets
from lab.footage.simulator.tally import CameraStats, Tally
from lab.footage.simulator.timeline import Timeline
from lab.footage.simulator.viewer import Viewer

REPORT_EVERY_S = 5.0
"""Between two RTCP sender reports."""
UNDECLARED_TYPE = PAYLOAD_TYPE + 7
MAX_LATE_S = 2.0
"""A camera that is later than this (the machine slept) jumps to now instead of catching up."""
_FAULT_TICK_S = 0.05
"""How exactly a fault's times are kept between two pictures."""

log = structlog.get_logger(__name__)
PACE_S = 0.01
"""All cameras send at multiples of this, so that the loop wakes once for many of them; a camera's
own network is less punctual."""


class LiveCamera:
    """Sends its clip in real time to every viewer. Lives in the event loop's thread."""

    def __init__(self, name: str, clip: Clip, *, started_s: float) -> None:
        seed = _seed(name)
        self.name = name
        self.tally = Tally()
        self._ssrc = int.from_bytes(seed[:4], "big")
        self._first_rtp = int.from_bytes(seed[4:], "big")
        self._noise = random.Random(seed)
        self._home = clip
        zero_s = started_s - phase(name) * clip.length_s
        self._timeline = Timeline(clip, zero_s, 0).with_rtp(self._first_rtp, started_s)
        self._cursor = 0
        self._sequence = self._ssrc & 0xFFFF
        self._packets = self._octets = 0
        self._reported_s = started_s
        self._viewers: dict[Viewer, None] = {}
        self._watched = asyncio.Event()
        self._fault: Fault | None = None
        self._fault_since_s: float | None = None
        self._strikes = 0
        self._is_shut = False
        self._elsewhere = clip

    @property
    def clip(self) -> Clip:
        """What it sends now."""
        return self._timeline.clip

    @property
    def fault(self) -> Fault | None:
        return self._fault

    @property
    def stats(self) -> CameraStats:
        return CameraStats(clients=len(self._viewers), **vars(self.tally))

    def play(self, viewer: Viewer, now_s: float) -> None:
        """Let a client in; its first picture is the next keyframe."""
        if self._fault is not None and self._fault_since_s is None:
            self._fault_since_s = now_s
        self.tally.plays += 1
        self._viewers[viewer] = None
        viewer.outlet.send_rtcp(self._report(now_s))
        self._watched.set()

    def leave(self, viewer: Viewer) -> None:
        self._viewers.pop(viewer, None)
        if not self._viewers:
            self._watched.clear()

    def set_fault(self, fault: Fault | None, elsewhere: Clip | None, now_s: float) -> None:
        """From now on have `fault`; `elsewhere` is the clip that `switch` goes to."""
        self._fault = fault
        self._fault_since_s = now_s if self._viewers else None
        self._strikes = 0
        self._is_shut = False
        self._elsewhere = elsewhere or self._home
        self.keep_to_fault(now_s)

    def closed_door(self, now_s: float) -> FaultName | None:
        """The fault that a client meets which asks for the stream now."""
        fault = self._fault
        return fault.kind if fault and fault.kind in DOOR_KINDS and self._holds(now_s) else None

    def keep_to_fault(self, now_s: float) -> None:
        """Do what the fault asks for by now, besides what happens to each picture."""
        was_shut, self._is_shut = self._is_shut, self.closed_door(now_s) is not None
        struck = self._has_struck(now_s)
        kind = self._fault.kind if self._fault else None
        if (self._is_shut and not was_shut) or (kind == "drop" and struck):
            for viewer in tuple(self._viewers):
                viewer.close(f"fault {kind}")
        elif kind == "restart_timestamps" and struck:
            self._timeline = self._timeline.with_rtp(self._first_rtp, now_s)
        elif self._has("stall", now_s):
            self._skip_to_keyframe()
        self._show(self._elsewhere if self._has("switch", now_s) else self._home, now_s)

    async def run(self) -> None:
        """Send for ever; costs nothing while nobody looks."""
        loop = asyncio.get_running_loop()
        while True:
            await self._watched.wait()
            self._cursor = self._timeline.cursor_at(loop.time())
            while self._viewers:
                self.keep_to_fault(loop.time())
                wait_s = self._timeline.due_s(self._cursor) - loop.time()
                if wait_s > 0:
                    wait_s = _to_the_next_pace(loop.time() + wait_s) - loop.time()
                    await asyncio.sleep(min(wait_s, _FAULT_TICK_S) if self._fault else wait_s)
                    continue
                if wait_s < -MAX_LATE_S:
                    self._jump_to_now(loop.time())
                    continue
                self._send_next(loop.time())

    def _send_next(self, now_s: float) -> None:
        unit, rtp = self._timeline.unit(self._cursor), self._timeline.rtp(self._cursor)
        self._cursor += 1
        if self._has("stall", now_s) or (unit.keyframe and self._keeps_back(now_s)):
            return
        if self._has("reports_only", now_s):
            self._report_to_all(now_s)
            return
        if self._has("constant_stamp", now_s):
            rtp = self._first_rtp
        packets = self._as_faulty(unit.packets.stamped(self._sequence, rtp, self._ssrc), now_s)
        self._count(len(packets.headers), len(packets.data))
        for viewer in tuple(self._viewers):
            if viewer.wants(unit.keyframe):
                self.tally.bytes_sent += viewer.outlet.send(packets)
            elif viewer.outlet.is_behind:
                self.tally.pictures_skipped += 1
        if now_s - self._reported_s >= REPORT_EVERY_S:
            self._report_to_all(now_s)

    def _as_faulty(self, packets: Packets, now_s: float) -> Packets:
        if self._has("garbage", now_s):
            return packets.garbled(self._noise)
        if self._has("undeclared", now_s):
            return packets.of_type(UNDECLARED_TYPE)
        return packets

    def _keeps_back(self, now_s: float) -> bool:
        """Whether a keyframe is not sent: the fault asks for it, and nobody waits for one."""
        waiting = any(viewer.waits_for_keyframe for viewer in self._viewers)
        return self._has("endless", now_s) and not waiting

    def _count(self, packets: int, size_bytes: int) -> None:
        self._sequence += packets
        self._packets += packets
        self._octets += size_bytes - packets * (FRAMING_BYTES + HEADER_BYTES)

    def _jump_to_now(self, now_s: float) -> None:
        self._cursor = max(self._cursor, self._timeline.cursor_at(now_s))
        self._skip_to_keyframe()

    def _skip_to_keyframe(self) -> None:
        for viewer in self._viewers:
            viewer.skip_to_keyframe()

    def _report_to_all(self, now_s: float) -> None:
        self._reported_s = now_s
        report = self._report(now_s)
        for viewer in self._viewers:
            viewer.outlet.send_rtcp(report)

    def _report(self, now_s: float) -> bytes:
        return sender_report(
            ssrc=self._ssrc,
            unix_s=time.time(),
            timestamp=self._timeline.rtp_at(now_s),
            packets=self._packets,
            octets=self._octets,
            name=self.name,
        )

    def _holds(self, now_s: float) -> bool:
        return self._fault is not None and self._fault.holds(self._elapsed_s(now_s))

    def _has(self, kind: FaultName, now_s: float) -> bool:
        return self._fault is not None and self._fault.kind == kind and self._holds(now_s)

    def _elapsed_s(self, now_s: float) -> float:
        return 0.0 if self._fault_since_s is None else now_s - self._fault_since_s

    def _has_struck(self, now_s: float) -> bool:
        if self._fault is None or self._fault_since_s is None:
            return False
        before, self._strikes = self._strikes, self._fault.strikes(self._elapsed_s(now_s))
        return self._strikes > before

    def _show(self, clip: Clip, now_s: float) -> None:
        if clip is self._timeline.clip:
            return
        log.debug("simulator switches clip", camera=self.name, size_wh=clip.size_wh)
        self._timeline = self._timeline.with_clip(clip, now_s)
        self._cursor = 0


def _to_the_next_pace(at_s: float) -> float:
    return math.ceil(at_s / PACE_S) * PACE_S


def phase(name: str) -> float:
    """Where in its clip camera `name` starts, 0 to 1: cameras of one clip are spread out, so
    that their keyframes do not all come at once."""
    return int.from_bytes(_seed(name), "big") / 2**64


def _seed(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=8).digest()


def other_clip(name: str, fault: Fault, clips: Sequence[tuple[str, Clip]]) -> Clip:
    """What the `switch` fault of camera `name` goes to.

    Raises:
        ConfigurationError: no other clip can follow in the same stream.
    """
    home = dict(clips)[name]
    names = [camera for camera, _ in clips]
    start = names.index(name)
    for camera, clip in [*clips[start + 1 :], *clips[:start]]:
        wanted = camera == fault.to if fault.to else clip.size_wh != home.size_wh
        if wanted and clip.codec == home.codec:
            return clip
    wish = f"camera {fault.to}" if fault.to else "a camera of another picture size"
    raise ConfigurationError(
        f"camera {name}: fault switch expected {wish} with codec {home.codec}, got {names}"
    )
