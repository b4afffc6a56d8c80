"""From libav's packets to ours: placed in time, begun with a keyframe, told apart by stream."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from domain.clock import Moment
from streams.anchor import Anchor
from streams.elementary import describe
from streams.nal import ANNEX_B_CODECS, merged, parameter_sets
from streams.packet import Offered, Packet, RawPacket, StreamInfo
from streams.rtsp.picture import AccessUnit, PackedPicture

_DEFAULT_TIME_BASE = Fraction(1, 90_000)


class PacketIntake:
    """Takes in the packets of one connection."""

    def __init__(self, offered: Offered, not_before: Moment | None = None) -> None:
        """`not_before` is when the last picture of the camera's connection before was sent."""
        self._offered = offered
        self._codec = offered.codec
        self._time_base = offered.time_base or _DEFAULT_TIME_BASE
        self._anchor = Anchor(self._time_base, not_before)
        self._stream: StreamInfo | None = None
        self._fresh: bytes = b""

    def take_all(self, came: Iterable[RawPacket], arrived: Moment) -> list[Packet]:
        """The packets of pictures that came together, those before the first keyframe left out."""
        taken = (self.take(raw, arrived) for raw in came)
        return [packet for packet in taken if packet is not None]

    def take(self, raw: RawPacket, arrived: Moment | datetime) -> Packet | None:
        """The next packet; None until a keyframe has come that says what it is."""
        keyframe = raw.is_keyframe
        stamp = self._anchor.place(raw.pts, raw.dts, arrived, keyframe=keyframe)
        if keyframe:
            self._learn(bytes(raw))
        if self._stream is None:
            return None
        return Packet(
            # What comes from libav is its own memory.
            raw if isinstance(raw, (AccessUnit, PackedPicture)) else bytes(raw),
            stamp.pts,
            stamp.dts,
            self._time_base,
            keyframe,
            stamp.captured_at,
            stamp.stream_s,
            self._stream,
            stamp.captured_s,
        )

    def _learn(self, keyframe: bytes) -> None:
        """A keyframe may change the parameter sets, and with them the stream."""
        if self._codec not in ANNEX_B_CODECS:
            if self._stream is None:
                self._stream = self._from_container(keyframe)
            return
        fresh = parameter_sets(self._codec, keyframe)
        if self._stream is not None and fresh == self._fresh:
            return
        self._fresh = fresh
        known = self._stream.extradata if self._stream else self._annex_b_given()
        sets = merged(self._codec, known, fresh)
        if self._stream is None or sets != self._stream.extradata:
            self._stream = self._turned(describe(self._codec, sets, keyframe)) or self._stream

    def _annex_b_given(self) -> bytes:
        return parameter_sets(self._codec, self._offered.extradata)

    def _from_container(self, keyframe: bytes) -> StreamInfo | None:
        if all(self._offered.size_wh):
            return StreamInfo(
                self._codec,
                self._offered.size_wh,
                self._offered.extradata,
                self._offered.profile,
                self._offered.rotation,
            )
        return self._turned(describe(self._codec, self._offered.extradata, keyframe))

    def _turned(self, stream: StreamInfo | None) -> StreamInfo | None:
        """Only the container knows how pictures are turned, not the coded data."""
        return stream and replace(stream, rotation=self._offered.rotation)
