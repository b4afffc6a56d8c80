"""An open camera or file: its video stream, and its packets one after another."""

import threading
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import av
from av.bitstream import BitStreamFilterContext

from domain.closing import Closing
from domain.errors import StreamCorrupt, StreamRefused, StreamTimeout, UnsupportedCodec
from streams import sdp
from streams.address import CameraAddress
from streams.container import open_container, video_stream
from streams.errors import translated
from streams.nal import ANNEX_B_CODECS
from streams.packet import Offered
from streams.rotation import file_rotation
from streams.stream_settings import StreamSettings

LibavPacket: TypeAlias = "av.Packet[av.VideoStream]"

_MICROSECONDS = 1_000_000
_RTSP_OPTIONS = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
    # What is not known after the first packet is learnt from the first keyframe: a camera
    # that is probed at length is a camera that is not seen.
    "analyzeduration": "1",
    "probesize": "32",
    "fpsprobesize": "0",
}
_BLOCKED_S = 0.002
"""A read that took this long has emptied the socket."""
_LONGEST_BATCH_S = 0.25
"""The kernel's own buffers hold little more of 3 Mbit/s."""
_LENGTH_PREFIXED = 1
"""First byte of avcC and hvcC extradata: packets carry lengths instead of start codes."""
_PLAYLISTS = frozenset({"hls", "applehttp", "concat", "dash", "sdp", "rtsp", "imf"})
"""What libav takes for a file that only names where the video is."""


class Source(Closing):
    """A container of libav that is always closed: use it with ``with``."""

    note = ""
    """What ops should know of how the camera is read; empty if there is nothing."""

    def __init__(
        self,
        address: CameraAddress,
        settings: StreamSettings,
        stopping: threading.Event | None = None,
    ) -> None:
        """Connect, or open the file. Once `stopping` is set, a camera's packets end with the next.

        Raises:
            StreamError: what went wrong, by its class.
        """
        self.address = address
        self._batch_s = 0.0 if address.is_file else min(settings.batch_s, _LONGEST_BATCH_S)
        self._stopping = stopping or threading.Event()
        self._container = _connected(address, settings)
        try:
            self.stream = self._video_stream(settings)
        except BaseException:
            self._container.close()
            raise

    @property
    def codec(self) -> str:
        """libav's name of the codec, such as ``h264``."""
        return self.stream.codec_context.codec.canonical_name

    @property
    def offered(self) -> Offered:
        context = self.stream.codec_context
        return Offered(
            self.codec,
            self.stream.time_base,
            bytes(context.extradata or b""),
            (context.width, context.height),
            context.profile,
            self._rotation(),
        )

    def _rotation(self) -> int:
        """Only files say how their pictures are turned."""
        if not self.address.is_file:
            return 0
        with translated(self.address, "read"):
            return file_rotation(self.address.secret_url)

    def packets(self) -> Generator[LibavPacket, None, None]:
        """Packets until the sender ends; H.264 and H.265 in Annex B form.

        Raises:
            StreamError: the connection broke, or nothing came within the read timeout.
        """
        to_annex_b = self._annex_b_filter()
        with closing(self.raw_packets()) as packets:
            for packet in self._batched(packets):
                if to_annex_b is None:
                    yield packet
                    continue
                with translated(self.address, "read"):
                    filtered = to_annex_b.filter(packet)
                yield from filtered

    def raw_packets(self) -> Generator[LibavPacket, None, None]:
        """As `packets`, in the form the container holds them."""
        packets = self._container.demux(self.stream)
        while True:
            with translated(self.address, "read"):
                packet = next(packets, None)
            if packet is None:
                return
            if packet.size:  # the last ones are empty: a sign for decoders
                yield packet

    def close(self) -> None:
        self._container.close()

    def _batched(self, packets: Iterable[LibavPacket]) -> Iterator[LibavPacket]:
        """The packets, with a rest whenever the socket was empty: what comes meanwhile is then
        read in one go, instead of waking the thread for each piece of each picture."""
        before_s = time.monotonic()
        for packet in packets:
            blocked = time.monotonic() - before_s > _BLOCKED_S
            yield packet
            if self._stopping.is_set():
                return
            if blocked and self._batch_s:
                self._stopping.wait(self._batch_s)
            before_s = time.monotonic()

    def _video_stream(self, settings: StreamSettings) -> av.VideoStream:
        stream = video_stream(self._container)
        if stream is None:
            raise StreamCorrupt(f"{self.address.masked}: expected a video stream, found none")
        # libav leaves the context out where it has no decoder
        context: Any = stream.codec_context
        if context is None:
            name = sdp.video_codec(self.address, settings.open_timeout_s)
            raise UnsupportedCodec(
                f"{self.address.masked}: expected a codec such as H.264, got {name}"
            )
        return stream

    def _annex_b_filter(self) -> BitStreamFilterContext | None:
        extradata = self.stream.codec_context.extradata
        if self.codec not in ANNEX_B_CODECS or not extradata or extradata[0] != _LENGTH_PREFIXED:
            return None
        return BitStreamFilterContext(f"{self.codec}_mp4toannexb", self.stream)


def _connected(address: CameraAddress, settings: StreamSettings) -> av.container.InputContainer:
    started_s = time.monotonic()
    try:
        with translated(address, "open"):
            return _open(address, settings)
    except (StreamRefused, StreamTimeout):
        # An interrupted dialogue looks to libav like a senseless one; only time tells them apart.
        if address.is_file or time.monotonic() - started_s < settings.open_timeout_s:
            raise
    raise StreamTimeout(f"{address.masked}: no answer within {settings.open_timeout_s:g} s")


def _open(address: CameraAddress, settings: StreamSettings) -> av.container.InputContainer:
    if address.is_file:
        return _open_film(address)
    socket_us = round(settings.read_timeout_s * _MICROSECONDS)
    return open_container(
        address.secret_url,
        options={**_RTSP_OPTIONS, **_transport(settings), "timeout": str(socket_us)},
        timeout=(settings.open_timeout_s, settings.read_timeout_s),
    )


def _transport(settings: StreamSettings) -> dict[str, str]:
    return {"rtsp_transport": "udp"} if settings.transport == "udp" else {}


def _open_film(address: CameraAddress) -> av.container.InputContainer:
    """A file that ends. A pipe may never begin, and a playlist never end: each would hold up
    whoever plays files to their end."""
    path = Path(address.secret_url)
    if path.exists() and not (path.is_file() or path.is_dir()):
        said = "expected a video file, got a pipe, socket or device"
        raise StreamRefused(f"{address.masked}: {said}")
    container = open_container(path)
    if container.format.name.split(",")[0] in _PLAYLISTS:
        container.close()
        raise StreamRefused(f"{address.masked}: expected a video file, got a playlist")
    return container
