"""Sortable identifiers: a ULID (48 bits of milliseconds, 80 random bits) behind a short prefix.

Layout after https://github.com/ulid/spec: 26 characters of Crockford's base 32, so that
the order of the text is the order of time.
"""

import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80


def new_id(prefix: str, at: datetime) -> str:
    """A new identifier such as ``inc_01JDE4…``, sortable by `at` (aware)."""
    milliseconds = int(at.timestamp() * 1000)
    number = (milliseconds << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    return f"{prefix}_{_base32(number, 26)}"


def _base32(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
