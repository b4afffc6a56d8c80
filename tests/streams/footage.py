"""What the tests of this package share: packets of clips, packets made up, patience."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av

from domain.clock import SystemClock
from streams.address import CameraAddress
from streams.intake import PacketIntake
from streams.packet import Packet, StreamInfo
from streams.source import Source
from streams.stream_settings import StreamSettings

moment = SystemClock().moment
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
BRISK = StreamSettings(
    open_timeout_s=5,
    read_timeout_s=2,
    stalled_after_s=1,
    backoff_first_s=0.1,
    backoff_max_s=0.4,
    batch_s=0,
)
"""Settings with short pauses, so that weather passes within a test."""


def packets_of(path: Path, start_at: datetime = START) -> list[Packet]:
    """A clip's packets as a camera would have sent them from `start_at` on."""
    with Source(CameraAddress.parse(path), StreamSettings()) as source:
        intake = PacketIntake(source.offered)
        packets = []
        for raw in source.packets():
            sent_s = float((raw.dts if raw.dts is not None else raw.pts or 0) * raw.time_base)
            packet = intake.take(raw, start_at + timedelta(seconds=sent_s))
            if packet is not None:
                packets.append(packet)
    return packets


def made_up(
    second: float, *, keyframe: bool = False, size: int = 100, stream: StreamInfo
) -> Packet:
    """A packet whose content does not matter, `second` seconds after `START`."""
    return Packet(
        coded=bytes(size),
        pts=round(second * 1000),
        dts=None,
        time_base=Fraction(1, 1000),
        keyframe=keyframe,
        captured_at=START + timedelta(seconds=second),
        stream_s=second,
        stream=stream,
    )


@dataclass(frozen=True)
class ClipFacts:
    """What a player finds in a file."""

    format: str
    codec: str
    tag: str
    packets: int
    pictures: int
    starts_at_s: float
    starts_with_keyframe: bool
    size_wh: tuple[int, int]
    pixel_format: str | None
    index_in_front: bool
    rising: bool
    """Whether decoding times rise and pictures come out in the order they are shown."""


def facts_of(path: Path) -> ClipFacts:
    """Open a clip anew, and decode all of it."""
    with av.open(str(path)) as clip:
        stream = clip.streams.video[0]
        packets = [packet for packet in clip.demux(stream) if packet.size]
        decoding = [packet.dts for packet in packets if packet.dts is not None]
        context = stream.codec_context
        codec, tag, format_name = context.name, context.codec_tag, clip.format.name
    with av.open(str(path)) as clip:
        pictures = list(clip.decode(video=0))
    shown = [picture.time or 0.0 for picture in pictures]
    data = path.read_bytes()
    return ClipFacts(
        format=format_name,
        codec=codec,
        tag=tag,
        packets=len(packets),
        pictures=len(pictures),
        starts_at_s=shown[0],
        starts_with_keyframe=packets[0].is_keyframe and bool(pictures[0].key_frame),
        size_wh=(pictures[0].width, pictures[0].height),
        pixel_format=pictures[0].format.name,
        index_in_front=data.index(b"moov") < data.index(b"mdat"),
        rising=decoding == sorted(set(decoding)) and shown == sorted(set(shown)),
    )


def wait_until(holds: Callable[[], object], within_s: float = 20.0) -> None:
    """Come back as soon as `holds()` is true; fail if it never is."""
    ends_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends_s, f"waited {within_s} s in vain"
        time.sleep(0.02)
