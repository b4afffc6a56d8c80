"""Cameras that mean no harm and do some, or mean it: what no reader can make sense of, or must not.

Beside the simulator's faults, which come and go, these are so from the first connection on.
"""

import random
import socket
import threading
from collections.abc import Callable

from lab.footage.simulator.odd_camera import FIRST_STAMP, Oddity, Send
from lab.footage.simulator.oddities import put
from lab.footage.simulator.rtp import FRAMING_BYTES, HEADER_BYTES

_HEADER = FRAMING_BYTES + HEADER_BYTES
_DRIP_S = 0.2
_PIECE = b"y" * 4096
_SMALL_UNITS = 400
"""Units of an aggregation packet that holds nothing but units of two bytes."""
_STAP_A, _FU_A = b"\x18", b"\x1c"
_GOODBYE = b"$\x01\x00\x08\x81\xcb\x00\x01abcd"

# ——— answers ———


def _never(peer: socket.socket, answer: bytes) -> None:
    """Nothing is said, and the connection stays."""


def _hung_up(peer: socket.socket, answer: bytes) -> None:
    peer.shutdown(socket.SHUT_RDWR)


def _dripping(peer: socket.socket, answer: bytes) -> None:
    """A byte now and then: each one is life to who counts bytes."""
    pause = threading.Event()
    for place in range(len(answer)):
        peer.sendall(answer[place : place + 1])
        pause.wait(_DRIP_S)


def _endless(begin: bytes, piece: bytes) -> Callable[[socket.socket, bytes], None]:
    def answers(peer: socket.socket, answer: bytes) -> None:
        peer.sendall(begin)
        while True:
            peer.sendall(piece)

    return answers


def _noise(peer: socket.socket, answer: bytes) -> None:
    peer.sendall(random.Random(len(answer)).randbytes(4096))


# ——— packets ———


def _is_of_keyframe(packet: bytes) -> bool:
    kind = packet[_HEADER] & 0x1F
    return kind in (5, 7, 8) or (kind == _FU_A[0] and packet[_HEADER + 1] & 0x1F == 5)


def _without_keyframes(packets: list[bytes]) -> list[bytes]:
    return [] if any(map(_is_of_keyframe, packets)) else packets


def _stamped(change: Callable[[int], int]) -> Send:
    """Each stamp becomes another."""

    def send(packets: list[bytes]) -> list[bytes]:
        stamps = (change(int.from_bytes(one[8:12]) - FIRST_STAMP) for one in packets)
        return [
            one[:8] + (stamp & 0xFFFFFFFF).to_bytes(4) + one[12:]
            for one, stamp in zip(packets, stamps, strict=True)
        ]

    return send


def _headed(at: int, value: bytes) -> Send:
    """Each packet with these bytes at a place of its frame and header."""
    return lambda packets: [one[:at] + value + one[at + len(value) :] for one in packets]


def _scattered(packets: list[bytes]) -> list[bytes]:
    """Sequence numbers that follow nothing."""
    return [
        one[:6] + (int.from_bytes(one[6:8]) * 7919 & 0xFFFF).to_bytes(2) + one[8:]
        for one in packets
    ]


def _instead(payload: Callable[[bytes], bytes]) -> Send:
    """Each packet with another payload, and the length that this has."""

    def send(packets: list[bytes]) -> list[bytes]:
        payloads = [payload(one[_HEADER:]) for one in packets]
        return [
            one[:2] + (HEADER_BYTES + len(body)).to_bytes(2) + one[FRAMING_BYTES:_HEADER] + body
            for one, body in zip(packets, payloads, strict=True)
        ]

    return send


def _beside(*more: bytes) -> Send:
    return lambda packets: [*more, *packets]


def _ending(said: bytes) -> Oddity:
    """Some pictures, these bytes, and then silence on an open connection."""
    return Oddity(pictures=30, end=lambda peer: peer.sendall(said))


HOSTILE: dict[str, Oddity] = {
    # at the door
    "says nothing": Oddity(answers=_never),
    "hangs up": Oddity(answers=_hung_up),
    "drips": Oddity(answers=_dripping),
    "noise for answers": Oddity(answers=_noise),
    "headers without end": Oddity(answers=_endless(b"RTSP/1.0 200 OK\r\n", b"X: y\r\n" * 512)),
    "a header without end": Oddity(answers=_endless(b"RTSP/1.0 200 OK\r\nX: ", _PIECE)),
    "a body without end": Oddity(
        answers=_endless(b"RTSP/1.0 200 OK\r\nContent-Length: 999999999999\r\n\r\n", _PIECE)
    ),
    "speaks HTTP": Oddity(head=put("RTSP/1.0 200 OK", "HTTP/1.1 400 Bad Request")),
    "a description of a megabyte": Oddity(sdp=lambda sdp: sdp + "a=x:y\r\n" * 150_000),
    "ten thousand streams": Oddity(
        sdp=lambda sdp: sdp + "m=video 0 RTP/AVP 96\r\na=control:x\r\n" * 1000
    ),
    "audio alone": Oddity(sdp=put("m=video", "m=audio")),
    "channels beyond 255": Oddity(head=put("interleaved=0-1", "interleaved=900-901")),
    # how it ends
    "resets": Oddity(pictures=40),
    "resets after one picture": Oddity(pictures=1),
    "resets before any picture": Oddity(pictures=0),
    "says goodbye": _ending(_GOODBYE),
    "half a packet": _ending(b"$\x00\x05\x00abc"),
    "ends the session": _ending(b"TEARDOWN rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
    "redirects under way": _ending(
        b"REDIRECT rtsp://x/ RTSP/1.0\r\nLocation: rtsp://192.0.2.9/\r\n\r\n"
    ),
    "questions without end": Oddity(
        send=_beside(b"OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 41\r\n\r\n" * 8)
    ),
    # what its packets are
    "no keyframe": Oddity(send=_without_keyframes),
    "half-speed stamps": Oddity(send=_stamped(lambda ticks: ticks // 2)),
    "double-speed stamps": Oddity(send=_stamped(lambda ticks: ticks * 2)),
    "stamps that run backwards": Oddity(send=_stamped(lambda ticks: -ticks)),
    "stamps at random": Oddity(send=_stamped(lambda ticks: ticks * 2_654_435_761)),
    "sequence at random": Oddity(send=_scattered),
    "undeclared channel": Oddity(send=_headed(1, b"\x09")),
    "another RTP version": Oddity(send=_headed(4, b"\x00")),
    "padding alone": Oddity(send=_headed(4, b"\xa0")),
    "an extension too long": Oddity(send=_headed(4, b"\x90")),
    "truncated units": Oddity(send=_instead(lambda body: body[: max(len(body) // 2, 1)])),
    "empty packets": Oddity(send=_instead(lambda body: b"")),
    "units of two bytes": Oddity(
        send=_instead(lambda body: _STAP_A + b"\x00\x02\x01\x80" * _SMALL_UNITS)
    ),
    "fragments without end": Oddity(send=_instead(lambda body: _FU_A + b"\x85")),
    "a fragment that grows": Oddity(send=_instead(lambda body: _FU_A + b"\x05" + body[2:])),
    "frames of 64 KB": Oddity(send=lambda packets: [b"$\x00\xff\xff" + bytes(0xFFFF)]),
    "empty frames": Oddity(send=_beside(b"$\x00\x00\x00" * 500)),
}
"""By their names. Some give pictures, the others must become a named fault, within bounds."""
