"""RTCP sender reports (RFC 3550 §6.4.1): which wall clock time an RTP timestamp stands for."""

import struct

_NTP_EPOCH_OFFSET_S = 2_208_988_800
"""From 1900, where NTP counts from, to 1970."""
_SENDER_REPORT = 200
_SOURCE_DESCRIPTION = 202
_CNAME = 1


def sender_report(
    *, ssrc: int, unix_s: float, timestamp: int, packets: int, octets: int, name: str
) -> bytes:
    """A compound packet: a sender report and the source's canonical `name`."""
    seconds = int(unix_s)
    fraction = int((unix_s - seconds) * 2**32)
    report = struct.pack(
        ">BBHIIIIII",
        *(0x80, _SENDER_REPORT, 6, ssrc),
        *((seconds + _NTP_EPOCH_OFFSET_S) & 0xFFFFFFFF, fraction, timestamp & 0xFFFFFFFF),
        *(packets & 0xFFFFFFFF, octets & 0xFFFFFFFF),
    )
    return report + _source_description(ssrc, name)


def _source_description(ssrc: int, name: str) -> bytes:
    cname = name.encode()[:255]
    item = bytes([_CNAME, len(cname)]) + cname
    item += bytes(4 - len(item) % 4)  # at least one zero ends the list, then up to a word
    return struct.pack(">BBHI", 0x81, _SOURCE_DESCRIPTION, 1 + len(item) // 4, ssrc) + item
