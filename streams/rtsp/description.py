"""What a camera offers: the video part of its session description (SDP, RFC 8866)."""

import base64
import binascii
import re
from dataclasses import dataclass, field

from streams.nal import START

CODECS = {"H264": "h264", "H265": "hevc", "HEVC": "hevc"}
"""Encoding names whose packing is known here, and what libav calls them."""
DEFAULT_CLOCK_HZ = 90_000

_VIDEO = re.compile(r"^m=video \d+(?:/\d+)? [\w/]+ (\d+).*?(?=^m=|\Z)", re.MULTILINE | re.DOTALL)
_CONTROL = re.compile(r"^a=control:\s*(\S+)", re.MULTILINE)
_SPROPS = "sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets"


@dataclass(frozen=True, slots=True)
class Offer:
    """A camera's first video stream."""

    encoding: str
    """Its encoding name as the camera says it; empty if it does not."""
    payload_type: int
    clock_hz: int
    control: str
    """Where it is set up: a url, or what follows the session's."""
    format: dict[str, str] = field(repr=False)
    """Format parameters by lower-case name."""

    @property
    def codec(self) -> str | None:
        """libav's name; none if it is packed in a way that is not known here."""
        interleaved = self.format.get("packetization-mode") == "2"
        renumbered = self.format.get("sprop-max-don-diff", "0") != "0"
        return None if interleaved or renumbered else CODECS.get(self.encoding.upper())

    @property
    def parameter_sets(self) -> bytes:
        """Those that stand in the description, in Annex B form."""
        values = [value for name in _SPROPS for value in self.format.get(name, "").split(",")]
        return b"".join(START + unit for unit in map(_decoded, values) if unit)


def offer_of(description: str) -> Offer | None:
    """The first video stream of a session description; none if there is none."""
    text = description.replace("\r\n", "\n")
    video = _VIDEO.search(text)
    if video is None:
        return None
    payload_type, part = int(video.group(1)), video.group()
    mapped = re.search(rf"^a=rtpmap:{payload_type} ([\w.+-]{{1,32}})/(\d+)", part, re.MULTILINE)
    parameters = re.search(rf"^a=fmtp:{payload_type} (.*)$", part, re.MULTILINE)
    control = _CONTROL.search(part)
    return Offer(
        encoding=mapped.group(1) if mapped else "",
        payload_type=payload_type,
        clock_hz=int(mapped.group(2)) or DEFAULT_CLOCK_HZ if mapped else DEFAULT_CLOCK_HZ,
        control=control.group(1) if control else "",
        format=_parameters(parameters.group(1)) if parameters else {},
    )


def _parameters(text: str) -> dict[str, str]:
    pairs = (pair.strip().partition("=") for pair in text.split(";"))
    return {name.lower(): value for name, separator, value in pairs if separator}


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value.strip() + "=" * (-len(value.strip()) % 4))
    except binascii.Error:
        return b""
