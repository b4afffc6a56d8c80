"""Who may look: Basic and Digest (RFC 2617, MD5) as RTSP cameras ask for them."""

import base64
import hashlib
import hmac
import re
import secrets
from typing import Literal

from lab.footage.simulator.message import Request

AuthScheme = Literal["basic", "digest"]

_REALM = "patrol simulator"
_PAIR = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


class Doorkeeper:
    """Checks requests against one user name and password; without them everybody may look."""

    def __init__(self, credentials: tuple[str, str] | None, scheme: AuthScheme) -> None:
        self._credentials = credentials
        self._scheme = scheme
        self._nonce = secrets.token_hex(16)

    def forget_nonce(self) -> None:
        """From now on another nonce is asked for."""
        self._nonce = secrets.token_hex(16)

    def challenge(self, scheme: AuthScheme | None = None) -> str:
        """The value of WWW-Authenticate, of the usual scheme unless another is given."""
        if (scheme or self._scheme) == "basic":
            return f'Basic realm="{_REALM}"'
        return f'Digest realm="{_REALM}", nonce="{self._nonce}", algorithm=MD5'

    def lets_in(self, request: Request, scheme: AuthScheme | None = None) -> bool:
        """Whether it is answered as asked; `scheme` as in `challenge`."""
        if self._credentials is None:
            return True
        wanted = scheme or self._scheme
        given, _, rest = request.headers.get("authorization", "").partition(" ")
        if given.lower() != wanted:
            return False
        if wanted == "basic":
            return self._is_basic(rest, *self._credentials)
        return self._is_digest(request.method, rest, *self._credentials)

    def _is_basic(self, given: str, user: str, password: str) -> bool:
        expected = base64.b64encode(f"{user}:{password}".encode())
        return hmac.compare_digest(expected, given.strip().encode())

    def _is_digest(self, method: str, given: str, user: str, password: str) -> bool:
        values = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(given)}
        if values.get("username") != user or values.get("nonce") != self._nonce:
            return False
        secret = _md5(f"{user}:{_REALM}:{password}")
        action = _md5(f"{method}:{values.get('uri', '')}")
        expected = _md5(f"{secret}:{self._nonce}:{action}")
        return hmac.compare_digest(expected.encode(), values.get("response", "").lower().encode())


def _md5(text: str) -> str:
    # what RFC 2617 prescribes and cameras speak; no secret of ours rests on it
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
