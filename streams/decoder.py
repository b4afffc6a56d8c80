"""Decoders: one for the keyframes of many cameras, and one that decodes a camera on."""

import threading
import time
from collections.abc import Sequence
from typing import Any

import av

from domain.errors import StreamCorrupt, UnsupportedCodec
from streams.elementary import self_contained
from streams.packet import Packet, StreamInfo

ADVANCE_AT_MOST_S = 5.0
"""So long a decoder goes on at once; on a machine without rest the remainder is left for the next
look, and the picture is an older one, dated as such."""
_shared = threading.local()


class KeyframeDecoder:
    """Decodes single keyframes. A keyframe needs no neighbour, so one context per codec serves
    all cameras of a thread: 114 contexts of their own would hold 2 GB."""

    def __init__(self) -> None:
        self._contexts: dict[str, av.VideoCodecContext] = {}

    @classmethod
    def of_this_thread(cls) -> "KeyframeDecoder":
        """The decoder that all cameras of the calling thread share."""
        if not hasattr(_shared, "decoder"):
            _shared.decoder = cls()
        decoder: KeyframeDecoder = _shared.decoder
        return decoder

    def decode(self, packet: Packet) -> av.VideoFrame:
        """The picture of a keyframe.

        Raises:
            StreamCorrupt: the data is damaged.
            UnsupportedCodec: libav has no decoder for it.
        """
        codec = packet.stream.codec
        if codec not in self._contexts:
            self._contexts[codec] = new_context(codec, deblock=False)
        context = self._contexts[codec]
        try:
            data = self_contained(codec, packet.stream.extradata, packet.data)
            pictures = context.decode(av.Packet(data)) + context.decode(None)
        except av.FFmpegError as error:
            # A context that failed may keep parts of the damaged picture.
            del self._contexts[codec]
            raise StreamCorrupt(
                f"expected a keyframe of {codec}, got {packet.size_bytes} bytes "
                f"that do not decode: {error.strerror}"
            ) from error
        context.flush_buffers()
        return _sound(pictures[-1] if pictures else None, packet)


class FollowingDecoder:
    """Decodes one camera's packets on from a keyframe, and keeps what it needs to go on."""

    def __init__(self) -> None:
        self._context: av.VideoCodecContext | None = None
        self._stream: StreamInfo | None = None
        self._pending: dict[int, Packet] = {}
        self.last: Packet | None = None
        """The newest packet that was decoded."""

    def advance(self, packets: Sequence[Packet]) -> tuple[av.VideoFrame, Packet] | None:
        """Decode the packets that follow `last` (or a group from its keyframe on); the newest
        picture that came out of it, with its packet.

        Raises:
            StreamCorrupt: no packet could be decoded.
            UnsupportedCodec: libav has no decoder for it.
        """
        newest: tuple[av.VideoFrame, Packet] | None = None
        failed, ends_s = 0, time.monotonic() + ADVANCE_AT_MOST_S
        for packet in packets:
            if newest is not None and time.monotonic() > ends_s:
                break
            context = self._context_for(packet)
            self._pending[packet.pts] = packet
            self.last = packet
            try:
                pictures = context.decode(as_av(packet))
            except av.FFmpegError:
                failed += 1
                continue
            newest = self._newest_of(pictures) or newest
        if newest is None and packets and packets[0].keyframe:
            newest = self._drained()
        if failed and failed == len(packets):
            raise StreamCorrupt(f"expected pictures, got {failed} packets that do not decode")
        return newest

    def _drained(self) -> tuple[av.VideoFrame, Packet] | None:
        """The pictures that a group just begun still holds back for reordering. The decoder then
        has to begin the group again, which is short yet."""
        assert self._context is not None
        try:
            newest = self._newest_of(self._context.decode(None))
        except av.FFmpegError:
            newest = None
        self._context = self.last = None
        return newest

    def _newest_of(self, pictures: list[av.VideoFrame]) -> tuple[av.VideoFrame, Packet] | None:
        newest = None
        for picture in pictures:
            packet = None if picture.pts is None else self._pending.pop(picture.pts, None)
            if packet is not None and not picture.is_corrupt:
                newest = picture, packet
        if newest is not None:
            shown = newest[1].pts
            self._pending = {pts: late for pts, late in self._pending.items() if pts > shown}
        return newest

    def _context_for(self, packet: Packet) -> av.VideoCodecContext:
        if self._context is None or self._stream is not packet.stream:
            self._context = new_context(packet.stream.codec)
            self._context.extradata = packet.stream.extradata or None
            self._stream = packet.stream
            self._pending.clear()
        elif packet.keyframe:
            self._context.flush_buffers()
            self._pending.clear()
        return self._context


def new_context(codec: str, *, deblock: bool = True) -> av.VideoCodecContext:
    """A decoder of one thread.

    Args:
        codec: its name in libav, for example ``h264``.
        deblock: smooth the edges of coded blocks. A single keyframe does without: the gray values
            differ by less than one in 255 on average and an eighth of the time is saved. Where
            pictures follow on each other the difference would add up.

    Raises:
        UnsupportedCodec: libav has no decoder for it.
    """
    try:
        context = av.CodecContext.create(codec, "r")
    except (av.codec.codec.UnknownCodecError, av.FFmpegError) as error:
        raise UnsupportedCodec(f"expected a codec that libav decodes, got {codec}") from error
    if not isinstance(context, av.VideoCodecContext):
        raise UnsupportedCodec(f"expected a video codec, got {codec}")
    # Looks of many cameras run side by side already; threads would only add memory and delay.
    context.thread_count = 1
    if not deblock:
        context.options = {"skip_loop_filter": "all"}
    return context


def as_av(packet: Packet) -> "av.Packet[Any]":
    """The packet as libav has it."""
    coded: av.Packet[Any] = av.Packet(packet.data)
    coded.pts, coded.dts, coded.time_base = packet.pts, packet.dts, packet.time_base
    return coded


def _sound(picture: av.VideoFrame | None, packet: Packet) -> av.VideoFrame:
    if picture is None or picture.is_corrupt:
        raise StreamCorrupt(
            f"expected a whole picture in the keyframe of {packet.captured_at.isoformat()}, "
            f"got {'a damaged one' if picture else 'none'}"
        )
    return picture
