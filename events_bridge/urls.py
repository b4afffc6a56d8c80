"""Addresses of redis servers: checked without being repeated, and shown without their password."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from domain.masking import holds_secret, mask_secrets
from events_bridge.held import readable

_SCHEMES = ("redis", "rediss", "unix")


def mask_url(url: str) -> str:
    """The address as people and logs may see it: the password is ***.

    Works on broken addresses too, and for passwords that hold "/" or "@".
    """
    scheme, mark, rest = url.partition("://")
    if not mark:
        return "***" if "@" in url or holds_secret(url) else url
    credentials, at, place = rest.rpartition("@")
    if place.startswith("/proc/"):
        place = str(readable(Path(unquote(place))))
    if not at:
        return mask_secrets(f"{scheme}://{place}")
    user, colon, _ = credentials.partition(":")
    return mask_secrets(f"{scheme}://{user}{':***' if colon else ''}@{place}")


def check_url(url: str) -> str:
    """`url` itself; ValueError without any of its secrets if no client could use it."""
    scheme, mark, _ = url.partition("://")
    if not mark or scheme not in _SCHEMES:
        known = ", ".join(f"{name}://" for name in _SCHEMES)
        raise ValueError(f'expected "embedded" or an address with {known}, got {mask_url(url)}')
    if not _has_sound_port(url):
        raise ValueError(
            f"expected {scheme}://user:password@host:port/number, with signs such as / in the "
            f"password written as %2F, got {mask_url(url)}"
        )
    if scheme != "unix" and not re.fullmatch(r"/?\d*", urlsplit(url).path):
        raise ValueError(
            f"expected {scheme}://host:port/number, with the number of a database, got "
            f"{mask_url(url)}"
        )  # redis-py would take number 0
    return url


def _has_sound_port(url: str) -> bool:
    try:
        return urlsplit(url).port is None or True
    except ValueError:
        return False
