"""Identifiers: 26 characters of Crockford's base 32 behind a short prefix.

`new_id` makes a sortable one, a ULID (48 bits of milliseconds, 80 random bits; layout after
https://github.com/ulid/spec), so that the order of the text is the order of time. `id_of` makes
the same one each time of the same parts: for what may have to be said again after a crash.
"""

import hashlib
import json
import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80
_ID_BITS = 128


def new_id(prefix: str, at: datetime) -> str:
    """A new identifier such as ``inc_01JDE4…``, sortable by `at` (aware)."""
    milliseconds = int(at.timestamp() * 1000)
    number = (milliseconds << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    return f"{prefix}_{_base32(number, 26)}"


def id_of(prefix: str, *parts: str | int) -> str:
    """The identifier of what `parts` name: the same parts, the same identifier. They are told
    apart by their borders too: ("a", "bc") is not ("ab", "c")."""
    digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).digest()
    return f"{prefix}_{_base32(int.from_bytes(digest[: _ID_BITS // 8]), 26)}"


def _base32(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
