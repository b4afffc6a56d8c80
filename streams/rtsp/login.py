"""The Authorization header: Basic (RFC 7617) and Digest (RFC 2617, RFC 7616) as cameras ask."""

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from streams.address import CameraAddress

_SCHEME = re.compile(r"\s*(\w+)\s*(.*)", re.DOTALL)
_PAIR = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES = {"MD5": "md5", "SHA-256": "sha256"}


@dataclass
class Login:
    """Answers one challenge; `answers` gives it for each request."""

    address: CameraAddress
    scheme: str
    given: dict[str, str] = field(repr=False)
    _count: int = 0

    @classmethod
    def to(cls, challenges: Sequence[str], address: CameraAddress) -> "Login | None":
        """How to answer the challenges (values of WWW-Authenticate), the strongest that can be;
        None if there is no user name or no challenge that is known."""
        if not address.user:
            return None
        read = [match.groups() for match in map(_SCHEME.match, challenges) if match]
        known = [cls(address, scheme.lower(), _pairs(rest)) for scheme, rest in read]
        return max(
            (one for one in known if one._strength), key=lambda one: one._strength, default=None
        )

    @property
    def nonce(self) -> str:
        return self.given.get("nonce", "")

    def answers(self, method: str, uri: str) -> str:
        """The value of Authorization for one request."""
        user, password = self.address.user, self.address.password
        if self.scheme == "basic":
            return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
        realm, nonce = self.given.get("realm", ""), self.nonce
        secret = self._digest(f"{user}:{realm}:{password}")
        action = self._digest(f"{method}:{uri}")
        fields = {"username": user, "realm": realm, "nonce": nonce, "uri": uri}
        bare = {}
        if "auth" in re.split(r"[\s,]+", self.given.get("qop", "")):
            self._count += 1
            count, own = f"{self._count:08x}", secrets.token_hex(8)
            response = self._digest(f"{secret}:{nonce}:{count}:{own}:auth:{action}")
            fields["cnonce"] = own
            bare = {"qop": "auth", "nc": count}
        else:
            response = self._digest(f"{secret}:{nonce}:{action}")
        fields["response"] = response
        if "opaque" in self.given:
            fields["opaque"] = self.given["opaque"]
        if "algorithm" in self.given:
            bare["algorithm"] = self.given["algorithm"]
        quoted = [f'{name}="{value}"' for name, value in fields.items()]
        return "Digest " + ", ".join(quoted + [f"{name}={value}" for name, value in bare.items()])

    @property
    def _strength(self) -> int:
        """0 for what cannot be answered."""
        if self.scheme == "basic":
            return 1
        known = self.scheme == "digest" and self._algorithm in _HASHES
        return (2 + (self._algorithm != "MD5")) if known else 0

    @property
    def _algorithm(self) -> str:
        return self.given.get("algorithm", "MD5").upper()

    def _digest(self, text: str) -> str:
        # what cameras prescribe; no secret of ours rests on it
        return hashlib.new(
            _HASHES[self._algorithm], text.encode(), usedforsecurity=False
        ).hexdigest()


def _pairs(text: str) -> dict[str, str]:
    return {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(text)}
