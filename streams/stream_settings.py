"""How cameras are read: every timeout, limit and pause by its name."""

from typing import Literal

from pydantic import Field

from domain.base import Settings

DecodeMode = Literal["auto", "keyframes", "all"]
RtspReader = Literal["auto", "own", "libav"]
RtspTransport = Literal["auto", "tcp", "udp"]
_MEBIBYTE = 1024 * 1024


class StreamSettings(Settings):
    """One set for all cameras of a worker."""

    open_timeout_s: float = Field(default=5.0, gt=0)
    """How long a camera may take to connect, to answer, and to describe its stream (each)."""
    read_timeout_s: float = Field(default=10.0, gt=0)
    """How long a connected camera may send no picture before it is connected anew, whatever else
    it sends."""
    stalled_after_s: float = Field(default=3.0, gt=0)
    """Silence of this length is shown as a stall and recorded as a gap."""
    no_keyframe_after_s: float = Field(default=15.0, gt=0)
    """Packets without any keyframe for this long are shown as a fault."""
    first_keyframe_within_s: float = Field(default=10.0, gt=0)
    """A connection on which no keyframe has come for this long, though pictures do, is a fault and
    made anew; each time in a row it is waited for twice as long, up to 16 times, for cameras whose
    keyframes are rare."""
    keyframe_again_within_s: float = Field(default=60.0, gt=0)
    """A camera that sends no keyframe any more for this long, and twice its usual time, is
    connected anew as soon as its pictures cannot be decoded without one."""
    undecodable_after_s: float = Field(default=30.0, gt=0)
    """A camera whose pictures come and cannot be decoded, none of them, for this long is connected
    anew: what decoders must know may have been lost."""
    rtsp: RtspReader = "auto"
    """Who reads cameras: `own` takes H.264 and H.265 apart itself; `libav` costs more and knows
    more; `auto` is `own`, and libav for what that does not understand, once and said aloud. libav
    is never used for a camera that redirects."""
    transport: RtspTransport = "auto"
    """How the video comes: `tcp` over the connection, `udp` beside it (some packets are lost then),
    `auto` by UDP only where the camera refuses TCP."""
    allow_basic: bool | None = None
    """Whether a camera may be told the password itself (Basic) instead of a digest of it; none
    means: unless it is known to do without."""
    batch_s: float = Field(default=0.25, ge=0, le=1)
    """Packets are read in batches this far apart, so that a hundred threads sleep most of the
    time; 0 reads each packet as it comes. Where libav reads, 0.25 s is the most."""
    recorded_batch_s: float = Field(default=0.5, ge=0, le=1)
    """The same for a main stream that is only recorded, because looks are taken from a second one:
    nobody waits for its packets. The kernel must hold what comes meanwhile."""

    ring_s: float = Field(default=25.0, gt=0)
    """Seconds of packets kept for pre-roll, at least; whole groups of pictures are kept."""
    ring_bytes: int = Field(default=64 * _MEBIBYTE, ge=_MEBIBYTE)
    """Bytes of packets kept, at most."""

    rings_bytes: int = Field(default=2048 * _MEBIBYTE, ge=_MEBIBYTE)
    """Bytes of packets of all cameras of a worker together, at most. The largest gives first, and
    first what is more than a clip needs; a camera that keeps less than that says so."""

    backoff_first_s: float = Field(default=1.0, gt=0)
    """Pause before the first reconnection; it doubles with each failure (less some jitter)."""
    backoff_max_s: float = Field(default=60.0, gt=0)
    """Longest pause between reconnections."""
    unauthorized_backoff_s: float = Field(default=300.0, gt=0)
    """Pause after a refused password or an unknown codec: repeating soon would only lock the
    account, or find the same codec again."""
    steady_after_s: float = Field(default=10.0, ge=0)
    """A connection that has delivered for this long starts the pauses from the first again."""

    kept_decoders: int = Field(default=8, ge=0)
    """Cameras of rare keyframes that are decoded on from look to look, at most (each takes some
    17 MB at 1080 lines). Others are decoded from their keyframe each time, if that is less than
    20 s old."""
    decode: DecodeMode = "auto"
    """What looks are made of: keyframes only, all pictures, or (auto) keyframes unless they come
    rarer than 1.5 times the coverage promise."""
