"""Where things of a camera are: the urls that requests name, and where a camera sends its clients.

Requests go over the one connection that was made to the configured address, whatever host a camera
puts into its urls: behind a router cameras name the one they know themselves by.
"""

import re
from urllib.parse import urlsplit

from domain.errors import StreamRefused
from domain.masking import mask_secrets, split_credentials
from streams.address import CameraAddress

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_CAMERA_SCHEMES = ("rtsp", "rtsps")


def base_of(given: str, address: CameraAddress) -> str:
    """The url that a camera gives as its base, without a user; the address's own if it gives none.
    Some leave out the scheme, or the host too."""
    text = given.strip().strip("<>\"'")
    if not text or any(sign.isspace() for sign in text):
        return address.bare_url
    if _SCHEME.match(text):
        scheme, _, rest = text.partition("://")
        return f"{scheme.lower()}://{split_credentials(rest)[1]}"
    if text.startswith("//"):
        return f"{address.scheme}:{text}"
    if text.startswith("/"):
        return _root(address.bare_url) + text
    host = text.partition("/")[0].partition(":")[0]
    if "." in host or host == address.host:
        return f"{address.scheme}://{text}"
    return address.bare_url


def control_of(base: str, control: str) -> str:
    """The url of a stream or session. Where it is not whole, what the description gives comes after
    a slash, even behind a query: so cameras mean it."""
    if control in ("", "*"):
        return base
    if _SCHEME.match(control):
        scheme, _, rest = control.partition("://")
        return f"{scheme.lower()}://{split_credentials(rest)[1]}"
    root = _root(base)
    own_path = base.removeprefix(root).rstrip("/")
    if control.startswith("/") and own_path and control.startswith(own_path + "/"):
        return root + control
    return base.rstrip("/") + ("" if control[0] in "/?" else "/") + control


def moved(address: CameraAddress, location: str) -> CameraAddress:
    """Where to go on after a redirect to `location`: another path of the same door. The password
    goes to no other host and no other port, whoever says so.

    Raises:
        StreamRefused: it leads elsewhere, or nowhere; the words name the place without a password.
    """
    who, place = address.masked, location.strip()
    if not place:
        raise StreamRefused(f"{who}: the camera redirects without saying where to")
    if place.startswith("/") and not place.startswith("//"):
        place = _root(address.bare_url) + place
    try:
        target = CameraAddress.parse(place)
        there = (target.scheme, target.host.lower(), target.port)
    except ValueError:
        raise StreamRefused(f"{who}: the camera redirects to what is no address") from None
    if target.scheme not in _CAMERA_SCHEMES or there != (
        address.scheme,
        address.host.lower(),
        address.port,
    ):
        shown = mask_secrets(place)[:200]
        raise StreamRefused(
            f"{who}: the camera redirects to {shown!r}, another host, port or scheme; nothing is "
            "sent there. If that is right, write that address into the configuration"
        )
    return CameraAddress(address.scheme, target.location, address.user, address.password)


def _root(url: str) -> str:
    """Scheme, host and port of a url."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split(r'[/?#]', rest, maxsplit=1)[0]}"


def door_of(address: CameraAddress) -> tuple[str, int]:
    """Host and port, as what is remembered of a device is filed."""
    return (urlsplit(f"//{address.location}").hostname or "").lower(), address.port
