"""The Authorization header: Basic (RFC 7617) and Digest (RFC 2617, RFC 7616) as cameras ask."""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from streams.address import CameraAddress

_WORD = re.compile(
    r'(?P<name>[\w-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s,]+))|(?P<scheme>[\w-]+)'
)
_SCHEMES = frozenset({"basic", "digest", "bearer", "negotiate", "ntlm"})
_HASHES = {"MD5": "md5", "SHA-256": "sha256"}
_SESSION = "-SESS"
"""The end of an algorithm's name that hashes the nonces into the secret."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in which a camera lets a user in."""

    scheme: str
    """In lower case."""
    given: dict[str, str] = field(repr=False)
    """Parameters by lower-case name."""


def challenges_of(values: Sequence[str]) -> list[Challenge]:
    """The challenges of an answer, given the values of its WWW-Authenticate headers: each may hold
    several."""
    return [challenge for value in values for challenge in _read(value)]


def _read(value: str) -> Iterator[Challenge]:
    """A bare word begins another challenge if it is the first one or a scheme's name: some cameras
    forget the quotes around a realm of several words."""
    challenge: Challenge | None = None
    for word in _WORD.finditer(value):
        scheme = (word["scheme"] or "").lower()
        if scheme and (challenge is None or scheme in _SCHEMES):
            if challenge is not None:
                yield challenge
            challenge = Challenge(scheme, {})
        elif challenge is not None and word["name"]:
            told = word["quoted"] if word["quoted"] is not None else word["bare"]
            challenge.given.setdefault(word["name"].lower(), told)
    if challenge is not None:
        yield challenge


@dataclass
class Login:
    """Answers one challenge; `answers` gives it for each request."""

    address: CameraAddress
    scheme: str
    given: dict[str, str] = field(repr=False)
    _count: int = 0

    @classmethod
    def to(
        cls, challenges: Sequence[str], address: CameraAddress, *, basic: bool = True
    ) -> "Login | None":
        """How to answer the challenges (values of WWW-Authenticate), the strongest that can be;
        None if there is no user name or no challenge that is known. Without `basic` the password
        itself is never sent."""
        if not address.user:
            return None
        known = [cls(address, one.scheme, one.given) for one in challenges_of(challenges)]
        able = [one for one in known if one._strength and (basic or one.scheme != "basic")]
        return max(able, key=lambda one: one._strength, default=None)

    @property
    def nonce(self) -> str:
        return self.given.get("nonce", "")

    def renewed(self, nonce: str) -> "Login":
        """The same login with the nonce that the camera gives for the next request."""
        return Login(self.address, self.scheme, {**self.given, "nonce": nonce})

    def answers(self, method: str, uri: str) -> str:
        """The value of Authorization for one request without a body."""
        user, password = self.address.user, self.address.password
        if self.scheme == "basic":
            return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
        realm, nonce, own = self.given.get("realm", ""), self.nonce, secrets.token_hex(8)
        secret = self._digest(f"{user}:{realm}:{password}")
        if self._algorithm.endswith(_SESSION):
            secret = self._digest(f"{secret}:{nonce}:{own}")
        fields = {"username": _escaped(user), "realm": realm, "nonce": nonce, "uri": uri}
        bare = {}
        if quality := self._quality:
            self._count += 1
            count = f"{self._count:08x}"
            action = self._action(method, uri, quality)
            response = self._digest(f"{secret}:{nonce}:{count}:{own}:{quality}:{action}")
            bare = {"qop": quality, "nc": count}
        else:
            response = self._digest(f"{secret}:{nonce}:{self._action(method, uri, '')}")
        if quality or self._algorithm.endswith(_SESSION):
            fields["cnonce"] = own
        fields["response"] = response
        return _written(fields, bare, self.given)

    def _action(self, method: str, uri: str, quality: str) -> str:
        body = f":{self._digest('')}" if quality == "auth-int" else ""
        return self._digest(f"{method}:{uri}{body}")

    @property
    def _quality(self) -> str:
        """Of the protections that the camera offers; empty if it offers none (RFC 2069)."""
        offered = re.split(r"[\s,]+", self.given.get("qop", "").lower())
        return next((one for one in ("auth", "auth-int") if one in offered), "")

    @property
    def _strength(self) -> int:
        """0 for what cannot be answered."""
        if self.scheme == "basic":
            return 1
        known = self.scheme == "digest" and self._hash in _HASHES
        return (2 + (self._hash != "MD5")) if known else 0

    @property
    def _algorithm(self) -> str:
        return self.given.get("algorithm", "MD5").upper()

    @property
    def _hash(self) -> str:
        return self._algorithm.removesuffix(_SESSION)

    def _digest(self, text: str) -> str:
        # what cameras prescribe; no secret of ours rests on it
        return hashlib.new(_HASHES[self._hash], text.encode(), usedforsecurity=False).hexdigest()


def _written(fields: dict[str, str], bare: dict[str, str], given: dict[str, str]) -> str:
    fields |= {name: given[name] for name in ("opaque",) if name in given}
    bare |= {name: given[name] for name in ("algorithm",) if name in given}
    quoted = [f'{name}="{value}"' for name, value in fields.items()]
    return "Digest " + ", ".join(quoted + [f"{name}={value}" for name, value in bare.items()])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
