"""RTCP, as far as it matters here: a camera's good-bye (RFC 3550 §6.6)."""

_BYE = 203
_REPORTS = range(200, 208)
_MOST_PACKETS = 32
"""A compound of more is not read to its end."""


def says_goodbye(compound: bytes) -> bool:
    """Whether one of the reports that came together says that the stream is over."""
    at = 0
    for _ in range(_MOST_PACKETS):
        if at + 4 > len(compound) or compound[at + 1] not in _REPORTS:
            return False
        if compound[at + 1] == _BYE:
            return True
        at += 4 + 4 * int.from_bytes(compound[at + 2 : at + 4])
    return False
