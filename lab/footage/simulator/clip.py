"""A clip made ready for sending: demuxed, split into NAL units and packed, once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

from domain.errors import StreamCorrupt, StreamNotFound, UnsupportedCodec
from lab.footage.simulator.rtp import CLOCK_HZ, Codec, Packets, packetise
from streams.container import open_container, video_stream

_ANNEX_B_FILTERS: dict[Codec, str] = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}
_WITHOUT_TIMES = frozenset({"avi", "h264", "hevc"})
"""Containers that do not say when a picture is shown; libav's guess is wrong with B-frames."""
_WAY_OUT = "give a transcode folder, or convert it: "
_START_CODE = re.compile(b"\x00\x00\x01")
_PARAMETER_SETS: dict[Codec, tuple[int, ...]] = {"h264": (7, 8), "hevc": (32, 33, 34)}
"""NAL unit types, in the order in which SDP and decoders want them."""


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture. Ticks count at 90 kHz from the start of the clip."""

    packets: Packets
    due_ticks: int
    """When to send it: decoding order."""
    shown_ticks: int
    """What its RTP timestamp says: presentation order."""
    keyframe: bool


@dataclass(frozen=True, eq=False)
class Clip:
    """A clip as its cameras send it, over and over."""

    path: Path
    codec: Codec
    size_wh: tuple[int, int]
    fps: float
    length_ticks: int
    """From one start to the next; the last picture lasts as long as the others."""
    units: tuple[AccessUnit, ...]
    """In decoding order; the first is a keyframe."""
    parameter_sets: tuple[bytes, ...]
    """H.264: SPS, PPS. H.265: VPS, SPS, PPS. Without start codes."""

    @property
    def length_s(self) -> float:
        return self.length_ticks / CLOCK_HZ

    @property
    def reorder_ticks(self) -> int:
        """How far, at most, a picture is sent ahead of its time of presentation."""
        return max(unit.shown_ticks - unit.due_ticks for unit in self.units)


@dataclass(frozen=True, slots=True)
class _CodedPicture:
    nal_units: tuple[bytes, ...]
    dts: int
    pts: int
    keyframe: bool


def load_clip(path: Path) -> Clip:
    """Read and pack a clip.

    Raises:
        StreamNotFound: there is no such file.
        UnsupportedCodec: neither H.264 nor H.265, or without the timestamps a camera needs.
        StreamCorrupt: not a video, or without a keyframe.
    """
    if not path.is_file():
        raise StreamNotFound(f"expected a clip, there is no file {path}")
    try:
        with open_container(path) as container:
            film = video_stream(container)
            if film is None:
                raise StreamCorrupt(f"expected a video, got no video stream in {path}")
            return _read(path, container, film)
    except av.FFmpegError as error:
        raise StreamCorrupt(f"expected a video, got {error.strerror} in {path}") from error


def _read(path: Path, container: av.container.InputContainer, stream: av.VideoStream) -> Clip:
    codec = _codec(path, stream)
    if not has_times(container):
        raise UnsupportedCodec(
            f"expected a container with presentation times, got {container.format.name} in {path}; "
            f"{_WAY_OUT}{_command(path)}"
        )
    pictures = _pictures(path, container, stream, codec)
    time_base = stream.time_base or Fraction(1, CLOCK_HZ)
    fps = stream.average_rate or stream.guessed_rate or Fraction(25)
    first = pictures[0].dts

    def ticks(timestamp: int) -> int:
        return round((timestamp - first) * time_base * CLOCK_HZ)

    units = tuple(
        AccessUnit(packetise(p.nal_units, codec), ticks(p.dts), ticks(p.pts), p.keyframe)
        for p in pictures
    )
    return Clip(
        path=path,
        codec=codec,
        size_wh=(stream.width, stream.height),
        fps=float(fps),
        length_ticks=_length_ticks(units, round(CLOCK_HZ / fps)),
        units=units,
        parameter_sets=_parameter_sets(path, codec, pictures[0].nal_units),
    )


def has_times(container: av.container.InputContainer) -> bool:
    """Whether the container says when each picture is shown."""
    return container.format.name not in _WITHOUT_TIMES


def _command(path: Path) -> str:
    return f"ffmpeg -i {path.name} -c:v libx264 -an {path.stem}-h264.mp4"


def _codec(path: Path, stream: av.VideoStream) -> Codec:
    name = stream.codec_context.name
    if name == "h264":
        return "h264"
    if name == "hevc":
        return "hevc"
    raise UnsupportedCodec(
        f"expected H.264 or H.265, got {name} in {path}; {_WAY_OUT}{_command(path)}"
    )


def _pictures(
    path: Path, container: av.container.InputContainer, stream: av.VideoStream, codec: Codec
) -> list[_CodedPicture]:
    to_annex_b = BitStreamFilterContext(_ANNEX_B_FILTERS[codec], stream)
    pictures: list[_CodedPicture] = []
    for packet in container.demux(stream):
        if packet.size == 0:
            continue
        for filtered in to_annex_b.filter(packet):
            if not pictures and not filtered.is_keyframe:
                continue  # nobody could decode what comes before the first keyframe
            if filtered.pts is None or filtered.dts is None:
                raise StreamCorrupt(f"expected a time with each picture, got none in {path}")
            nal_units = split_nal_units(bytes(filtered))
            pictures.append(
                _CodedPicture(nal_units, filtered.dts, filtered.pts, filtered.is_keyframe)
            )
    if not pictures:
        raise StreamCorrupt(f"expected at least one keyframe, got none in {path}")
    return pictures


def split_nal_units(annex_b: bytes) -> tuple[bytes, ...]:
    """The NAL units between start codes. One never ends in a zero byte, so that trailing
    zeros belong to the next start code."""
    return tuple(unit for part in _START_CODE.split(annex_b) if (unit := part.rstrip(b"\x00")))


def _parameter_sets(path: Path, codec: Codec, nal_units: Sequence[bytes]) -> tuple[bytes, ...]:
    by_type = {_nal_type(codec, unit): unit for unit in reversed(nal_units)}
    wanted = _PARAMETER_SETS[codec]
    if missing := [number for number in wanted if number not in by_type]:
        raise StreamCorrupt(
            f"expected {codec} parameter sets with the first keyframe, "
            f"got no NAL unit of type {missing[0]} in {path}"
        )
    return tuple(by_type[number] for number in wanted)


def _nal_type(codec: Codec, unit: bytes) -> int:
    return unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F


def _length_ticks(units: Sequence[AccessUnit], picture_ticks: int) -> int:
    """So long that neither order runs backwards over the seam."""
    shown = [unit.shown_ticks for unit in units]
    by_shown = max(shown) - min(shown) + picture_ticks
    return max(by_shown, units[-1].due_ticks + 1)
