"""Where a camera is read from: an RTSP url, or a file that plays the camera's part."""

import os
import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from domain.masking import holds_secret, mask_secrets, split_credentials

_CAMERA_SCHEMES = ("rtsp", "rtsps")
_RTSP_PORT = 554
_EXPECTED = "expected rtsp://, rtsps://, file:// or the path of a file"
_SCHEME_LIKE = re.compile(r"(?P<scheme>[a-zA-Z][\w+.-]{1,15})(?:[:;.][/\\]|:[/\\]{0,2}\w+:|//)")
_HOST_LIKE = re.compile(
    r"(?:[^/@]*@)?(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-fA-F:]+\]|[\w.-]+:\d+)(?:[:/?]|\Z)"
)


@dataclass(frozen=True, slots=True, repr=False)
class CameraAddress:
    """An address that never shows its password: only `secret_url` holds it, and `bare_url` if it
    is part of the path."""

    scheme: str
    """``rtsp``, ``rtsps`` or ``file``."""
    location: str
    """Host, port and path of a camera without user and password; the path of a file."""
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, text: str | os.PathLike[str]) -> Self:
        """Read ``rtsp://user:password@host:554/path``, ``/a/file.mp4`` or ``file:///a/file.mp4``.

        User and password may be percent-encoded or plain, even with ``@ : / ?`` in them (see
        `split_credentials`).

        A `Path` is a file whatever its name; of a text it must be clear that it is no address.

        Raises:
            ValueError: neither a camera's url nor a path; the message says what is wrong with it
                and holds no password.
        """
        if not isinstance(text, str):
            return cls("file", _checked_path(os.fspath(text)))
        text = text.strip()
        scheme, separator, rest = text.partition("://")
        if not separator:
            return cls("file", _checked_path(_no_address(text)))
        scheme = scheme.lower()
        if scheme == "file":
            return cls("file", _checked_path(unquote(urlsplit(text).path)))
        if scheme not in _CAMERA_SCHEMES:
            raise ValueError(f"{_EXPECTED}, got {mask_secrets(text)!r}{_hint(text)}")
        credentials, location = split_credentials(rest)
        user, _, password = credentials.partition(":")
        return cls(scheme, _checked_location(location), unquote(user), unquote(password))

    @property
    def is_file(self) -> bool:
        return self.scheme == "file"

    @property
    def path(self) -> Path:
        """The file that plays the camera.

        Raises:
            ValueError: a real camera has no path.
        """
        if not self.is_file:
            raise ValueError(f"expected a file, got the camera {self}")
        return Path(self.location)

    @property
    def host(self) -> str:
        """The camera's host, empty for a file."""
        return "" if self.is_file else urlsplit(f"//{self.location}").hostname or ""

    @property
    def port(self) -> int:
        """The camera's port; 554 unless the url names one."""
        return urlsplit(f"//{self.location}").port or _RTSP_PORT

    @property
    def masked(self) -> str:
        """The address as it may be shown: passwords are three stars."""
        if self.is_file:
            return mask_secrets(self.location)
        hidden = f"{quote(self.user, safe='')}:***@" if self.password else self._user_only
        return mask_secrets(f"{self.scheme}://{hidden}{self.location}")

    @property
    def bare_url(self) -> str:
        """The url without user and password, as RTSP requests name it."""
        return f"{self.scheme}://{self.location}"

    @property
    def secret_url(self) -> str:
        """The address with its password, for libav alone."""
        if self.is_file:
            return self.location
        secret = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@"
        return f"{self.scheme}://{secret if self.password else self._user_only}{self.location}"

    def scrub(self, text: str) -> str:
        """`text` with every trace of a password replaced by three stars."""
        for secret in {self.password, quote(self.password, safe="")} - {""}:
            text = text.replace(secret, "***")
        return mask_secrets(text)

    @property
    def _user_only(self) -> str:
        return f"{quote(self.user, safe='')}@" if self.user else ""

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"CameraAddress({self.masked!r})"


def _checked_path(path: str) -> str:
    if not path:
        raise ValueError("expected rtsp://… or the path of a file, got nothing")
    if "\0" in path:
        raise ValueError("expected rtsp://… or the path of a file, got one with a NUL in it")
    return path


def _no_address(text: str) -> str:
    """A text without ``://``, if it is the path of a file and no address that lacks something."""
    if os.path.exists(text):
        return text
    like = _SCHEME_LIKE.match(text) or _HOST_LIKE.match(text)
    if like or holds_secret(text) or _odd_sign(text, of=":/@"):
        raise ValueError(f"{_EXPECTED}, got {mask_secrets(text)!r}{_hint(text)}")
    return text


def _hint(text: str) -> str:
    """What is probably wrong with an address that is none."""
    if odd := _odd_sign(text):
        return f": {odd}"
    like = _SCHEME_LIKE.match(text)
    written = like["scheme"].lower() if like else ""
    if get_close_matches(written, _CAMERA_SCHEMES, 1, 0.7):
        return ": write rtsp:// with a colon and two slashes"
    if "://" not in text and (holds_secret(text) or _HOST_LIKE.match(text)):
        return ": an address begins with rtsp://"
    return ""


def _odd_sign(text: str, of: str = "") -> str:
    """Which sign is not the one that it looks like: a full-width one (of those that stand for
    `of`, if any are given), or one that nobody sees."""
    for place, sign in enumerate(text, start=1):
        if unicodedata.category(sign) in ("Cf", "Cc", "Zs") and sign != " ":
            return f"sign {place} is invisible (U+{ord(sign):04X}), take it out"
        plain = unicodedata.normalize("NFKC", sign)
        if not sign.isascii() and len(plain) == 1 and plain.isascii() and (plain in of or not of):
            return f"sign {place} is the full-width {sign} (U+{ord(sign):04X}), write {plain}"
    return ""


def _checked_location(location: str) -> str:
    if odd := _odd_sign(re.split(r"[/?#]", location, maxsplit=1)[0]):
        raise ValueError(f"expected rtsp://user:password@host:port/path: in the host, {odd}")
    try:
        parts = urlsplit(f"//{location}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        # The message of urlsplit quotes its input; ours must not.
        raise ValueError("expected rtsp://host:port/path with a numeric port") from None
    if not host:
        raise ValueError("expected rtsp://host/path, got no host")
    return location
