"""What a camera offers: the video part of its session description (SDP, RFC 8866).

Read line by line and generously: ports, blanks, letter case and order are as cameras have them. How
much is read of it is bounded, and no number is taken that could not be meant.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from streams.nal import START
from streams.rtsp.message import number

CODECS = {"H264": "h264", "H.264": "h264", "H265": "hevc", "H.265": "hevc", "HEVC": "hevc"}
"""Encoding names whose packing is known here, and what libav calls them."""
DEFAULT_CLOCK_HZ = 90_000
"""What RFC 6184 and 7798 prescribe; a camera that says nothing sensible means it too."""
MOST_LINES = 2000
MOST_STREAMS = 32
MOST_FORMATS = 32
MOST_PARAMETER_SETS = 64
MOST_PARAMETER_SET_BYTES = 64 * 1024

_LEAST_CLOCK_HZ, _MOST_CLOCK_HZ = 1_000, 100_000_000
_MOST_PAYLOAD_TYPE = 127
_STATIC = {26: "JPEG", 31: "H261", 32: "MPV", 33: "MP2T", 34: "H263"}
"""Payload types that need no name (RFC 3551)."""
_SPROPS = "sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets"
_ATTRIBUTE = re.compile(r"(control|rtpmap|fmtp)\s*:\s*(.*)", re.IGNORECASE)
_MAPPED = re.compile(r"(\d{1,3})\s+([\w.+-]{1,32})(?:\s*/\s*(\d+))?", re.ASCII)
_FORMAT = re.compile(r"(\d{1,3})\s+(.*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Offer:
    """A camera's video stream."""

    encoding: str
    """Its encoding name as the camera says it; empty if it does not."""
    payload_type: int
    clock_hz: int
    control: str
    """Where it is set up: a url, or what follows the session's."""
    format: dict[str, str] = field(repr=False)
    """Format parameters by lower-case name."""
    session_control: str = ""
    """Where the session as a whole is played; as `control`."""
    payload_types: frozenset[int] = frozenset()
    """All under which the same encoding may come."""

    @property
    def codec(self) -> str | None:
        """libav's name; none if it is packed in a way that is not known here."""
        interleaved = self.format.get("packetization-mode") == "2"
        renumbered = self.format.get("sprop-max-don-diff", "0").strip("0") != ""
        return None if interleaved or renumbered else CODECS.get(self.encoding.upper())

    @property
    def parameter_sets(self) -> bytes:
        """Those that stand in the description, in Annex B form."""
        values = [value for name in _SPROPS for value in self.format.get(name, "").split(",")]
        units = [_decoded(value) for value in values[:MOST_PARAMETER_SETS]]
        sets = b"".join(START + unit for unit in units if unit)
        return sets if len(sets) <= MOST_PARAMETER_SET_BYTES else b""


@dataclass
class _Media:
    """One m= section, or what stands before the first."""

    kind: str = ""
    payload_types: list[int] = field(default_factory=list)
    control: str = ""
    encodings: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Name and clock by payload type."""
    formats: dict[int, dict[str, str]] = field(default_factory=dict)


def offer_of(description: str) -> Offer | None:
    """The video stream of a session description: the first whose encoding is known here, else the
    first; none if there is none."""
    session, *media = _sections(description)
    offers = [offer for one in media if one.kind == "video" for offer in _offers(one)]
    best = next((offer for offer in offers if offer.codec), next(iter(offers), None))
    return best and replace(best, session_control=session.control)


def _sections(description: str) -> list[_Media]:
    sections = [_Media()]
    for line in re.split(r"[\r\n]+", description, maxsplit=MOST_LINES)[:MOST_LINES]:
        key, _, value = line.strip().partition("=")
        if key.strip().lower() == "m":
            if len(sections) > MOST_STREAMS:
                break
            sections.append(_media(value))
        elif key.strip().lower() == "a":
            _note(value.strip(), sections[-1])
    return sections


def _media(line: str) -> _Media:
    """From ``video 0 RTP/AVP 96 97``. What stands for the port does not matter: it is agreed on
    later."""
    kind, *rest = line.split(maxsplit=MOST_FORMATS) or [""]
    told = [number(word, _MOST_PAYLOAD_TYPE) for word in rest[2:]]
    return _Media(kind.lower(), [one for one in told if one is not None])


def _note(attribute: str, media: _Media) -> None:
    if (found := _ATTRIBUTE.match(attribute)) is None:
        return
    name, value = found[1].lower(), found[2].strip()
    if name == "control":
        media.control = media.control or next(iter(value.split()), "")
    elif name == "rtpmap" and (mapped := _MAPPED.match(value)):
        clock_hz = number(mapped[3] or "", _MOST_CLOCK_HZ) or 0
        sensible_hz = clock_hz if clock_hz >= _LEAST_CLOCK_HZ else DEFAULT_CLOCK_HZ
        media.encodings.setdefault(int(mapped[1]), (mapped[2], sensible_hz))
    elif name == "fmtp" and (told := _FORMAT.match(value)):
        media.formats.setdefault(int(told[1]), {}).update(_parameters(told[2]))


def _offers(media: _Media) -> Iterator[Offer]:
    """What one video section offers; a payload type that is only mapped counts as listed."""
    mapped = [one for one in media.encodings if one <= _MOST_PAYLOAD_TYPE]
    listed = list(dict.fromkeys([*media.payload_types, *mapped]))[:MOST_FORMATS]
    named = {one: _encoding(one, media) for one in listed}
    for payload_type, (encoding, clock_hz) in named.items():
        yield Offer(
            encoding,
            payload_type,
            clock_hz,
            media.control,
            media.formats.get(payload_type, {}),
            payload_types=frozenset(
                one for one, (name, _) in named.items() if name.upper() == encoding.upper()
            ),
        )


def _encoding(payload_type: int, media: _Media) -> tuple[str, int]:
    """Name and clock. Where a camera gives no name, its format parameters tell it."""
    if payload_type in media.encodings:
        return media.encodings[payload_type]
    parameters = media.formats.get(payload_type, {})
    if "sprop-parameter-sets" in parameters or "profile-level-id" in parameters:
        return "H264", DEFAULT_CLOCK_HZ
    if "sprop-sps" in parameters:
        return "H265", DEFAULT_CLOCK_HZ
    return _STATIC.get(payload_type, ""), DEFAULT_CLOCK_HZ


def _parameters(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split(";"))
    return {name.strip().lower(): value.strip() for name, equals, value in pairs if equals}


def _decoded(value: str) -> bytes:
    """A parameter set; some cameras put a start code before it, or zeros behind."""
    padded = value.strip() + "=" * (-len(value.strip()) % 4)
    try:
        unit = base64.b64decode(padded)
    except ValueError:  # not base64, or not even ASCII
        return b""
    for start in (START, START[1:]):
        unit = unit.removeprefix(start)
    return unit.rstrip(b"\x00")
