"""The session description (RFC 4566) that a camera answers DESCRIBE with."""

from base64 import b64encode

from lab.footage.simulator.clip import Clip
from lab.footage.simulator.rtp import CLOCK_HZ, PAYLOAD_TYPE

TRACK = "trackID=0"
WHOLE = "sessionID=0"
"""Where the `session_control` fault has the session played."""
UNKNOWN_CODEC = "SVAC"
"""Surveillance video of GB/T 25724, announced by the `codec` fault: no decoder knows it."""


def describe(
    name: str, clip: Clip, *, host: str, unknown_codec: bool = False, control: str = "*"
) -> bytes:
    """The description of camera `name`, which now sends `clip` and is played at `control`."""
    family = "IP6" if ":" in host else "IP4"
    lines = [
        "v=0",
        f"o=- 0 0 IN {family} {host}",
        f"s={name}",
        f"c=IN {family} {'::' if family == 'IP6' else '0.0.0.0'}",
        "t=0 0",
        f"a=control:{control}",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        *(_unknown_format() if unknown_codec else _format(clip)),
        f"a=framerate:{clip.fps:g}",
        f"a=control:{TRACK}",
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def _unknown_format() -> list[str]:
    return [f"a=rtpmap:{PAYLOAD_TYPE} {UNKNOWN_CODEC}/{CLOCK_HZ}"]


def _format(clip: Clip) -> list[str]:
    sets = [b64encode(unit).decode() for unit in clip.parameter_sets]
    if clip.codec == "h264":
        profile = clip.parameter_sets[0][1:4].hex()
        parameters = f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets="
        return [
            f"a=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK_HZ}",
            f"a=fmtp:{PAYLOAD_TYPE} {parameters}{','.join(sets)}",
        ]
    vps, sps, pps = sets
    return [
        f"a=rtpmap:{PAYLOAD_TYPE} H265/{CLOCK_HZ}",
        f"a=fmtp:{PAYLOAD_TYPE} sprop-vps={vps};sprop-sps={sps};sprop-pps={pps}",
    ]
