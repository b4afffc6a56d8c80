"""Files looked at as a camera would be, as fast as they decode, on virtual time."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import av

from domain.errors import StreamCorrupt
from streams.address import CameraAddress
from streams.errors import translated
from streams.frame import Frame
from streams.rotation import rotation_of
from streams.source import Source
from streams.stream_settings import DecodeMode, StreamSettings

_SLACK_S = 0.001
_DEFAULT_FPS = 25.0
_RESTART_S, _RESTART_PICTURES = 1.0, 16
"""Timestamps that fall back by more than this began anew: pictures are reordered by less."""


def replay(
    address: CameraAddress | str | os.PathLike[str],
    *,
    look_every_s: float,
    start_at: datetime,
    repeat_to_s: float | None = None,
    decode: DecodeMode = "auto",
    camera_id: str = "replay",
) -> Iterator[Frame]:
    """The looks at a file: the first picture of each span of `look_every_s` seconds.

    Args:
        start_at: what `captured_at` is at second 0 of the file.
        repeat_to_s: play the file over and over until so many seconds; None plays it once.
        decode: ``auto`` decodes keyframes alone if each span has one, else everything.

    Raises:
        StreamError: the file cannot be read; raised when the first frame is asked for.
    """
    if not isinstance(address, CameraAddress):
        address = CameraAddress.parse(address)
    address.path  # noqa: B018  (raises for a camera: there is no replay of what is live)
    outline = _Outline.of(address)
    keyframes_only = outline.timed and (
        decode == "keyframes"
        or (decode == "auto" and outline.keyframe_every_s <= look_every_s + _SLACK_S)
    )
    slots = _Slots(look_every_s)
    offset_s = 0.0
    while True:
        for picture_s, picture in _pictures(address, outline, slots, offset_s, keyframes_only):
            if repeat_to_s is not None and picture_s >= repeat_to_s:
                return
            captured_at = start_at + timedelta(seconds=picture_s)
            rotation = rotation_of(picture)
            yield Frame(camera_id, captured_at, picture_s, picture, rotation=rotation)
        offset_s += outline.duration_s
        if repeat_to_s is None or offset_s >= repeat_to_s:
            return


class _Slots:
    """Spans of equal length, of which each is served once."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._served = -1

    def is_open(self, at_s: float) -> bool:
        return self._slot(at_s) > self._served

    def serve(self, at_s: float) -> None:
        self._served = self._slot(at_s)

    def _slot(self, at_s: float) -> int:
        return int((at_s + _SLACK_S) // self._every_s)


class _Outline:
    """What is known of a file from its packets alone."""

    def __init__(self, times_s: list[float], keyframes_s: list[float], *, timed: bool) -> None:
        self.timed = timed
        """Whether packets carry timestamps; without, time is told by counting every picture."""
        self.first_s = min(times_s)
        ordered = sorted(times_s)
        step_s = (ordered[-1] - ordered[0]) / (len(ordered) - 1) if len(ordered) > 1 else 1.0
        self.duration_s = ordered[-1] - ordered[0] + step_s
        ends = [*keyframes_s, ordered[0] + self.duration_s]
        self.keyframe_every_s = max(later - earlier for earlier, later in pairwise(ends))

    @classmethod
    def of(cls, address: CameraAddress) -> "_Outline":
        times_s: list[float] = []
        keyframes_s: list[float] = []
        timed = True
        with Source(address, StreamSettings()) as source:
            clock = _PacketClock(source.stream)
            for packet in source.raw_packets():
                times_s.append(clock.time_s(packet.pts))
                timed = timed and packet.pts is not None
                if packet.is_keyframe:
                    keyframes_s.append(times_s[-1])
        if not keyframes_s:
            raise StreamCorrupt(f"{address.masked}: expected keyframes, found none")
        return cls(times_s, keyframes_s, timed=timed)


class _PacketClock:
    """Seconds of timestamps; where a file has none, its frame rate tells the time. Where they begin
    anew, as in recordings that were put one behind the other, time runs on."""

    def __init__(self, stream: av.VideoStream) -> None:
        self._time_base = float(stream.time_base or 0)
        self._step_s = 1 / float(stream.average_rate or stream.guessed_rate or _DEFAULT_FPS)
        self._restart_s = max(_RESTART_S, _RESTART_PICTURES * self._step_s)
        self._count = -1
        self._newest_s: float | None = None
        self._offset_s = self._earlier_offset_s = 0.0

    def time_s(self, ticks: int | None) -> float:
        """When a packet is shown; to be asked of all, in their order."""
        self._count += 1
        if ticks is None:
            return self._count * self._step_s
        at_s = ticks * self._time_base
        if self._newest_s is not None and at_s < self._newest_s - self._restart_s:
            self._earlier_offset_s = self._offset_s
            self._offset_s += self._newest_s + self._step_s - at_s
            self._newest_s = at_s
        self._newest_s = max(at_s, at_s if self._newest_s is None else self._newest_s)
        return at_s + self._offset_s

    def of_picture_s(self, ticks: int | None) -> float:
        """When a decoded picture is shown: it may be of packets before the restart."""
        if ticks is None or self._newest_s is None:
            return self.time_s(ticks)
        at_s = ticks * self._time_base
        is_late = at_s > self._newest_s + _SLACK_S
        return at_s + (self._earlier_offset_s if is_late else self._offset_s)


def _pictures(
    address: CameraAddress,
    outline: _Outline,
    slots: _Slots,
    offset_s: float,
    keyframes_only: bool,
) -> Iterator[tuple[float, av.VideoFrame]]:
    """One round through the file: the pictures that serve a slot, with their seconds."""
    with Source(address, StreamSettings()) as source:
        source.stream.thread_type = "AUTO"
        if keyframes_only:
            source.stream.codec_context.skip_frame = "NONKEY"
        clock = _PacketClock(source.stream)
        for picture in _decoded(source, clock):
            at_s = clock.of_picture_s(picture.pts) - outline.first_s + offset_s
            if slots.is_open(at_s):
                slots.serve(at_s)
                yield at_s, picture


def _decoded(source: Source, clock: _PacketClock) -> Iterator[av.VideoFrame]:
    """The file's pictures; damaged packets are passed over, as a camera's would be."""
    for packet in source.raw_packets():
        if packet.pts is not None:
            clock.time_s(packet.pts)
        try:
            yield from source.stream.decode(packet)
        except av.FFmpegError:
            continue
    with translated(source.address, "read"):
        yield from source.stream.decode(None)
