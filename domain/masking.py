"""Passwords in addresses: where they are, and texts without them."""

import re

_HIGHEST_PORT = 65_535
_URL = re.compile(r"(\w+://)(\S+)")
_HOST = re.compile(r"(?:(?:[\w-]+\.)+[\w-]+|\[[\da-fA-F:.]+\])(?::\d+)?(?:[/?#]|\Z)")
"""What can only be a host: an address, or a name with a dot."""
_KEY = r"(?:(?:ssl_|login)?(?:password|passwd|pass|pwd|psw|pw)|loginpas|userpwd|auth|token)="
_VALUE, _END = r"[^&#\s\"]*?", r"[:,;.)']*(?:[&#\s\"]|\Z)"
_PARAMETER = re.compile(
    rf"(?P<named>[?&/;]{_KEY}){_VALUE}(?={_END})"
    # user=admin_password=secret_channel=1_stream=0.sdp
    rf"|(?P<joined>_{_KEY}){_VALUE}(?=_[a-z]+=|\?|{_END})",
    re.IGNORECASE,
)
"""A password among the parameters of a query, or of a path as many cameras have it."""


def mask_secrets(text: str) -> str:
    """`text` with every password in it replaced by ``***``: those before the ``@`` of a url, and
    those among its parameters."""
    return _PARAMETER.sub(_without_value, _URL.sub(_without_password, text))


def split_credentials(rest: str) -> tuple[str, str]:
    """Part ``user:password@host/path``, what follows the ``://`` of a url, into ``user:password``
    and ``host/path``; the first is empty if there is none.

    A plain password may hold ``@ : / ? #``. One that begins like a port, as in ``2024/x``, is told
    from a port by a user without a dot before it and an address or dotted name behind the ``@``.
    """
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    authority = rest[:end]
    if "@" in authority:
        split = authority.rindex("@")
    elif "@" in rest and ":" in authority and _is_cut_password(authority, rest):
        split = rest.rindex("@")
    else:
        return "", rest
    return rest[:split], rest[split + 1 :]


def _is_cut_password(authority: str, rest: str) -> bool:
    """Whether what looks like host and port is a user, and a password with a slash in it."""
    user, _, port = authority.rpartition(":")
    if not user or not port.isdecimal() or int(port) > _HIGHEST_PORT:
        return True
    return not {".", "["} & set(user) and _HOST.match(rest.rpartition("@")[2]) is not None


def _without_password(url: re.Match[str]) -> str:
    credentials, place = split_credentials(url[2])
    place = _URL.sub(_without_password, place)
    if not credentials:
        return url[1] + place
    user, colon, _ = credentials.partition(":")
    return f"{url[1]}{user}{':***' if colon else ''}@{place}"


def _without_value(parameter: re.Match[str]) -> str:
    return f"{parameter['named'] or parameter['joined']}***"
