"""Passwords in texts: where they are, and the same texts without them.

Whatever is shown, logged, sent or printed passes `mask_secrets` first. A text is read twice: as it
is written, and as it is meant, with full-width signs, percent-encoding and other escapes undone,
for an address that somebody mistyped or a library quoted holds its password all the same. In doubt
too much is masked: a log line that says less can be read, a password cannot be taken back.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import quote, unquote

from domain.named_secrets import BEHIND_NAMES

STARS = "***"
_HIGHEST_PORT = 65_535
_HOST = re.compile(r"(?:(?:[\w-]+\.)+[\w-]+|\[[\da-fA-F:.]+\])(?::\d+)?(?:[/?#]|\Z)")
"""What can only be a host: an address, or a name with a dot."""
_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}\Z|\[")
_SUSPICIOUS = re.compile(
    r"[@=:%&\\<]|-[-u]|\$\{|\b(?:requirepass|masterauth|basic|bearer|cookie|authorization)\b|"
    r"[^\x00-\x7f]",
    re.IGNORECASE,
)
"""A text without any of these holds no secret that could be found."""

_SCHEME = re.compile(r"\w[\w+.-]{0,30}://")
_KNOWN = re.compile(
    r"(?:rtsps?|rtmps?|https?|ftp|file|unix|rediss?|sqlite|postgres(?:ql)?)\b", re.I
)
_WORD = re.compile(r"\S+")
_SEAM = re.compile(r'(?<=[\[{,:])"|"(?=[\]},:])')
"""A quote that ends or begins a value of packed JSON."""
_PLACEHOLDERS = frozenset({"port", "PORT", "<port>", "{port}"})
"""What our own messages write where a port stands."""
_REST = r"(?:[^\S\n]+[^\s@]+){{0,{}}}?[^\S\n]+[^\s@]*(?=@)"
_REST_OF_PASSWORD, _REST_OF_SENTENCE = re.compile(_REST.format(7)), re.compile(_REST.format(3))
"""Blanks in a password, and what follows them up to the ``@``; fewer where the colon may be one of
a sentence."""
_WIDE_AT = re.compile("[＠﹫]")

_ESCAPED = re.compile(
    r"%(?:25)*(?P<percent>[2-7][\da-f])|\\u(?P<u>[\da-f]{4})|\\x(?P<x>[\da-f]{2})|\\(?P<slash>[/\"'])"
    r"|&#x(?P<hex>[\da-f]{1,6});|&#(?P<decimal>\d{1,7});"
    r"|&(?P<name>colon|commat|sol|amp|equals|quest);",
    re.IGNORECASE,
)
_ENTITIES = {"colon": ":", "commat": "@", "sol": "/", "amp": "&", "equals": "=", "quest": "?"}
_LOOK_ALIKES = {
    **dict.fromkeys("∶꞉ː։︰⁚˸׃", ":"), **dict.fromkeys("∕⁄⧸╱", "/"), "。": ".",
}  # fmt: skip

Span = tuple[int, int]


def mask_secrets(text: str) -> str:
    """`text` with every password in it replaced by ``***``: those before the ``@`` of an address,
    with or without its scheme, and those behind a name such as ``password=``."""
    if not _SUSPICIOUS.search(text):
        return text
    found = set(_secrets(text))
    meant, starts = _as_meant(text)
    if meant != text:
        found |= {(starts[start], starts[end]) for start, end in _secrets(meant)}
    return _starred(text, sorted(found))


def holds_secret(text: str) -> bool:
    """Whether there is something to mask in it."""
    return mask_secrets(text) != text


def mask_values(value: Any) -> Any:
    """`value` with every text in it masked, however deep in mappings and sequences; a value of
    another kind that would show a password becomes its masked text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return mask_secrets(value)
    if isinstance(value, Mapping):
        return {mask_values(key): mask_values(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask_values(each) for each in value]
    shown = repr(value)
    masked = mask_secrets(shown)
    return value if masked == shown else masked


def split_credentials(rest: str, *, in_doubt: bool = False) -> tuple[str, str]:
    """Part ``user:password@host/path``, what follows the ``://`` of a url, into ``user:password``
    and ``host/path``; the first is empty if there is none.

    A plain password may hold ``@ : / ? #``. One that begins like a port, as in ``2024/x``, is told
    from a port by a user without a dot before it and an address or dotted name behind the ``@``;
    one as ``p@ss/word`` by a host without a dot, and such a name behind the last ``@``.
    With `in_doubt`, what may be password counts as such: then a dotted name before a colon may be
    a user, and a place with an ``@`` in it part of a password.
    """
    authority, last = _authority(rest), rest.rfind("@")
    split = authority.rfind("@")
    if split < 0:
        if last < 0 or ":" not in authority or not _is_cut_password(authority, rest, in_doubt):
            return "", rest
    if split < 0 or _is_cut_host(authority[split + 1 :], rest[split + 1 : last], rest[last + 1 :]):
        split = last
    if in_doubt and ":" in rest[:split]:
        split = _last_at_of_address(rest, split)
    return rest[:split], rest[split + 1 :]


def with_plain_password(url: str) -> str:
    """`url` with user and password percent-encoded, whether they were or stood there plainly: what
    reads it next finds the host where people see it, and quotes no piece of a password as one."""
    scheme, mark, rest = url.partition("://")
    credentials, place = split_credentials(rest)
    if not mark or not credentials:
        return url
    parts = [quote(unquote(part), safe="") for part in credentials.split(":", 1)]
    return f"{scheme}://{':'.join(parts)}@{place}"


def _authority(rest: str) -> str:
    """What stands before the path of a url."""
    return rest[: min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))]


def _is_cut_password(authority: str, rest: str, in_doubt: bool) -> bool:
    """Whether what looks like host and port is a user, and a password with a slash in it."""
    user, _, port = authority.rpartition(":")
    if not user or not port.isdecimal() or len(port) > 5 or int(port) > _HIGHEST_PORT:
        return True
    if ":" in user and "[" not in user:
        return True
    is_host = bool(_ADDRESS.match(user) if in_doubt else {".", "["} & set(user))
    return not is_host and _HOST.match(rest.rpartition("@")[2]) is not None


def _last_at_of_address(rest: str, split: int) -> int:
    """The last ``@`` from `split` on that certainly has a host behind it, within one address."""
    scheme = _SCHEME.search(rest, split)
    last = rest.rfind("@", split, scheme.start() if scheme else len(rest))
    return last if last > split and _HOST.match(rest, last + 1) else split


def _is_cut_host(host: str, between: str, behind: str) -> bool:
    """Whether what looks like a host is still password: a better one comes behind another ``@``."""
    if not host:
        return "@" in behind or bool(between)
    return not {".", "["} & set(host) and "://" not in between and bool(_HOST.match(behind))


def _starred(text: str, spans: Sequence[Span]) -> str:
    """`text` with stars instead of the spans, in order; they may overlap."""
    parts, done = [], 0
    for start, end in spans:
        if start >= done:
            parts += [text[done:start], STARS]
        done = max(done, end)
    return "".join(parts) + text[done:]


def _secrets(text: str) -> Iterator[Span]:
    """Where the passwords of a text stand."""
    for pattern in BEHIND_NAMES:
        for found in pattern.finditer(text):
            start, end = found.span("secret")
            quoted = end - start >= 2 and text[start] in "'\"" and text[start] == text[end - 1]
            yield (start + 1, end - 1) if quoted else (start, end)
    for word in _WORD.finditer(text):
        if "@" in word[0] or "://" in word[0]:
            yield from _in_word(text, *word.span())


def _in_word(text: str, start: int, end: int) -> Iterator[Span]:
    """The passwords of the addresses that stand in one word, one behind another."""
    while scheme := _SCHEME.search(text, start, end):
        yield from _in_bare(text, start, scheme.start())
        bare = _last_bare(text, start, scheme.start())
        rest = text[scheme.end() : end]
        credentials, place = split_credentials(rest, in_doubt=True)
        user, colon, _ = credentials.partition(":")
        if credentials and ":" in text[bare : scheme.start()] and not _KNOWN.match(scheme[0]):
            # admin:pass://word@host: what looks like a scheme is password
            yield text.index(":", bare) + 1, scheme.end() + len(credentials)
        elif colon:
            yield scheme.end() + len(user) + 1, scheme.end() + len(credentials)
        elif not credentials and (more := _in_cut(text, scheme.end(), end)):
            yield more
        start = end - len(place) + len(_authority(place))
    yield from _in_bare(text, start, end)


def _last_bare(text: str, start: int, end: int) -> int:
    """Where the last value begins that stands before `end` in packed JSON, `start` elsewhere."""
    return max((seam.end() for seam in _SEAM.finditer(text, start, end)), default=start)


def _in_cut(text: str, start: int, end: int) -> Span | None:
    """The password of a url that is cut: what looks like its port is none. Either a blank in the
    password cuts it, and an ``@`` comes soon, or it ends before its ``@``, as where somebody
    shortened it."""
    authority = _authority(text[start:end])
    user, colon, port = authority.partition(":")
    port = port.rstrip(",.;:)'\"")
    if not colon or port.isdecimal() or (port and authority.startswith("[")):
        return None
    found = (_REST_OF_PASSWORD if port else _REST_OF_SENTENCE).match(text, end)
    if not found and (not port or port in _PLACEHOLDERS):
        return None
    begin = start + len(user) + 1
    return begin, found.end() if found else begin + len(_WIDE_AT.split(port)[0])


def _in_bare(text: str, start: int, end: int) -> Iterator[Span]:
    """The passwords of addresses without a scheme, ``user:password@host``, or with a broken one."""
    seams = (seam.start() for seam in _SEAM.finditer(text, start, end))
    for begin, stop in pairwise((start, *seams, end)):
        colon = text.find(":", begin, stop)
        if colon < 0:
            continue
        user = text.rfind("/", begin, colon) + 1 or begin
        credentials, _ = split_credentials(text[user:stop], in_doubt=True)
        if ":" in credentials:
            yield user + credentials.index(":") + 1, user + len(credentials)


def _as_meant(text: str) -> tuple[str, list[int]]:
    """The text with signs of other widths and escapes as the plain signs that they stand for, and
    where in `text` each of its signs begins (with one more for the end)."""
    signs = [(_plain(sign), at) for at, sign in enumerate(text)]
    signs = [(sign, at) for sign, at in signs if sign]
    narrow = "".join(sign for sign, _ in signs)
    meant: list[str] = []
    starts: list[int] = []
    done = 0
    for escape in _ESCAPED.finditer(narrow):
        meant += narrow[done : escape.start()]
        starts += [at for _, at in signs[done : escape.start()]]
        meant.append(_plain(_unescaped(escape)) or " ")
        starts.append(signs[escape.start()][1])
        done = escape.end()
    meant += narrow[done:]
    starts += [at for _, at in signs[done:]]
    return "".join(meant), [*starts, len(text)]


def _plain(sign: str) -> str:
    """One sign as ASCII has it; nothing for a sign that nobody sees."""
    if sign.isascii():
        return sign
    if unicodedata.category(sign) == "Cf":
        return ""
    narrow = unicodedata.normalize("NFKC", sign)
    return _LOOK_ALIKES.get(sign, narrow if len(narrow) == 1 else sign)


def _unescaped(escape: re.Match[str]) -> str:
    kind, value = next((kind, value) for kind, value in escape.groupdict().items() if value)
    if kind == "slash":
        return value
    if kind == "name":
        return _ENTITIES[value.lower()]
    number = int(value, 10 if kind == "decimal" else 16)
    return chr(number) if number < 0x110000 else " "
