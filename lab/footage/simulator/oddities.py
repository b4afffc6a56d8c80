"""The manners of cameras that are odd and yet understood: what makers' answers look like."""

import re
from collections.abc import Callable

from lab.footage.simulator.odd_camera import Oddity
from lab.footage.simulator.rtp import CLOCK_HZ


def put(old: str, new: str) -> Callable[[str], str]:
    """Each `old` becomes `new`."""
    return lambda text: text.replace(old, new)


def without(pattern: str) -> Callable[[str], str]:
    """Without the lines that begin so."""
    return lambda text: re.sub(rf"(?m)^{pattern}.*\r\n", "", text)


def _sets_under_the_time_before(packets: list[bytes]) -> list[bytes]:
    """Parameter sets bear the time of the picture before, as some encoders stamp them."""

    def dated(packet: bytes) -> bytes:
        kind = packet[16] & 0x1F
        if kind not in (7, 8):
            return packet
        stamp = int.from_bytes(packet[8:12]) - CLOCK_HZ // 20
        return packet[:8] + stamp.to_bytes(4) + packet[12:]

    return [dated(packet) for packet in packets]


def _second_channel(packets: list[bytes]) -> list[bytes]:
    return [b"$\x02" + packet[2:] for packet in packets]


def _after_a_second_type(packets: list[bytes]) -> list[bytes]:
    """Each picture with a packet of another declared payload type before it."""
    other = bytearray(packets[0])
    other[5] = 97
    return [bytes(other), *packets]


PLAYS_AT_WHOLE = put("a=control:*", "a=control:whole")

ODDITIES: dict[str, Oddity] = {
    "plain": Oddity(),
    "lines end with LF": Oddity(line_end="\n"),
    "blank lines before answers": Oddity(before=b"\r\n\r\n"),
    "no reason": Oddity(head=put("200 OK", "200")),
    "two blanks in the status": Oddity(head=put("1.0 200", "1.0  200")),
    "a folded blank line": Oddity(head=lambda head: head.replace("\r\n", "\r\n \r\n", 1)),
    "headers in capitals": Oddity(
        head=lambda head: re.sub(r"(?m)^([\w-]+):", lambda name: name[0].upper(), head)
    ),
    "no blank behind colons": Oddity(head=put(": ", ":")),
    "no CSeq": Oddity(head=lambda head: re.sub(r"\r\nCSeq: \d+", "", head)),
    "no Content-Base": Oddity(head=without("Content-Base")),
    "Content-Base without scheme": Oddity(head=put("Content-Base: rtsp://", "Content-Base: ")),
    "Content-Base is a path": Oddity(
        head=lambda head: re.sub(r"Content-Base: \S+", "Content-Base: /cam/", head)
    ),
    "Content-Location": Oddity(head=put("Content-Base", "Content-Location")),
    "Content-Base of the inner network": Oddity(
        head=lambda head: re.sub(r"rtsp://[^/]+", "rtsp://192.0.2.64:554", head)
    ),
    "endless session": Oddity(head=put("timeout=60", "timeout=99999999999999999999")),
    "a negative port": Oddity(sdp=put("video 0", "video -1353744643")),
    "double blanks": Oddity(sdp=put("m=video 0 RTP/AVP 96", "m=video  0  RTP/AVP   96")),
    "blanks in the mapping": Oddity(sdp=put("rtpmap:96 H264/90000", "rtpmap: 96  h264 / 90000")),
    "attributes in capitals": Oddity(sdp=put("a=rtpmap", "a=RTPMAP")),
    "no mapping": Oddity(sdp=without("a=rtpmap")),
    "no blank lines": Oddity(sdp=put("\r\n", "\n")),
    "CR alone": Oddity(sdp=put("\r\n", "\r")),
    "an unknown payload first": Oddity(
        sdp=lambda sdp: sdp.replace("RTP/AVP 96", "RTP/AVP 112 96").replace(
            "a=rtpmap:96", "a=rtpmap:112 vnd.onvif.metadata/90000\r\na=rtpmap:96"
        )
    ),
    "two types of one codec": Oddity(
        sdp=lambda sdp: sdp.replace("RTP/AVP 96", "RTP/AVP 97 96").replace(
            "a=rtpmap:96", "a=rtpmap:97 H264/90000\r\na=rtpmap:96"
        )
    ),
    "a clock of 30 digits": Oddity(sdp=put("H264/90000", "H264/" + "9" * 30)),
    "audio and metadata about it": Oddity(
        sdp=lambda sdp: (
            sdp.replace("m=video", "m=audio 0 RTP/AVP 8\r\na=control:track0\r\nm=video")
            + "m=application 0 RTP/AVP 107\r\na=control:track3\r\n"
        )
    ),
    "plays only as a whole": Oddity(
        sdp=PLAYS_AT_WHOLE, takes=lambda method, url: method != "PLAY" or url.endswith("/whole")
    ),
    "plays only at its own url": Oddity(
        takes=lambda method, url: method != "PLAY" or url.endswith("/cam")
    ),
    "plays only the track": Oddity(
        takes=lambda method, url: method != "PLAY" or url.endswith("/track1")
    ),
    "control is a path": Oddity(
        sdp=put("a=control:track1", "a=control:/cam/track1"),
        takes=lambda method, url: method != "SETUP" or url.endswith(f"{'/cam'}/track1"),
    ),
    "parameter sets under the time before": Oddity(
        sdp=lambda sdp: re.sub(r";sprop-parameter-sets=\S+", "", sdp),
        send=_sets_under_the_time_before,
    ),
    "start codes in the parameter sets": Oddity(
        sdp=lambda sdp: re.sub(
            r"sprop-parameter-sets=([^,]+),",
            lambda sets: f"sprop-parameter-sets=AAAAAQ==,{sets[1]},",
            sdp,
        )
    ),
    "pictures before the answer": Oddity(early=True),
    "another declared type between": Oddity(
        sdp=lambda sdp: sdp.replace("RTP/AVP 96", "RTP/AVP 96 97").replace(
            "a=control:track1", "a=rtpmap:97 rtx/90000\r\na=control:track1"
        ),
        send=_after_a_second_type,
    ),
    "another channel": Oddity(head=put("interleaved=0-1", "interleaved=2-3"), send=_second_channel),
}
"""By their names. A camera of each gives pictures to our own reader."""
LIBAV_DOES_NOT = frozenset(
    {
        "attributes in capitals",
        "CR alone",
        "no mapping",
        "an unknown payload first",
        "blank lines before answers",
        "two types of one codec",
        "plays only as a whole",
        "plays only at its own url",
        "plays only the track",
    }
)
"""What ours understands and libav does not."""
